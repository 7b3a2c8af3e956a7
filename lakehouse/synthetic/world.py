"""The world that a population lives in: its size, its seed, its days, and how much of each thing is planted."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

import numpy as np

BLOCK = 1_000
"""How many persons are simulated together. Families do not cross the border of a block."""


@dataclass(frozen=True)
class Planted:
    """How much of each thing is planted: 1 as published or as described, 0 not at all: a null world.

    genetics: effects of genetic liabilities and single variants on diseases and measures.
    treatment: effects of drugs on measures and on the risks that follow from them.
    outbreaks: local outbreaks of infections beside the seasons.
    adverse_reactions: harm by drugs, by drugs with genes, and by drugs with drugs.
    confounding: how strongly the sicker are given the newer of two equal drugs, and its true effect.
    under_treatment: how much less often a group is treated, and how much less is spent on it for equal need.
    readmission: what raises the risk of coming back within 30 days beyond the average risk.
    identity_noise: errors in what identifies persons in each world.
    defects: defects of data quality in the files.
    lab_errors: errors of the laboratory in samples, batches and sites.
    """

    genetics: float = 1.0
    treatment: float = 1.0
    outbreaks: float = 1.0
    adverse_reactions: float = 1.0
    confounding: float = 1.0
    under_treatment: float = 1.0
    readmission: float = 1.0
    identity_noise: float = 1.0
    defects: float = 1.0
    lab_errors: float = 1.0


@dataclass(frozen=True)
class Genotyping:
    """Whose genomes are told of, and how.

    share: of the persons, 0 for no genomes at all. sites: places in the whole genome. platform: genome,
    exome, array or imputed (genomes/laboratory.py). form: vcf or plink.
    """

    share: float = 0.3
    sites: int = 20_000
    platform: str = "genome"
    form: str = "vcf"


@dataclass(frozen=True)
class World:
    """What is asked for. Two worlds with equal fields are equal to the last row.

    people: how many persons; the first N of a larger world are the same persons.
    begin, end: first and last day of what is told; older history is told as onset dates only.
    deliveries: how many monthly deliveries follow the first, which holds the history until then.
    """

    people: int = 2_000
    seed: int = 7
    begin: date = date(2019, 1, 1)
    end: date = date(2025, 12, 31)
    deliveries: int = 3
    planted: Planted = field(default_factory=Planted)
    genotyping: Genotyping = field(default_factory=Genotyping)

    @property
    def blocks(self) -> int:
        """How many blocks of persons there are; the last may be cut."""
        return -(-self.people // BLOCK)

    @cached_property
    def first_day(self) -> int:
        """The first day, as days since 1970-01-01: the unit of every day in the simulation."""
        return day_number(self.begin)

    @cached_property
    def last_day(self) -> int:
        """The last day."""
        return day_number(self.end)

    @cached_property
    def months(self) -> np.ndarray:
        """The first days of the months of the window, and the day after its end: one more than there are months."""
        first = np.datetime64(self.begin, "M")
        count = int((np.datetime64(self.end, "M") - first).astype(int)) + 1
        starts = (first + np.arange(count)).astype("datetime64[D]").astype(np.int64)
        return np.append(starts, self.last_day + 1)

    def month_of(self, days: np.ndarray) -> np.ndarray:
        """The month of the window in which each day lies; the first or last for days outside."""
        return np.asarray(np.clip(np.searchsorted(self.months, days, side="right") - 1, 0, len(self.months) - 2))


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return int(np.datetime64(day, "D").astype(np.int64))
