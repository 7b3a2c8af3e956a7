"""Pregnancies: those that end in the births of the block's children, and those that are lost."""

from __future__ import annotations

import numpy as np

from lakehouse.synthetic.population.life import Pregnancy
from lakehouse.synthetic.population.people import DAYS_A_YEAR, FEMALE, NOBODY, People
from lakehouse.synthetic.streams import Streams
from lakehouse.synthetic.world import World

CESAREAN_SHARE = 0.32
PRETERM_SHARE = 0.104
_MISCARRIAGES_A_YEAR = 0.012
_COMPLICATIONS = (("gestational_diabetes", 0.08), ("gestational_hypertension", 0.08), ("preeclampsia", 0.045))
"""Shares of pregnancies: NCHS 2021-2022 and CDC (R). Rates of preterm birth and cesarean delivery: NCHS 2022 (R)."""


def draw(world: World, streams: Streams, people: People) -> list[Pregnancy]:
    """The pregnancies of the window. A pair of twins is one pregnancy, told by the first of them."""
    births = [
        child for child in np.flatnonzero((people.birth >= world.first_day) & (people.mother != NOBODY))
        if people.twin[child] == NOBODY or people.twin[child] > child
    ]  # fmt: skip
    chance = streams.uniform("childbirth:complication", len(people))
    preterm = streams.uniform("childbirth:preterm", len(people))
    cesarean = streams.uniform("childbirth:cesarean", len(people))
    found = []
    for child in births:
        mother = int(people.mother[child])
        older = float(np.interp(people.age(int(people.birth[child]))[mother], (20, 30, 40), (0.7, 1.0, 1.8)))
        early = preterm[child] < PRETERM_SHARE * (6 if people.twin[child] != NOBODY else 1)
        days = int(266 - 55 * preterm[child] / PRETERM_SHARE) if early and preterm[child] < PRETERM_SHARE else 272
        end = int(people.birth[child])
        complication = "preterm_labor" if early else _complication(float(chance[child]), older)
        by_section = bool(cesarean[child] < CESAREAN_SHARE * older**0.4)
        found.append(Pregnancy(mother, int(child), end - days, end, complication, by_section))
    return [*found, *_lost(world, streams, people, found)]


def _complication(chance: float, older: float) -> str | None:
    reached = 0.0
    for name, share in _COMPLICATIONS:
        reached += share * older
        if chance < reached:
            return name
    return None


def _lost(world: World, streams: Streams, people: People, carried: list[Pregnancy]) -> list[Pregnancy]:
    """Pregnancies that end in the first three months, at times when the woman does not carry another."""
    years = (world.last_day - world.first_day) / DAYS_A_YEAR
    day = world.first_day + (streams.uniform("childbirth:day of loss", len(people)) * years * DAYS_A_YEAR).astype(
        np.int64
    )
    age = (day - people.birth) / DAYS_A_YEAR
    lost = streams.uniform("childbirth:loss", len(people)) < _MISCARRIAGES_A_YEAR * years
    women = np.flatnonzero((people.sex == FEMALE) & (age > 18) & (age < 45) & lost)
    busy: dict[int, list[Pregnancy]] = {}
    for pregnancy in carried:
        busy.setdefault(pregnancy.mother, []).append(pregnancy)
    return [
        Pregnancy(int(woman), None, int(day[woman]) - 65, int(day[woman]))
        for woman in women
        if all(day[woman] < p.start - 30 or day[woman] - 65 > p.end + 60 for p in busy.get(int(woman), []))
    ]
