"""What became of the people of a block: the result of the simulation that care, claims and truth are told from."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from lakehouse.synthetic.population.genome import Genome
from lakehouse.synthetic.population.insurance import Insurance
from lakehouse.synthetic.population.people import People
from lakehouse.synthetic.population.physiology import Physiology
from lakehouse.synthetic.population.society import NEVER, Society
from lakehouse.synthetic.population.stays import Stay
from lakehouse.synthetic.population.therapy import Courses
from lakehouse.synthetic.streams import Floats, Integers


@dataclass(frozen=True)
class Event:
    """An acute event. person: place in the block; setting: where it is treated, `none` where nobody sees it.

    reaction: the row of knowledge/drug_reactions.csv that brought it about, if one did.
    """

    person: int
    condition: str
    day: int
    setting: str
    reaction: str | None = None


@dataclass(frozen=True)
class Pregnancy:
    """A pregnancy. child: place in the block, or None where it was lost; end: day of birth or loss."""

    mother: int
    child: int | None
    start: int
    end: int
    complication: str | None = None
    cesarean: bool = False


@dataclass(frozen=True)
class Risk:
    """What the simulation knew on a day: the probability of an outcome within some days."""

    person: int
    outcome: str
    day: int
    horizon_days: int
    probability: float
    stay: int | None = None


@dataclass
class Life:
    """The lives of a block. Conditions are columns of `onset`, `known`, `stage`, `screened`; days since 1970, or NEVER.

    known: when a condition was found. screened: whether screening found it, before symptoms did. shift: month by
    person by measure of the physiology, what drugs add, on the measure's scale.
    """

    people: People
    genome: Genome
    society: Society
    insurance: Insurance
    physiology: Physiology
    liabilities: dict[str, Floats]
    phenotypes: dict[str, NDArray[np.object_]]
    conditions: tuple[str, ...]
    onset: Integers
    known: Integers
    stage: NDArray[np.int8]
    screened: NDArray[np.bool_]
    death: Integers
    death_cause: NDArray[np.object_]
    shift: NDArray[np.float32]
    events: list[Event] = field(default_factory=list)
    stays: list[Stay] = field(default_factory=list)
    pregnancies: list[Pregnancy] = field(default_factory=list)
    courses: Courses = field(default_factory=Courses)
    risks: list[Risk] = field(default_factory=list)

    def column(self, condition: str) -> int:
        """The column of a condition."""
        return self.conditions.index(condition)

    def active(self, condition: str, persons: Integers, days: Integers) -> NDArray[np.bool_]:
        """Whether each person had the condition on each day."""
        return np.asarray(self.onset[persons, self.column(condition)] <= days)

    def has(self, condition: str) -> NDArray[np.bool_]:
        """Who ever had the condition."""
        return np.asarray(self.onset[:, self.column(condition)] < NEVER)
