"""Screening finds cancers earlier, in those who take part, and the stages of all cases stay the published ones."""

from __future__ import annotations

import numpy as np
import pytest

from lakehouse.synthetic.care.diagnoses import STAGES
from lakehouse.synthetic.frames import ENCOUNTER, MEASUREMENT, TRUE_DISEASE
from lakehouse.synthetic.journal import Journal
from lakehouse.synthetic.knowledge import number, table
from lakehouse.synthetic.population.conditions import cancers, hazard_ratios, stages
from lakehouse.synthetic.population.hazards import hazards
from lakehouse.synthetic.population.life import Life
from lakehouse.synthetic.population.people import FEMALE
from lakehouse.synthetic.population.screening import telling_tests
from lakehouse.synthetic.population.simulation import Simulation
from lakehouse.synthetic.population.society import NEVER
from lakehouse.synthetic.streams import Streams
from lakehouse.synthetic.truth import write
from tests.synthetic.recorded import WORLD, block

SCREENED = tuple(dict.fromkeys(row["finds_key"] for row in table("screening") if row["finds_key"]))
TIMES = 40


@pytest.fixture(scope="module")
def simulation() -> Simulation:
    return Simulation(WORLD, Streams(WORLD.seed, 3))


@pytest.fixture(scope="module")
def recorded() -> tuple[Life, Journal]:
    return block()


@pytest.mark.parametrize("cancer", SCREENED)
def test_cases_found_by_symptoms_and_by_screening_are_all_cases(cancer: str) -> None:
    rows = {row["found_by"]: row for row in table("cancer_stages") if row["condition_key"] == cancer}
    every = [number(rows["any"], f"stage_{stage}") for stage in (1, 2, 3, 4)]
    share, (symptoms, screened) = number(rows["screening"], "share"), stages(cancer)
    assert sum(every) == pytest.approx(1)
    assert (1 - share) * symptoms + share * screened == pytest.approx(np.array(every))
    assert (symptoms > 0).all()
    assert screened[0] > every[0] > symptoms[0]
    assert screened[3] < every[3] < symptoms[3]


@pytest.mark.parametrize("cancer", cancers())
def test_the_stage_moves_what_a_cancer_adds_to_the_risk_of_death_and_not_the_mean(cancer: str) -> None:
    rows = [row for row in table("cancer_stages") if (row["condition_key"], row["found_by"]) == (cancer, "any")]
    every = [number(rows[0], f"stage_{stage}") for stage in (1, 2, 3, 4)] if rows else stages(cancer)[0]
    ratios = hazard_ratios(cancer)
    assert (np.diff(ratios) > 0).all()
    assert ratios[0] > 1
    log_average = hazards().of_conditions[hazards().chronic.index(cancer), -1]
    assert np.dot(every, ratios) == pytest.approx(np.exp(log_average))


def test_screening_finds_cancers_earlier_in_those_who_take_part(simulation: Simulation) -> None:
    life, diseases = simulation.life, simulation.diseases
    place, persons = life.column("breast_cancer"), np.flatnonzero(life.people.sex == FEMALE)
    tests = telling_tests(WORLD, simulation.streams, life, "breast_cancer")[persons]
    rows = []
    for onset in np.linspace(WORLD.first_day, WORLD.last_day - 1500, TIMES).astype(int):
        life.onset[persons, place] = onset
        diseases.find("breast_cancer", persons)
        age = (onset - life.people.birth[persons]) / 365.25
        tested = ((tests >= onset) & (tests < NEVER)).any(axis=1)
        found = (life.known - onset)[persons, place], life.stage[persons, place], life.screened[persons, place]
        rows.append(np.column_stack([age, tested, *found]))
    life.onset[persons, place] = NEVER
    age, tested, delay, stage, screened = np.concatenate(rows).T
    assert not screened[tested == 0].any()
    assert (delay >= 0).all()
    old_enough = (age > 50) & (age < 70)
    assert 0.4 < screened[old_enough].mean() < 0.7
    assert delay[old_enough & (tested == 1)].mean() < 0.8 * delay[old_enough & (tested == 0)].mean()
    by_symptoms, by_screening = stages("breast_cancer")
    for found_by, shares in ((0, by_symptoms), (1, by_screening)):
        of_all = np.bincount(stage[screened == found_by].astype(int), minlength=4)
        assert of_all / of_all.sum() == pytest.approx(shares, abs=0.08)
    assert stage[screened == 1].mean() < stage[screened == 0].mean() - 0.4


def test_who_is_found_by_screening_was_there(recorded: tuple[Life, Journal]) -> None:
    life, journal = recorded
    encounters = journal.rows(ENCOUNTER)
    day = encounters["start_time"].astype("datetime64[D]").astype(np.int64)
    reasons = {cancer: [row["condition_key"] for row in table("screening") if row["finds_key"] == cancer]
               for cancer in SCREENED}  # fmt: skip
    found = 0
    for cancer in SCREENED:
        place = life.column(cancer)
        known = life.known[:, place]
        there = life.screened[:, place] & (known >= WORLD.first_day) & (known <= np.minimum(life.death, WORLD.last_day))
        for person in np.flatnonzero(there):
            mine = (encounters["person"] == life.people.person[person]) & np.isin(
                encounters["reason_key"], reasons[cancer]
            )
            in_hospital = any(s.person == person and s.start <= known[person] <= s.end for s in life.stays)
            assert in_hospital or known[person] in day[mine]
            assert (day[mine] <= known[person]).all()
            found += 1
    assert found


def test_the_blood_test_that_screens_is_measured(recorded: tuple[Life, Journal]) -> None:
    encounters, measured = recorded[1].rows(ENCOUNTER), recorded[1].rows(MEASUREMENT)
    visits = encounters["id"][encounters["reason_key"] == "prostate_screening"]
    assert len(visits)
    assert np.isin(visits, measured["encounter"][measured["measure_key"] == "psa"]).all()


def test_the_truth_says_what_found_a_cancer(recorded: tuple[Life, Journal]) -> None:
    life, journal = recorded[0], Journal()
    write(WORLD, journal, life)
    rows = journal.rows(TRUE_DISEASE)
    found, cancer = ~np.isnat(rows["found_date"]), np.isin(rows["condition_key"], cancers())
    assert set(rows["found_by"][found & cancer]) == {"screening", "symptoms"}
    assert (rows["found_by"][~(found & cancer)] == None).all()  # noqa: E711
    assert set(rows["stage"][cancer]) <= set(STAGES)
    assert (rows["found_date"][found] >= rows["onset_date"][found]).all()
