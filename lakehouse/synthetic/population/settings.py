"""Where an acute event is treated: in a hospital, an emergency department, an office, or nowhere."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from lakehouse.synthetic.knowledge import number, table
from lakehouse.synthetic.population.hazards import AGES, OLDEST
from lakehouse.synthetic.streams import Floats

INPATIENT, EMERGENCY, OFFICE, NOWHERE = "inpatient", "emergency", "office", "none"


@dataclass(frozen=True)
class Shares:
    """Shares of an event by where it is treated, the inpatient one by year of age; seen: of the rest, in an office."""

    inpatient: Floats
    emergency: float
    seen: float


@cache
def shares() -> dict[str, Shares]:
    """The shares of knowledge/acute.csv by condition."""
    return {
        row["key"]: Shares(
            np.interp(AGES, (18, 65, 85), [number(row, f"share_inpatient_{age}") for age in (18, 65, 85)]),
            number(row, "share_emergency"),
            number(row, "share_seen", 1.0),
        )
        for row in table("acute")
    }


def setting(condition: str, age: float, chance: float) -> str:
    """Where an event is treated, at an age in years, from a number of [0, 1)."""
    care = shares()[condition]
    inpatient = float(care.inpatient[min(int(age), OLDEST)])
    if chance < inpatient:
        return INPATIENT
    if chance < inpatient + care.emergency:
        return EMERGENCY
    rest = (1 - inpatient - care.emergency) * care.seen
    return OFFICE if chance < inpatient + care.emergency + rest else NOWHERE


def inpatient_shares(age: float) -> Floats:
    """The share of each acute event of knowledge/acute.csv, in its order, that is admitted at an age."""
    return _inpatient_by_age()[:, min(int(age), OLDEST)]


@cache
def _inpatient_by_age() -> Floats:
    return np.stack([care.inpatient for care in shares().values()])
