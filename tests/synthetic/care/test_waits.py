"""Appointments: as long a wait as the facility has, no longer for what is urgent, and nothing out of order."""

from __future__ import annotations

import numpy as np
import pytest

from lakehouse.synthetic.arrays import find
from lakehouse.synthetic.care import planned, routine
from lakehouse.synthetic.care.encounters import facilities_of
from lakehouse.synthetic.care.visits import Visits, join
from lakehouse.synthetic.care.waits import hold_up
from lakehouse.synthetic.directory import Directory
from lakehouse.synthetic.frames import ENCOUNTER, NULL, TRUE_WAIT
from lakehouse.synthetic.journal import Journal
from lakehouse.synthetic.knowledge import table
from lakehouse.synthetic.population.life import Life
from lakehouse.synthetic.streams import Streams
from tests.synthetic.recorded import WORLD, block

STREAMS, DIRECTORY = Streams(WORLD.seed, 0), Directory.of(WORLD.seed)
WAITING = [row["encounter_key"] for row in table("waits")]


@pytest.fixture(scope="module")
def recorded() -> tuple[Life, Journal]:
    return block()


@pytest.fixture(scope="module")
def wished(recorded: tuple[Life, Journal]) -> Visits:
    return join([*routine.draw(WORLD, STREAMS, recorded[0]), *planned.draw(WORLD, STREAMS, recorded[0])])


@pytest.fixture(scope="module")
def made(recorded: tuple[Life, Journal], wished: Visits) -> Visits:
    return hold_up(WORLD, STREAMS, recorded[0], DIRECTORY, wished)


def test_a_wait_is_as_long_as_the_facility_has_on_the_mean(
    recorded: tuple[Life, Journal], wished: Visits, made: Visits
) -> None:
    facility = facilities_of(WORLD, STREAMS, recorded[0], DIRECTORY, wished)
    mean, wait = DIRECTORY.facilities["wait_days"][facility - 1], made.day - made.asked
    for key, share in (("specialist_visit", 1.0), ("wellness_visit", 1.0), ("primary_care_visit", 0.5)):
        of_key = wished.key == key
        assert (wait[of_key] + 0.5).mean() == pytest.approx(share * mean[of_key].mean(), rel=0.05)
    load = DIRECTORY.facilities["load"][facility - 1]
    checkups = wished.key == "wellness_visit"
    assert wait[checkups & (load > 1.1)].mean() > 1.5 * wait[checkups & (load < 0.9)].mean()


def test_nothing_is_asked_for_before_it_is_known(recorded: tuple[Life, Journal], made: Visits) -> None:
    life = recorded[0]
    asked = made.asked != NULL
    assert (made.day >= made.asked)[asked].all()
    assert (made.asked >= life.people.birth[made.person])[asked].all()
    for condition in set(made.reason[asked]) & set(life.conditions):
        of_condition = asked & (made.reason == condition)
        known = life.known[made.person[of_condition], life.column(condition)]
        assert (made.asked[of_condition] >= known).all()


def test_who_has_just_been_found_ill_is_seen_after_the_wait_and_not_years_later(
    recorded: tuple[Life, Journal], wished: Visits, made: Visits
) -> None:
    life = recorded[0]
    delays: dict[str, list[int]] = {"wished": [], "made": []}
    for name, visits in (("wished", wished), ("made", made)):
        for condition in set(visits.reason) & set(life.conditions):
            mine = np.flatnonzero((visits.reason == condition) & (visits.key == "specialist_visit"))
            mine = mine[[visits.procedure[place] is None for place in mine]]
            first = visits.first_of_each(mine)
            delay = visits.day[first] - life.known[visits.person[first], life.column(condition)]
            delays[name] += delay[life.known[visits.person[first], life.column(condition)] >= WORLD.first_day].tolist()
    assert len(delays["made"]) == len(delays["wished"]) > 30
    assert np.mean(delays["wished"]) > 200
    assert 15 < np.mean(delays["made"]) < 45


def test_what_is_not_in_the_table_is_not_held_up(wished: Visits, made: Visits) -> None:
    others = ~np.isin(wished.key, WAITING)
    assert others.any()
    assert (made.asked[others] == NULL).all()
    assert np.array_equal(made.start[others], wished.start[others])
    assert np.array_equal(made.id, wished.id)
    assert np.array_equal(made.end - made.start, wished.end - wished.start)


def test_the_truth_has_the_waits_of_planned_visits_and_of_no_others(recorded: tuple[Life, Journal]) -> None:
    life, journal = recorded
    waits, encounters = journal.rows(TRUE_WAIT), journal.rows(ENCOUNTER)
    at = find(encounters["id"].astype(np.int64), waits["encounter"])
    assert (at >= 0).all()
    assert np.array_equal(encounters["start_time"][at].astype("datetime64[D]"), waits["start_date"])
    assert set(encounters["encounter_key"][at]) <= {*WAITING, "telehealth_visit"}
    urgent = np.isin(encounters["encounter_key"], ["emergency", "urgent_care", "inpatient"])
    assert not np.isin(encounters["id"][urgent], waits["encounter"]).any()
    death = life.death[np.searchsorted(life.people.person, waits["person"].astype(np.int64))]
    assert (waits["start_date"].astype("datetime64[D]").astype(np.int64) <= death).all()
