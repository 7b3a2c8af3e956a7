"""Who takes part in screening, and when (knowledge/screening.csv); and which tests would find a cancer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakehouse.synthetic.knowledge import Row, number, table
from lakehouse.synthetic.population.attendance import attendance_on
from lakehouse.synthetic.population.life import Life
from lakehouse.synthetic.population.people import DAYS_A_YEAR, FEMALE
from lakehouse.synthetic.population.society import NEVER
from lakehouse.synthetic.streams import Integers, Streams
from lakehouse.synthetic.world import World

_YEARS_BEFORE = 40
"""How far back people have been screened for what they have on the first day."""


def taken_up(world: World, streams: Streams, life: Life, row: Row) -> tuple[Integers, NDArray[np.bool_]]:
    """Person by year of the window: the day on which the screening would take place, and whether it is taken up."""
    return _taken_up(world, streams, life, row, np.arange(world.first_day, world.last_day, 365), "visits")


def telling_tests(world: World, streams: Streams, life: Life, cancer: str) -> Integers:
    """Days of the tests that find the cancer in who has it by then: person by test, NEVER where none is done.

    Those before the first day too; a person's other tests miss it, as often as the sensitivity says.
    """
    within = np.arange(world.first_day, world.last_day, 365)
    before = world.first_day - 365 * np.arange(1, _YEARS_BEFORE + 1)
    found = [np.full((len(life.people), 1), NEVER)]
    for row in table("screening"):
        if row["finds_key"] != cancer:
            continue
        for years, purpose in ((within, "visits"), (before, "screened before")):
            day, done = _taken_up(world, streams, life, row, years, purpose)
            tells = streams.uniform(f"{purpose}:{row['key']}:finds", *day.shape) < number(row, "sensitivity")
            found.append(np.where(done & tells, day, NEVER))
    return np.concatenate(found, axis=1)


def _taken_up(
    world: World, streams: Streams, life: Life, row: Row, years: Integers, purpose: str
) -> tuple[Integers, NDArray[np.bool_]]:  # fmt: skip
    """The same for years that begin on these days; drawn for that purpose."""
    shape = (len(life.people), len(years))
    chance = streams.uniform(f"{purpose}:{row['key']}", *shape)
    day = years[None, :] + (streams.uniform(f"{purpose}:{row['key']}:day", *shape) * 365).astype(np.int64)
    age = (day - life.people.birth[:, None]) / DAYS_A_YEAR
    due = (age >= number(row, "from_age")) & (age <= number(row, "to_age"))
    if row["sex"] != "both":
        due &= ((life.people.sex == FEMALE) == (row["sex"] == "female"))[:, None]
    if row["condition_key"] in life.conditions:
        due &= life.known[:, life.column(row["condition_key"])][:, None] <= day
    if row["key"] == "lung_cancer_screening":
        due &= life.society.smoking_from[:, None] <= day
    if row["available_from"]:
        due &= day >= np.datetime64(row["available_from"], "D").astype(np.int64)
    yearly = number(row, "uptake") / number(row, "interval_years")
    return day, due & (chance < yearly * attendance_on(world, life, day))
