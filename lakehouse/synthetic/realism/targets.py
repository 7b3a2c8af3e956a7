"""The published figures that the population is held against."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from lakehouse.synthetic import realism

VERIFIED = ("C", "V")
"""Figures that were computed from public records, or read in the publication: these alone are for pass or fail."""


@dataclass(frozen=True)
class Target:
    """A published figure.

    value: in `unit`. low, high: what the population may have; `tolerance` says how that follows from the published
    standard error and from differences of definition. verification: C, V, R or E as in the population reference.
    """

    key: str
    group: str
    measure: str
    segment: str
    value: float
    low: float
    high: float
    unit: str
    tolerance: str
    source: str
    verification: str

    @property
    def is_verified(self) -> bool:
        """Whether it counts for pass or fail."""
        return self.verification in VERIFIED


@cache
def targets() -> tuple[Target, ...]:
    """The rows of `targets.csv`, in its order."""
    with files(realism).joinpath("targets.csv").open(encoding="utf-8") as text:
        return tuple(_target(row) for row in csv.DictReader(text))


def _target(row: dict[str, str]) -> Target:
    numbers = {name: float(row.pop(name)) for name in ("value", "low", "high")}
    return Target(**row, **numbers)  # type: ignore[arg-type]
