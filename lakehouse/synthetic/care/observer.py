"""What a measurement of a person on a day gives."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lakehouse.synthetic.knowledge import Row, by_key, number
from lakehouse.synthetic.population import physiology
from lakehouse.synthetic.population.life import Life
from lakehouse.synthetic.population.people import DAYS_A_YEAR, FEMALE, RACES
from lakehouse.synthetic.streams import Floats, Integers, identify
from lakehouse.synthetic.world import World

_HEIGHT_BY_AGE = ((0, 1, 2, 5, 10, 13, 16, 19, 50, 90), (0.30, 0.44, 0.51, 0.64, 0.81, 0.92, 0.985, 1.0, 1.0, 0.965))
"""Ages in years, and height as a share of that at 19 to 50."""

_OF_PREGNANCY = ("pregnancy", "gestational_diabetes", "gestational_hypertension", "preeclampsia")
_HABITS = ("bmi_per_5", "smoking_current", "female", "black", "asian", "hispanic", "alcohol_heavy")


class Observer:
    """Measures persons on days, as their lives have made them."""

    def __init__(self, world: World, life: Life) -> None:
        self.world, self.life = world, life
        self._pregnant = [(p.mother, p.start, p.end, p.complication) for p in life.pregnancies]

    def values(
        self, measure: str, persons: Integers, days: Integers, events: NDArray[Any], ids: Integers
    ) -> Floats:  # fmt: skip
        """The value of a measure for each person and day. events: the acute condition at hand, or None.

        ids: of the measurements, which the deviation of the day is drawn from.
        """
        if measure in ("weight", "height", "bmi"):
            return self._body(measure, persons, days, ids)
        life, row = self.life, by_key("measures")[measure]
        place = life.physiology.place(measure)
        decades = np.maximum((days - life.people.birth[persons]) / DAYS_A_YEAR - 50, -35) / 10
        month = self.world.month_of(days)
        value = life.physiology.own[persons, place] + life.physiology.slope[place] * decades
        value = value + life.shift[month, persons, place]
        for effect in physiology.effects_on(measure):
            value = value + self._effect(measure, effect, persons, days, events)
        value = value + number(row, "sd_within") * _normal(ids)
        return np.asarray(np.round(physiology.natural(measure, value), int(number(row, "decimals"))))

    def _effect(
        self, measure: str, effect: Row, persons: Integers, days: Integers, events: NDArray[Any]
    ) -> Floats | float:  # fmt: skip
        life, factor = self.life, effect["factor"]
        if factor.startswith(("liability:", "carrier:")):
            return 0.0  # part of what is the person's own
        if factor in life.conditions:
            has = life.active(factor, persons, days)
        elif factor in _OF_PREGNANCY:
            has = self._carries(factor, persons, days)
        elif factor in _HABITS:
            return number(effect, "effect") * self._habit(factor, persons, days)
        else:
            has = events == factor
        if not has.any():
            return 0.0
        return physiology.shift(life.physiology, measure, factor, persons) * has

    def _habit(self, factor: str, persons: Integers, days: Integers) -> Floats:
        life = self.life
        if factor == "smoking_current":
            smokes = (life.society.smoking_from[persons] <= days) & (days < life.society.smoking_until[persons])
            return smokes.astype(float)
        if factor == "bmi_per_5":
            return np.asarray((np.exp(life.society.log_bmi[persons]) - 27) / 5)
        if factor == "alcohol_heavy":
            return life.society.heavy_drinker[persons].astype(float)
        is_so = (
            life.people.sex[persons] == FEMALE
            if factor == "female"
            else life.people.race[persons] == RACES.index(factor)
        )
        return np.asarray(is_so, dtype=np.float64)

    def _carries(self, factor: str, persons: Integers, days: Integers) -> NDArray[np.bool_]:
        """Who is pregnant on a day, or has that complication in its second half."""
        has = np.zeros(len(persons), dtype=bool)
        for mother, start, end, complication in self._pregnant:
            if factor == "pregnancy" or factor == complication:
                begins = start + 30 if factor == "pregnancy" else start + 150
                has |= (persons == mother) & (days >= begins) & (days <= end)
        return has

    def _body(self, measure: str, persons: Integers, days: Integers, ids: Integers) -> Floats:
        """Height, weight and body mass index agree with each other, but for a scale's and a ruler's deviation."""
        life = self.life
        age = (days - life.people.birth[persons]) / DAYS_A_YEAR
        height = life.physiology.own[persons, life.physiology.place("height")] * np.interp(age, *_HEIGHT_BY_AGE)
        mass = physiology.body_mass(life.society.log_bmi[persons], age)
        mass = mass * (1 + 0.012 * _normal(ids)) + 3.0 * self._carries("pregnancy", persons, days)
        found = {"height": height, "bmi": mass, "weight": mass * (height / 100) ** 2}[measure]
        return np.asarray(np.round(found, 1))


def _normal(ids: Integers) -> Floats:
    """A standard normal for each id: two halves of its bits by Box and Muller."""
    mixed = identify("deviation", ids)
    one, other = (mixed & 0x7FFFFFF) + 1, (mixed >> 27) & 0x7FFFFFF
    scale = float(0x8000000)
    return np.asarray(np.sqrt(-2 * np.log(one / scale)) * np.cos(2 * np.pi * other / scale))
