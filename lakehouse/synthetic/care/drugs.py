"""What is prescribed, dispensed and given: PRESCRIPTION, DISPENSING and ADMINISTRATION."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lakehouse.synthetic.arrays import repeated
from lakehouse.synthetic.care.encounters import Encounters
from lakehouse.synthetic.frames import ADMINISTRATION, DISPENSING, NULL, PRESCRIPTION, TRUE_COURSE
from lakehouse.synthetic.journal import Journal
from lakehouse.synthetic.knowledge import by_key, number
from lakehouse.synthetic.population.life import Life
from lakehouse.synthetic.population.society import NEVER
from lakehouse.synthetic.streams import Integers, identify, numbers_of
from lakehouse.synthetic.world import World

_RENEWED_AFTER_DAYS = 365
_SHORT_DAYS = 120
_GIVEN_DAILY_AT_MOST = 10
_SESSIONS_BETWEEN_DOSES = 12
"""Of dialysis, three a week: a dose about every four weeks."""


@dataclass(frozen=True)
class _Courses:
    """The courses of a block as arrays; drug is a place in `drugs`."""

    person: Integers
    drug: NDArray[Any]
    start: Integers
    end: Integers
    reason: NDArray[Any]
    adherence: NDArray[np.float64]
    days_supply: Integers
    at_home: NDArray[np.bool_]


def write(world: World, journal: Journal, life: Life, encounters: Encounters) -> None:
    """Write down orders, fills and what is given, and, as truth, the courses as they were taken."""
    courses = _courses(world, life)
    _truth(world, journal, life, courses)
    _prescribe(world, journal, life, encounters, courses)
    _administer(world, journal, life, encounters, courses)


def _courses(world: World, life: Life) -> _Courses:
    """The courses that reach into the window, none beyond a person's life."""
    found = life.courses
    person = np.array(found.person, dtype=np.int64)
    start = np.array(found.start, dtype=np.int64)
    end = np.minimum(np.array(found.end, dtype=np.int64), life.death[person]) if len(person) else start
    drug, reason = np.array(found.drug, dtype=object), np.array(found.reason, dtype=object)
    kept = (end > world.first_day) & (start <= world.last_day) & (end > start)
    rows = [by_key("drugs")[key] for key in drug[kept]]
    return _Courses(
        person[kept], drug[kept], start[kept], end[kept], reason[kept], np.array(found.adherence)[kept],
        np.array([max(1, int(number(row, "days_supply", 30))) for row in rows], dtype=np.int64),
        np.array([row["setting"] == "home" for row in rows], dtype=bool),
    )  # fmt: skip


def _truth(world: World, journal: Journal, life: Life, courses: _Courses) -> None:
    runs = courses.end > world.last_day
    journal.add(TRUE_COURSE, {
        "person": life.people.person[courses.person], "drug_key": courses.drug, "reason_key": courses.reason,
        "start_date": courses.start.astype("datetime64[D]"), "adherence": courses.adherence.round(4),
        "end_date": np.where(runs, np.datetime64("NaT"), np.minimum(courses.end, NEVER).astype("datetime64[D]")),
    })  # fmt: skip


