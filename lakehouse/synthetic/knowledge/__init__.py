"""What a clinician could review: the tables of diseases, drugs, measures and care that the simulation follows.

Each table is a CSV file with a header. A column `..._key` names a row of another table by its `key`.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files
from types import MappingProxyType

Row = MappingProxyType[str, str]


@cache
def table(name: str) -> tuple[Row, ...]:
    """The rows of `<name>.csv`, in its order; every value is text, empty where there is none."""
    text = files(__name__).joinpath(f"{name}.csv").read_text(encoding="utf-8")
    return tuple(MappingProxyType(row) for row in csv.DictReader(text.splitlines()))


@cache
def by_key(name: str) -> MappingProxyType[str, Row]:
    """The rows of `<name>.csv` by their `key`."""
    return MappingProxyType({row["key"]: row for row in table(name)})


def number(row: Row, column: str, default: float = 0.0) -> float:
    """A value as a number; the default where it is empty."""
    return float(row[column]) if row[column] else default
