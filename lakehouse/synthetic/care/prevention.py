"""Vaccines and what a person does not tolerate: IMMUNIZATION and ALLERGY."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lakehouse.synthetic.arrays import find
from lakehouse.synthetic.care.encounters import Encounters
from lakehouse.synthetic.care.visits import Visits, encounter_id, make
from lakehouse.synthetic.frames import ALLERGY, IMMUNIZATION
from lakehouse.synthetic.journal import Journal
from lakehouse.synthetic.knowledge import Row, by_key, number, table
from lakehouse.synthetic.population.life import Life
from lakehouse.synthetic.population.people import DAYS_A_YEAR
from lakehouse.synthetic.streams import Integers, Streams, identify, numbers_of
from lakehouse.synthetic.world import World

_MONTH = DAYS_A_YEAR / 12
_AT_A_VISIT_WITHIN_DAYS = 50
_SEASON_STARTS = "09-10"
_ALLERGY_LISTED_AT = ("primary_care_visit", "wellness_visit", "well_child_visit", "specialist_visit")


@dataclass(frozen=True)
class Doses:
    """Doses of vaccines: persons, days, and which vaccine."""

    person: Integers
    day: Integers
    vaccine: NDArray[Any]


def plan(world: World, streams: Streams, life: Life) -> Doses:
    """The doses that persons of the block get in the window (knowledge/vaccines.csv)."""
    parts = [_of_vaccine(world, streams, life, row) for row in table("vaccines")]
    person, day = (np.concatenate([part[i] for part in parts]) for i in (0, 1))
    vaccine = np.concatenate(
        [np.full(len(part[0]), row["key"], dtype=object) for part, row in zip(parts, table("vaccines"), strict=True)]
    )
    within = (day >= world.first_day) & (day <= world.last_day) & (day <= life.death[person])
    return Doses(person[within], day[within], vaccine[within])


def _of_vaccine(world: World, streams: Streams, life: Life, row: Row) -> tuple[Integers, Integers]:
    """Persons and days of one vaccine: every autumn, or at its ages."""
    birth, persons = life.people.birth, len(life.people)
    low, high = number(row, "start_age_months") * _MONTH, number(row, "end_age_months", 1440) * _MONTH
    if row["season"] == "1":
        years = range(world.begin.year, world.end.year + 1)
        start = np.array(
            [np.datetime64(f"{year}-{_SEASON_STARTS}").astype("datetime64[D]").astype(np.int64) for year in years]
        )
        day = start + (streams.uniform(f"vaccine:{row['key']}:day", persons, len(start)) ** 1.5 * 110).astype(np.int64)
        takes = streams.uniform(f"vaccine:{row['key']}", persons, len(start))
        inclined = streams.uniform("vaccine:inclination", persons)[:, None]
        given = (takes + inclined) / 2 < _inclination(number(row, "uptake"))
    else:
        step = number(row, "interval_months") * _MONTH
        doses = 1 if not step else min(int((high - low) // step) + 1, 6)
        at = (
            low
            + np.arange(doses) * step
            + streams.uniform(f"vaccine:{row['key']}:day", persons, doses) * min(0.4 * high, 900)
        )
        day = (birth[:, None] + at).astype(np.int64)
        given = streams.uniform(f"vaccine:{row['key']}", persons, doses) < number(row, "uptake")
    since = np.datetime64(row["available_from"] or "1980-01-01", "D").astype(np.int64)
    age = day - birth[:, None]
    eligible = given & (age >= low) & (age <= high + 900) & (day >= since)
    if row["key"] == "influenza":
        eligible &= age < number(by_key("vaccines")["influenza_high_dose"], "start_age_months") * _MONTH
    person, which = np.nonzero(eligible)
    return person, day[person, which]


def _inclination(uptake: float) -> float:
    """The value that the mean of two uniform numbers stays below with the probability of the uptake."""
    return float(np.sqrt(uptake / 2) if uptake <= 0.5 else 1 - np.sqrt((1 - uptake) / 2))


def attach(life: Life, visits: Visits, doses: Doses) -> tuple[Integers, Visits]:
    """The encounter id of each dose: a visit soon after it is due, or a visit for the vaccination alone.

    Returns the ids, and the visits that are made for vaccinations.
    """
    may = np.isin(visits.key, _ALLERGY_LISTED_AT)
    order = visits.in_order(np.flatnonzero(may))
    keyed = visits.person[order] * 10**6 + visits.day[order]
    place = np.searchsorted(keyed, doses.person * 10**6 + doses.day)
    found = order[np.minimum(place, len(order) - 1)]
    soon = (place < len(order)) & (visits.person[found] == doses.person)
    soon &= visits.day[found] - doses.day <= _AT_A_VISIT_WITHIN_DAYS
    person, day = np.unique(np.stack([doses.person[~soon], doses.day[~soon]]), axis=1)
    alone = make("vaccination", life, person, day, "pharmacy_visit", "immunization_encounter", "08")
    own = encounter_id("vaccination", life.people.person[doses.person], doses.day)
    return np.where(soon, visits.id[found], own), alone


def write(streams: Streams, journal: Journal, life: Life, encounters: Encounters, doses: Doses, ids: Integers) -> None:
    """Write down the doses that were given at encounters that took place, and the allergies."""
    visits = encounters.visits
    at = find(visits.id, ids)
    at, vaccine = at[at >= 0], doses.vaccine[at >= 0]
    person = life.people.person[visits.person[at]]
    journal.add(IMMUNIZATION, {
        "id": identify("immunization", visits.id[at], numbers_of(vaccine)),
        "person": person, "encounter": visits.id[at], "vaccine_key": vaccine,
        "start_time": (visits.start[at] + 10).astype("datetime64[m]"), "in_ehr": encounters.in_ehr[at],
    })  # fmt: skip
    journal.keep_first(IMMUNIZATION)  # two doses that are due before one visit are one
    _allergies(streams, journal, life, encounters)


def _allergies(streams: Streams, journal: Journal, life: Life, encounters: Encounters) -> None:
    """What a person says not to tolerate, at the first visit at which it is asked."""
    visits = encounters.visits
    asked = np.flatnonzero(np.isin(visits.key, _ALLERGY_LISTED_AT) & encounters.in_ehr)
    at = visits.first_of_each(asked)
    first = visits.person[at]
    for row in table("allergies"):
        has = streams.uniform(f"allergy:{row['key']}", len(life.people))[first] < number(row, "share")
        if not has.any():
            continue
        severity = (
            by_key("reactions")[row["reaction_key"]]["severity"]
            if row["reaction_key"] in by_key("reactions")
            else "mild"
        )
        journal.add(ALLERGY, {
            "id": identify(f"allergy:{row['key']}", life.people.person[first[has]]),
            "person": life.people.person[first[has]], "encounter": visits.id[at[has]],
            "allergy_key": np.full(has.sum(), row["key"], dtype=object),
            "severity": np.full(has.sum(), severity, dtype=object),
            "recorded_date": visits.day[at[has]].astype("datetime64[D]"), "in_ehr": np.ones(has.sum(), dtype=bool),
            "reaction_key": np.full(has.sum(), row["reaction_key"] or None, dtype=object),
        })  # fmt: skip
