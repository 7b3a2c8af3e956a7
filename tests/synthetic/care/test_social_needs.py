"""Answers about social needs: in real codes, true to what a person lacks, and less than that."""

from __future__ import annotations

import numpy as np
import pytest

from lakehouse.synthetic.arrays import find, year_of
from lakehouse.synthetic.frames import CONDITION, ENCOUNTER, MEASUREMENT, TRUE_PERSON
from lakehouse.synthetic.journal import Journal, Rows
from lakehouse.synthetic.knowledge import by_key, number, table
from lakehouse.synthetic.population.life import Life
from lakehouse.synthetic.truth import write
from tests.synthetic.recorded import WORLD, block

QUESTIONS = {row["measure_key"]: row["condition_key"] for row in table("social_questions")}


@pytest.fixture(scope="module")
def recorded() -> tuple[Life, Journal]:
    return block()


@pytest.fixture(scope="module")
def answers(recorded: tuple[Life, Journal]) -> Rows:
    rows = recorded[1].rows(MEASUREMENT)
    asked = np.isin(rows["measure_key"], list(QUESTIONS))
    return {name: values[asked] for name, values in rows.items()}


def test_questions_and_answers_are_in_the_tables(answers: Rows) -> None:
    for question, answer in zip(answers["measure_key"], answers["value_key"], strict=True):
        assert by_key("answers")[answer]["measure_key"] == question
        assert by_key("measures")[question]["category"] == "survey"
    assert set(answers["measure_key"]) == set(QUESTIONS)
    assert np.isnan(answers["value"].astype(float)).all()


def test_each_question_is_answered_once_at_a_visit(answers: Rows) -> None:
    asked = list(zip(answers["encounter"].tolist(), answers["measure_key"].tolist(), strict=True))
    assert len(set(asked)) == len(asked)
    assert len(set(answers["id"].tolist())) == len(answers["id"])


def test_a_third_of_adults_in_primary_care_are_asked_and_more_since_2023(
    recorded: tuple[Life, Journal], answers: Rows
) -> None:
    encounters = recorded[1].rows(ENCOUNTER)
    birth = recorded[0].people.birth[np.searchsorted(recorded[0].people.person, encounters["person"].astype(np.int64))]
    day = encounters["start_time"].astype("datetime64[D]").astype(np.int64)
    primary = np.isin(encounters["encounter_key"], ["wellness_visit", "primary_care_visit"]) & (day - birth > 18 * 366)
    share = {}
    for year in (2019, 2022, 2025):
        seen = set(encounters["person"][primary & (year_of(day) == year)].tolist())
        of_year = answers["start_time"].astype("datetime64[Y]").astype(int) + 1970 == year
        share[year] = len(set(answers["person"][of_year].tolist()) & seen) / len(seen)
    assert 0.2 < share[2019] < 0.42
    assert share[2025] > share[2022] + 0.1


def test_who_has_a_need_tells_of_it_more_often_than_not_but_not_always(
    recorded: tuple[Life, Journal], answers: Rows
) -> None:
    life = recorded[0]
    told, missed, wrong = 0, 0, 0
    for row in table("social_questions"):
        of_row = answers["measure_key"] == row["measure_key"]
        place = np.searchsorted(life.people.person, answers["person"][of_row].astype(np.int64))
        has = life.society.needs[row["condition_key"]][place]
        yes = np.isin(answers["value_key"][of_row], [part.split()[0] for part in row["answers_with"].split(";")])
        told, missed, wrong = told + (has & yes).sum(), missed + (has & ~yes).sum(), wrong + (~has & yes).sum()
        assert yes[~has].mean() < 0.06
        if number(row, "declined_share"):
            assert (answers["value_key"][of_row] == row["declined_answer_key"]).mean() < 0.08
    assert 0.6 < told / (told + missed) < 0.92
    assert missed
    assert wrong


def test_whoever_has_a_code_for_a_need_tells_of_it(recorded: tuple[Life, Journal], answers: Rows) -> None:
    problems = recorded[1].rows(CONDITION)
    checked = 0
    for row in table("social_questions"):
        coded = problems["person"][problems["condition_key"] == row["condition_key"]]
        mine = (answers["measure_key"] == row["measure_key"]) & np.isin(answers["person"], coded)
        yes = [part.split()[0] for part in row["answers_with"].split(";")]
        assert set(answers["value_key"][mine]) <= {*yes, row["declined_answer_key"]}
        checked += int(mine.sum())
    assert checked


def test_the_truth_names_the_needs(recorded: tuple[Life, Journal]) -> None:
    life, journal = recorded[0], Journal()
    write(WORLD, journal, life)
    rows = journal.rows(TRUE_PERSON)
    assert (find(life.people.person, rows["person"]) == np.arange(len(rows["person"]))).all()
    for name, has in life.society.needs.items():
        assert [name in needs for needs in rows["social_needs"]] == has.tolist()
