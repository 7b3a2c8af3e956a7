"""The layout of RIF files: which fields a file has, in which order, and how values are written in them."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from pyspark.sql import Column
from pyspark.sql import functions as F

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEPT", "OCT", "NOV", "DEC")
"""RIF's names of the months."""

ZERO = "'0.00'"
"""SQL: no dollars."""


@cache
def names(file: str) -> tuple[str, ...]:
    """The fields of a kind of file in the order of its header. Raises KeyError for an unknown kind."""
    with files(__package__).joinpath("columns.csv").open(encoding="utf-8") as text:
        found = tuple(row["name"] for row in csv.DictReader(text) if row["file"] == file)
    if not found:
        raise KeyError(file)
    return found


def fields(file: str, values: Mapping[str, str]) -> Column:
    """A line of the file, as a struct of texts: SQL expressions by field, null where there is none.

    Raises KeyError for a field that the file does not have.
    """
    if unknown := set(values) - set(names(file)):
        raise KeyError(f"{file} has no {sorted(unknown)}")
    return F.struct(*(F.expr(values.get(name, "null")).cast("string").alias(name) for name in names(file)))


def day(column: str) -> str:
    """SQL: a date as CMS writes it."""
    return f"date_format({column}, 'dd-MMM-yyyy')"


def dollars(cents: str) -> str:
    """SQL: an amount with two decimals."""
    return f"cast({cents} as decimal(14, 0)) * 0.01"  # much faster than a division


def numbered(pattern: str, most: int, value: str) -> dict[str, str]:
    """A field that repeats as FIELD1, FIELD2: `{}` in the pattern is the number, in the value the index from 0."""
    return {pattern.format(n): value.format(n - 1) for n in range(1, most + 1)}


def where_coded(codes: str, most: int, prefix: str) -> dict[str, str]:
    """A code and its version (0: the tenth revision) as often as there are codes in an array."""
    return numbered(f"{prefix}_CD{{}}", most, f"get({codes}, {{}})") | numbered(
        f"{prefix}_VRSN_CD{{}}", most, f"if(get({codes}, {{}}) is null, null, '0')"
    )
