"""Stays in hospital: how long, how they end, and whether the patient comes back within 30 days.

The probability of coming back has the log odds of knowledge/readmission.csv, on top of the cause's own
(knowledge/admissions.csv). It is known for every discharge, and exported as truth.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from lakehouse.synthetic.knowledge import Row, number, table
from lakehouse.synthetic.streams import Floats, Streams

READMISSION_DAYS = 30
_DAYS_TO_RETURN = 11.0
_SAME_CAUSE_SHARE = 0.35
_AGAINST_ADVICE_SHARE = 0.012


@dataclass
class Stay:
    """A stay. Days since 1970; person is the place in the block; readmission_of the number of the index stay."""

    person: int
    start: int
    end: int
    cause: str
    planned: bool
    readmission_of: int | None = None
    icu_days: int = 0
    discharge: str = "home"
    procedures: tuple[str, ...] = ()
    severity: float = 0.5
    follow_up: int | None = None
    facility_days: int = 0
    risk: float = 0.0

    @property
    def died(self) -> bool:
        """Whether the patient died in the hospital."""
        return self.discharge == "died"


@cache
def admissions() -> dict[str, Row]:
    """The rows of knowledge/admissions.csv by cause."""
    return {row["cause_key"]: row for row in table("admissions")}


@cache
def log_odds() -> dict[str, float]:
    """The log odds of knowledge/readmission.csv by factor."""
    return {row["factor"]: number(row, "log_odds") for row in table("readmission")}


def course(streams: Streams, person: int, cause: str, start: int, age: float, frailty: float, planned: bool) -> Stay:
    """A stay from its admission to its end: a stream of its own for each person, cause and day."""
    row = admissions()[cause]
    stream = streams.of(f"stay:{person}:{cause}:{start}")
    mean, spread = number(row, "los_mean", 4.0), number(row, "los_sd", 3.0)
    log_variance = np.log1p((spread / mean) ** 2)
    length = float(np.exp(np.log(mean) - log_variance / 2 + np.sqrt(log_variance) * stream.standard_normal()))
    severity = float(stream.random())
    stay = Stay(person, start, start + max(1, round(length)), cause, planned, severity=severity)
    stay.procedures = tuple(filter(None, row["procedures"].split(";")))
    if stream.random() < number(row, "icu_share") * (0.5 + severity):
        stay.icu_days = max(1, round((stay.end - start) * (0.2 + 0.4 * stream.random())))
    where = stream.random(4)
    stay.discharge = _ending(row, age, float(death_share(cause, age, frailty)), where)
    if stay.discharge in ("skilled_nursing", "home_health"):
        stay.facility_days = max(
            3, round(float(stream.gamma(2.2, 11.0 if stay.discharge == "skilled_nursing" else 18.0)))
        )
    return stay


def death_share(cause: str, age: Any, frailty: Any) -> Any:
    """The probability of dying in a stay for the cause, by age in years and frailty; numbers or arrays of them."""
    row = admissions().get(cause)
    share = number(row, "death_share") if row else 0.0
    if not 0 < share < 1:
        return np.zeros_like(age, dtype=np.float64)
    return 1 / (1 + np.exp(-(np.log(share / (1 - share)) + 0.05 * (age - 70) + 0.35 * frailty)))


def _ending(row: Row, age: float, death: float, chance: Floats) -> str:
    """How a stay ends: died, skilled_nursing, home_health, against_advice or home."""
    older = float(np.interp(age, (40, 65, 75, 90), (0.1, 0.6, 1.0, 1.6)))
    if chance[0] < death:
        return "died"
    if chance[1] < _AGAINST_ADVICE_SHARE:
        return "against_advice"
    if chance[2] < min(0.9, number(row, "share_snf") * older):
        return "skilled_nursing"
    if chance[3] < min(0.9, number(row, "share_home_health") * older):
        return "home_health"
    return "home"


def readmission_risk(stay: Stay, facts: Mapping[str, float], scale: float) -> float:
    """The probability of an unplanned return within 30 days. facts: the value of each factor of the patient.

    scale: how much the factors matter; at 0 everybody has the average risk.
    """
    row = admissions()[stay.cause]
    own = number(row, "readmission_log_odds") + sum(log_odds()[name] * value for name, value in facts.items())
    return float(1 / (1 + np.exp(-(log_odds()["intercept"] + scale * own))))


def returns(
    streams: Streams, stay: Stay, risk: float, weights: Floats, causes: tuple[str, ...]
) -> tuple[int, str] | None:
    """The day and cause of the return, or None. weights: how likely each cause is for the patient now."""
    stream = streams.of(f"return:{stay.person}:{stay.cause}:{stay.start}")
    if stream.random() >= risk:
        return None
    share = 1 - np.exp(-READMISSION_DAYS / _DAYS_TO_RETURN)
    day = stay.end + max(1, int(np.ceil(-_DAYS_TO_RETURN * np.log(1 - stream.random() * share))))
    total = np.cumsum(weights)
    if (stream.random() < _SAME_CAUSE_SHARE and not stay.planned) or total[-1] <= 0:
        return day, stay.cause
    return day, causes[int(np.searchsorted(total, stream.random() * total[-1], side="right"))]