def _prescribe(world: World, journal: Journal, life: Life, encounters: Encounters, courses: _Courses) -> None:
    """An order at the start of a course and each year of it, at the visit before, and its fills."""
    home = np.flatnonzero(courses.at_home)
    since = (world.first_day - courses.start[home]) % _RENEWED_AFTER_DAYS  # the last order before the window
    begins = np.maximum(courses.start[home], world.first_day - since)
    last = np.minimum(courses.end[home] - 1, world.last_day)
    times = (last - begins) // _RENEWED_AFTER_DAYS + 1
    which, nth = repeated(times)
    course = home[which]
    wanted = np.repeat(begins, times) + nth * _RENEWED_AFTER_DAYS
    encounter, day = _visit_before(encounters, courses.person[course], wanted)
    end = np.minimum(courses.end[course], wanted + _RENEWED_AFTER_DAYS)
    supply = np.minimum(courses.days_supply[course], np.maximum(end - wanted, 1))
    refills = np.maximum(np.minimum(end - wanted, _RENEWED_AFTER_DAYS) // supply - 1, 0)
    person = life.people.person[courses.person[course]]
    units = np.array([number(by_key("drugs")[key], "units_per_day", 1.0) for key in courses.drug[course]])
    dies = life.death[courses.person[course]]
    ids = identify("prescription", person, wanted, numbers_of(courses.drug[course]))
    has_visit = encounter != NULL
    place = np.where(has_visit, encounter, 0)
    is_short = courses.end[course] - courses.start[course] <= _SHORT_DAYS
    status = np.where(courses.end[course] > world.last_day, "active", np.where(is_short, "completed", "stopped"))
    practitioner = np.where(has_visit, encounters.practitioner[place], NULL)
    journal.add(PRESCRIPTION, {
        "id": ids, "person": person, "encounter": np.where(has_visit, encounters.visits.id[place], NULL),
        "drug_key": courses.drug[course], "start_date": day.astype("datetime64[D]"),
        "end_date": np.minimum(day + (refills + 1) * supply, dies).astype("datetime64[D]"),
        "days_supply": supply, "quantity": units * supply, "refills": refills, "reason_key": courses.reason[course],
        "practitioner": practitioner, "status": status.astype(object), "in_ehr": has_visit & encounters.in_ehr[place],
    })  # fmt: skip
    _dispense(world, journal, life, courses, course, ids, wanted, end, supply, units, practitioner)


def _dispense(
    world: World, journal: Journal, life: Life, courses: _Courses, course: Integers, order: Integers, start: Integers,
    end: Integers, supply: Integers, units: NDArray[np.float64], practitioner: Integers,
) -> None:  # fmt: skip
    """Fills: each when the one before is used up, later where doses are left out."""
    gap = supply / np.clip(courses.adherence[course], 0.25, 0.99)
    times = np.maximum(np.ceil((end - start) / gap).astype(np.int64), 1)
    of_order, nth = repeated(times)
    person = courses.person[course][of_order]
    day = start[of_order] + np.floor(nth * gap[of_order]).astype(np.int64)
    day += identify("fill delay", order[of_order], nth) % 4
    kept = (day >= world.first_day) & (day <= world.last_day) & (day < end[of_order] + 4) & (day <= life.death[person])
    of_order, nth, day, person = of_order[kept], nth[kept], day[kept], person[kept]
    journal.add(DISPENSING, {
        "id": identify("dispensing", order[of_order], nth), "person": life.people.person[person],
        "prescription": order[of_order], "drug_key": courses.drug[course][of_order],
        "start_date": day.astype("datetime64[D]"), "fill": nth, "days_supply": supply[of_order],
        "quantity": (units * supply)[of_order], "practitioner": practitioner[of_order],
    })  # fmt: skip


def _visit_before(encounters: Encounters, persons: Integers, days: Integers) -> tuple[Integers, Integers]:
    """The place and day of the last encounter of each person until a day; NULL and that day where there is none."""
    visits = encounters.visits
    order = visits.in_order()
    keyed = visits.person[order] * 10**6 + visits.day[order]
    place = np.searchsorted(keyed, persons * 10**6 + days, side="right") - 1
    found = order[np.maximum(place, 0)]
    close = (place >= 0) & (visits.person[found] == persons) & (days - visits.day[found] <= 120)
    return np.where(close, found, NULL), np.where(close, np.maximum(visits.day[found], 0), days)


def _administer(world: World, journal: Journal, life: Life, encounters: Encounters, courses: _Courses) -> None:
    """Drugs given by staff: daily in a stay that the course begins in, else at infusions and dialysis sessions."""
    visits = encounters.visits
    by_person: dict[int, list[int]] = {}
    for place in np.flatnonzero(
        np.isin(visits.key, ("inpatient", "emergency", "infusion", "dialysis_session"))
    ).tolist():
        by_person.setdefault(int(visits.person[place]), []).append(place)
    given: list[tuple[int, int, int]] = []
    for course in np.flatnonzero(~courses.at_home).tolist():
        start, end = int(courses.start[course]), int(courses.end[course])
        for place in by_person.get(int(courses.person[course]), []):
            first, last = int(visits.day[place]), int(visits.end[place] // 1440)
            in_hospital = visits.key[place] in ("inpatient", "emergency")
            due = visits.key[place] == "infusion" or visits.id[place] % _SESSIONS_BETWEEN_DOSES == 0
            if in_hospital and first <= start <= last:
                days = min(end - start, last - start + 1, _GIVEN_DAILY_AT_MOST)
                given += [(course, place, day) for day in range(start, start + max(days, 1))]
            elif not in_hospital and due and start <= first < end:
                given.append((course, place, first))
    if not given:
        return
    of_course, at, on = (np.array(column, dtype=np.int64) for column in zip(*given, strict=True))
    minutes = np.clip(on * 1440 + 600 + (identify("hour", of_course, on) % 480), visits.start[at], visits.end[at])
    person = life.people.person[courses.person[of_course]]
    journal.add(ADMINISTRATION, {
        "id": identify("administration", person, on, numbers_of(courses.drug[of_course])), "person": person,
        "encounter": visits.id[at], "drug_key": courses.drug[of_course], "quantity": np.ones(len(at)),
        "start_time": minutes.astype("datetime64[m]"), "reason_key": courses.reason[of_course],
        "in_ehr": encounters.in_ehr[at],
    })  # fmt: skip
    journal.keep_first(ADMINISTRATION)  # of two courses of a drug at once
