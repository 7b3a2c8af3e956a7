"""A measured figure beside what is expected of it."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

SURE = NormalDist().inv_cdf(0.9995)
"""How many standard errors a figure may be off: one in a thousand is further off by chance."""


@dataclass(frozen=True)
class Figure:
    """What was found of a measure in a segment (an ancestry, a pair of them, a trait, a gene), and what is expected.

    low, high: between which it holds. found: None where there are too few persons to measure it. n: of how many
    persons, pairs, sites or genotypes. counts: whether it is for pass or fail; what was measured of too few persons
    or sites is shown and not counted.
    """

    group: str
    measure: str
    segment: str
    expected: float
    low: float
    high: float
    found: float | None
    n: int
    source: str
    counts: bool = True

    @property
    def holds(self) -> bool:
        """Whether it was found where it is expected."""
        return self.found is not None and bool(self.low <= self.found <= self.high)


def within(
    group: str, measure: str, segment: str, expected: float, found: float, error: float, n: int, source: str,
    margin: float = 0.0,
) -> Figure:  # fmt: skip
    """A figure that may be off by SURE standard errors, and by a margin for what the expectation leaves out."""
    reach = SURE * error + margin
    return Figure(group, measure, segment, expected, expected - reach, expected + reach, found, n, source)


def too_few(group: str, measure: str, segment: str, expected: float, n: int, source: str) -> Figure:
    """A figure that could not be measured; it does not count."""
    return Figure(group, measure, segment, expected, expected, expected, None, n, source, counts=False)
