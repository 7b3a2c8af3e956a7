"""What a laboratory or a cuff would find: the measures of a person, as diseases, habits, genes and drugs move them.

A measure is, on its own scale (linear or logarithmic), the mean of its sex, its slope with age, what is the person's
own, the effects of what the person has (knowledge/measure_effects.csv) and of what the person takes
(knowledge/drug_effects.csv), and at each measurement a deviation of the day (knowledge/measures.csv).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from lakehouse.synthetic.knowledge import Row, by_key, number, table
from lakehouse.synthetic.population.people import MALE, People
from lakehouse.synthetic.population.society import Society
from lakehouse.synthetic.streams import Floats, Integers, Streams

TRACKED = ("sbp", "ldl", "hba1c", "egfr", "phq9", "gad7", "crp")
"""Measures that the course of a life depends on, by month: risks follow them, and treatment aims at them."""

BMI = "bmi"


@dataclass(frozen=True)
class Physiology:
    """own: person by measure, the mean of sex with what is the person's own and does not change.

    effect: condition or factor by measure, with the spread of the effect between persons; responds: person by measure,
    a standard normal: how strongly a person responds to what he has.
    """

    measures: tuple[str, ...]
    own: Floats
    slope: Floats
    responds: Floats

    def place(self, measure: str) -> int:
        """The column of the measure."""
        return self.measures.index(measure)


def draw(
    streams: Streams, people: People, society: Society, liabilities: dict[str, Floats],
    carriers: dict[str, NDArray[np.bool_]], genetics: float,
) -> Physiology:  # fmt: skip
    """The physiology of the block. genetics: how much of the genetic effects there is (1 as published)."""
    rows = [row for row in table("measures") if row["mean_female"]]
    own = np.zeros((len(people), len(rows)))
    responds = np.zeros((len(people), len(rows)))
    for place, row in enumerate(rows):
        mean = np.where(people.sex == MALE, number(row, "mean_male"), number(row, "mean_female"))
        inherited = np.zeros(len(people))
        share = 0.0
        for effect in effects_on(row["key"]):
            if effect["factor"].startswith("liability:"):
                size = number(effect, "effect") * np.sqrt(genetics)
                inherited += size * liabilities[effect["factor"].removeprefix("liability:")]
                share += size**2
            elif effect["factor"].startswith("carrier:"):
                inherited += number(effect, "effect") * genetics * carriers[effect["factor"].removeprefix("carrier:")]
        rest = np.sqrt(max(number(row, "sd_between") ** 2 - share, 0))
        own[:, place] = mean + inherited + rest * streams.normal(f"physiology:{row['key']}", len(people))
        responds[:, place] = streams.normal(f"physiology:response:{row['key']}", len(people))
    measures = tuple(row["key"] for row in rows)
    own[:, measures.index(BMI)] = society.log_bmi
    return Physiology(measures, own, np.array([number(row, "slope_per_decade") for row in rows]), responds)


@cache
def effects_on(measure: str) -> tuple[Row, ...]:
    """The rows of knowledge/measure_effects.csv about a measure."""
    return tuple(row for row in table("measure_effects") if row["measure_key"] == measure)


@cache
def is_logarithmic(measure: str) -> bool:
    """Whether the measure's scale is logarithmic."""
    return by_key("measures")[measure]["scale"] == "log"


def body_mass(log_bmi: Floats, age: Floats) -> Floats:
    """Body mass index at ages in years, from the log of the adult's at 50: it grows until 20, and falls after 70."""
    child = np.interp(age, (0, 1, 6, 12, 20), (0.52, 0.60, 0.56, 0.68, 0.90))
    adult = np.interp(age, (20, 50, 70, 95), (0.92, 1.0, 1.0, 0.88))
    return np.asarray(np.exp(log_bmi) * np.where(age < 20, child, adult))


def shift(
    physiology: Physiology, measure: str, factor: str, persons: Integers | slice = slice(None)
) -> Floats:  # fmt: skip
    """What a condition adds to a measure of each person, on its scale."""
    place = physiology.place(measure)
    row = next(row for row in effects_on(measure) if row["factor"] == factor)
    effect, spread = number(row, "effect"), number(row, "effect_sd")
    drawn = effect + spread * physiology.responds[persons, place]
    return np.asarray(np.maximum(drawn, 0) if effect > 0 else np.minimum(drawn, 0))


def drug_effects(drug: str) -> dict[str, float]:
    """What a drug adds to measures at full adherence: what its own row says, else that of its class."""
    found: dict[str, float] = {}
    for name in (by_key("drugs")[drug]["class"], drug):
        found |= {
            row["measure_key"]: number(row, "effect") for row in table("drug_effects") if row["class_or_drug"] == name
        }
    return found


def natural(measure: str, values: Floats) -> Floats:
    """Values on the measure's scale as they are read: within its limits."""
    row = by_key("measures")[measure]
    read = np.exp(values) if is_logarithmic(measure) else values
    return np.asarray(np.clip(read, number(row, "minimum", -np.inf), number(row, "maximum", np.inf)))
