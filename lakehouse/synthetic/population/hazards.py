"""How likely everything is for everybody in a month: hazards with published coefficients, by age and sex.

The hazard of outcome c for person i at age a is

    h_c(a, sex) * exp(sum of the log hazards of the factors that i has - centre_c(a))

Factors and their log hazards stand in knowledge/risks.csv. For chronic diseases the baseline h_c is the slope of the
cumulative hazard that the prevalence curve of knowledge/prevalence.csv implies, H(a) = -log(1 - prevalence(a)); for
acute events it is the rate of knowledge/acute.csv; for death the life table of knowledge/ages.csv. The centres
(knowledge/centres.csv) are what the factors add on average at that age: with them the population as a whole has the
published frequencies. `scripts/centre_hazards.py` finds them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from lakehouse.synthetic.knowledge import number, table
from lakehouse.synthetic.streams import Floats, Integers

OLDEST = 110
AGES = np.arange(OLDEST + 1, dtype=np.float64)
CENTRE_AGES = (10.0, 30.0, 45.0, 60.0, 75.0, 90.0)
DEATH = "death"

_RATE_AGES = (0, 5, 18, 45, 65, 80)


@dataclass(frozen=True)
class Hazards:
    """Everything that can begin or happen, in this order: chronic diseases, acute events, death.

    baseline: yearly hazard by sex, outcome and year of age, before centring. cumulative: of the chronic ones.
    of_conditions: log hazard by chronic disease (cause) and outcome; of_factors: by factor and outcome.
    """

    chronic: tuple[str, ...]
    acute: tuple[str, ...]
    factors: tuple[str, ...]
    baseline: Floats
    cumulative: Floats
    centre: Floats
    of_conditions: Floats
    of_factors: Floats

    @property
    def outcomes(self) -> tuple[str, ...]:
        """Names of all outcomes."""
        return (*self.chronic, *self.acute, DEATH)

    def log_ratios(self, active: NDArray[np.bool_], factors: Floats) -> NDArray[np.float32]:
        """Of each person and outcome: the sum of log hazards of the chronic diseases and the factors."""
        of_conditions, of_factors = self.of_conditions.astype(np.float32), self.of_factors.astype(np.float32)
        return np.asarray(active.astype(np.float32) @ of_conditions + factors.astype(np.float32) @ of_factors)

    def monthly(self, age: Floats, sex: Integers, log_ratios: NDArray[np.float32]) -> Floats:
        """Hazard of each outcome (columns) for each person (rows) in a twelfth of a year."""
        year = np.clip(age, 0, OLDEST).astype(int)
        return np.asarray(self.baseline[sex, year] * np.exp(log_ratios - self.centre[year]) / 12, dtype=np.float64)

    def log_ratio(self, place: int, active: NDArray[np.bool_], factors: Floats) -> Floats:
        """The log hazard ratio of one outcome before centring."""
        return np.asarray(
            active.astype(np.float64) @ self.of_conditions[:, place] + factors @ self.of_factors[:, place]
        )


@cache
def hazards() -> Hazards:
    """The hazards that the knowledge tables say. Raises KeyError where a factor is of no known kind."""
    chronic = tuple(dict.fromkeys(row["condition_key"] for row in table("prevalence")))
    acute = tuple(row["key"] for row in table("acute"))
    outcomes = {name: place for place, name in enumerate((*chronic, *acute, DEATH))}
    rows = [row for row in table("risks") if row["outcome_key"] in outcomes]
    factors = tuple(dict.fromkeys(row["factor"] for row in rows if row["factor"] not in chronic))
    of_conditions, of_factors = np.zeros((len(chronic), len(outcomes))), np.zeros((len(factors), len(outcomes)))
    for row in rows:
        into, names = (of_conditions, chronic) if row["factor"] in chronic else (of_factors, factors)
        into[names.index(row["factor"]), outcomes[row["outcome_key"]]] += number(row, "log_hazard")
    cumulative = np.stack([_cumulative(name) for name in chronic], axis=1)
    slopes = np.diff(cumulative, axis=2, append=cumulative[:, :, -1:])
    rates = np.stack([_rates(name) for name in acute], axis=1)
    baseline = np.concatenate([slopes, rates, _mortality()[:, None]], axis=1).transpose(0, 2, 1)
    centre = np.stack([_centre(name) for name in outcomes], axis=1)
    return Hazards(
        chronic, acute, factors, np.ascontiguousarray(baseline), cumulative, centre, of_conditions, of_factors
    )


def _cumulative(condition: str) -> Floats:
    """Cumulative hazard by sex (female, male) and year of age."""
    found = []
    for sex in ("female", "male"):
        knots = [r for r in table("prevalence") if r["condition_key"] == condition and r["sex"] in (sex, "all")]
        if not knots:
            found.append(np.zeros(len(AGES)))
            continue
        ages = [number(row, "age") for row in knots]
        share = np.interp(AGES, ages, [number(row, "prevalence") for row in knots])
        found.append(-np.log1p(-np.minimum(np.maximum.accumulate(share), 0.97)))
    return np.stack(found)


def _rates(event: str) -> Floats:
    """Yearly rate by sex and year of age; none for the sex that the condition does not affect."""
    row = next(row for row in table("acute") if row["key"] == event)
    only = next((row["sex"] for row in table("conditions") if row["key"] == event), "both")
    rate = np.interp(AGES, _RATE_AGES, [number(row, f"age_{age}") for age in _RATE_AGES]) / 1_000
    return np.stack([rate * (only != "male"), rate * (only != "female")])


def _mortality() -> Floats:
    """Yearly hazard of death by sex and year of age: the life table of 2019."""
    rows = table("ages")
    found = []
    for sex in ("female", "male"):
        yearly = np.array([float(row[f"death_{sex}"]) for row in rows])
        hazard = -np.log1p(-np.minimum(yearly, 0.95))
        found.append(np.interp(AGES, np.arange(len(hazard)), hazard))
    return np.stack(found)


def _centre(outcome: str) -> Floats:
    row = next((row for row in table("centres") if row["outcome_key"] == outcome), None)
    if row is None:
        return np.zeros(len(AGES))
    return np.interp(AGES, CENTRE_AGES, [number(row, f"age_{age:g}") for age in CENTRE_AGES])
