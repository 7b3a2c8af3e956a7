"""Contacts that are made as a rule: for what is known, for children, in pregnancy, and each year.

They follow what is known (knowledge/routine.csv), more often for who seeks care and has insurance, less often for
whom less is done than is needed.
"""

from __future__ import annotations

import numpy as np

from lakehouse.synthetic.care.visits import Visits, make, objects
from lakehouse.synthetic.knowledge import Row, number, table
from lakehouse.synthetic.population.attendance import attendance_of, attendance_on
from lakehouse.synthetic.population.life import Life
from lakehouse.synthetic.population.people import DAYS_A_YEAR, FEMALE
from lakehouse.synthetic.streams import Floats, Streams
from lakehouse.synthetic.world import World

_WELL_CHILD_MONTHS = (0.2, 1, 2, 4, 6, 9, 12, 15, 18, 24, 30, *range(36, 217, 12))
_WELL_CHILD_UPTAKE, _WELLNESS_UPTAKE = 0.82, 0.36
_PRENATAL_WEEKS = (8, 12, 16, 20, 24, 28, 30, 32, 34, 36, 37, 38, 39)


def draw(world: World, streams: Streams, life: Life) -> list[Visits]:
    """The contacts of the block, source by source."""
    return [
        *_routine(world, streams, life),
        _well_children(world, streams, life),
        _wellness(world, streams, life),
        _prenatal(life),
    ]


def _routine(world: World, streams: Streams, life: Life) -> list[Visits]:
    attendance = attendance_of(world, life)
    months = world.months[:-1]
    age = (months[None, :] - life.people.birth[:, None]) / DAYS_A_YEAR
    return [_of_routine(world, streams, life, row, attendance, age) for row in table("routine")]


def _of_routine(
    world: World, streams: Streams, life: Life, row: Row, attendance: Floats, age: Floats
) -> Visits:  # fmt: skip
    """The visits of one row of knowledge/routine.csv: so many a month, on random days of it."""
    condition = row["condition_key"]
    due = (age >= number(row, "from_age")) & (age < number(row, "to_age"))
    if row["key"] == "women":
        due &= (life.people.sex == FEMALE)[:, None]
    if condition:
        due &= life.known[:, life.column(condition)][:, None] <= world.months[:-1][None, :]
    rate = number(row, "per_year") / 12 * due * (attendance if number(row, "per_year") < 50 else 1.0)
    stream = streams.of(f"visits:{row['key']}")
    counts = stream.poisson(rate) if number(row, "per_year") < 50 else np.round(rate).astype(np.int64)
    person, month = np.nonzero(counts)
    times = counts[person, month]
    person, month = np.repeat(person, times), np.repeat(month, times)
    start = world.months[month]
    day = start + (
        streams.of(f"visits:{row['key']}:day").random(len(person)) * (world.months[month + 1] - start)
    ).astype(np.int64)
    person, day = np.unique(np.stack([person, day]), axis=1)  # not twice on a day
    reason = condition or ("well_child_visit" if number(row, "to_age") <= 18 else "general_examination")
    return make(row["key"], life, person, day, row["encounter_key"], reason, row["specialty"])


def _well_children(world: World, streams: Streams, life: Life) -> Visits:
    """Well-child visits at the ages of the schedule (AAP Bright Futures)."""
    months = np.array(_WELL_CHILD_MONTHS)
    day = (life.people.birth[:, None] + months * DAYS_A_YEAR / 12).astype(np.int64)
    day += (streams.uniform("visits:well child:day", len(life.people), len(months)) * 18).astype(np.int64)
    goes = streams.uniform("visits:well child", len(life.people), len(months)) < np.where(
        months < 37, _WELL_CHILD_UPTAKE, 0.55
    )
    person, which = np.nonzero(goes & (day >= world.first_day) & (day <= world.last_day))
    return make("well child", life, person, day[person, which], "well_child_visit", "well_child_visit", "37")


def _wellness(world: World, streams: Streams, life: Life) -> Visits:
    """Yearly examinations of adults."""
    years = np.arange(world.first_day, world.last_day, 365)
    day = years[None, :] + (streams.uniform("visits:wellness:day", len(life.people), len(years)) * 365).astype(np.int64)
    age = (day - life.people.birth[:, None]) / DAYS_A_YEAR
    attendance = attendance_on(world, life, day)
    goes = streams.uniform("visits:wellness", len(life.people), len(years)) < _WELLNESS_UPTAKE * attendance
    person, year = np.nonzero(goes & (age >= 18))
    return make("wellness", life, person, day[person, year], "wellness_visit", "general_examination", "08")


def _prenatal(life: Life) -> Visits:
    """Visits in pregnancy and six weeks after (ACOG's schedule)."""
    visits = [
        (pregnancy.mother, pregnancy.start + 7 * week - 14, "prenatal_visit")
        for pregnancy in life.pregnancies
        for week in _PRENATAL_WEEKS
        if pregnancy.start + 7 * week - 14 < pregnancy.end
    ] + [
        (pregnancy.mother, pregnancy.end + 42, "specialist_visit") for pregnancy in life.pregnancies if pregnancy.child
    ]
    person, day = (np.array([visit[i] for visit in visits], dtype=np.int64) for i in (0, 1))
    return make("pregnancy", life, person, day, objects([visit[2] for visit in visits]), "pregnancy", "16")
