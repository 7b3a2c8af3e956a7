"""What kind of laboratory genotypes the population, and how often it errs."""

from __future__ import annotations

from dataclasses import dataclass

from lakehouse.synthetic.knowledge import by_key, number

EXOME, ARRAY, IMPUTED = "exome", "array", "imputed"
PLATFORMS = (EXOME, ARRAY, IMPUTED)


@dataclass(frozen=True)
class Laboratory:
    """genotyped: the share of persons of whom a sample is taken. platform: one of PLATFORMS.

    errors: factor on the rates of knowledge/lab_errors.csv; 0 is a laboratory without planted errors.
    """

    genotyped: float = 0.3
    platform: str = EXOME
    errors: float = 1.0


def rate(laboratory: Laboratory, error: str) -> float:
    """How often the error happens, of what it can happen to."""
    return min(1.0, number(by_key("lab_errors")[error], "rate") * laboratory.errors)
