"""A life is possible: nothing before birth or after death, one place at a time, and chance decides as it should."""

from __future__ import annotations

from dataclasses import fields, replace
from itertools import pairwise

import numpy as np
import pytest

from lakehouse.synthetic.population.conditions import cancers
from lakehouse.synthetic.population.life import Life
from lakehouse.synthetic.population.simulation import simulate
from lakehouse.synthetic.population.society import NEVER
from lakehouse.synthetic.population.stays import READMISSION_DAYS
from lakehouse.synthetic.world import Planted, World

WORLD = World()
NULL_WORLD = replace(WORLD, planted=Planted(**{field.name: 0.0 for field in fields(Planted)}))


@pytest.fixture(scope="module")
def life() -> Life:
    return simulate(WORLD, 0)


@pytest.fixture(scope="module")
def null_life() -> Life:
    return simulate(NULL_WORLD, 0)


def test_a_life_is_lived_the_same_again(life: Life) -> None:
    again = simulate(replace(WORLD, people=5_000_000), 0)
    assert np.array_equal(again.onset, life.onset)
    assert np.array_equal(again.death, life.death)
    assert again.stays == life.stays
    assert again.events == life.events
    assert again.courses == life.courses


def test_nothing_happens_before_birth_or_after_death(life: Life) -> None:
    for event in life.events:
        assert life.people.birth[event.person] <= event.day <= life.death[event.person]
    for stay in life.stays:
        assert life.people.birth[stay.person] <= stay.start <= stay.end <= life.death[stay.person]
    begins = life.onset < NEVER
    person, _ = np.nonzero(begins)
    assert (life.onset[begins] >= life.people.birth[person]).all()


def test_nobody_is_in_two_hospitals(life: Life) -> None:
    stays = sorted((stay.person, stay.start, stay.end, stay.cause) for stay in life.stays)
    for before, after in pairwise(stays):
        if before[0] == after[0] and after[3] not in ("liveborn", "preterm_newborn"):
            assert after[1] > before[2]


def test_who_died_in_hospital_is_dead(life: Life) -> None:
    for stay in life.stays:
        assert stay.died == (life.death[stay.person] == stay.end)


def test_returns_follow_their_index_stay_within_thirty_days(life: Life) -> None:
    returns = [stay for stay in life.stays if stay.readmission_of is not None]
    assert returns
    for stay in returns:
        assert stay.readmission_of is not None
        index = life.stays[stay.readmission_of]
        assert index.person == stay.person
        assert 0 < stay.start - index.end <= READMISSION_DAYS
        assert not index.died


def test_diseases_are_found_after_they_begin(life: Life) -> None:
    found = life.known < NEVER
    assert (life.known[found] >= life.onset[found]).all()
    assert not found[life.onset == NEVER].any()


def test_nobody_takes_the_same_drug_twice_at_once(life: Life) -> None:
    taken: dict[tuple[int, str], list[tuple[int, int]]] = {}
    for person, drug, start, end in zip(
        life.courses.person, life.courses.drug, life.courses.start, life.courses.end, strict=True
    ):
        if end - start > 120:
            taken.setdefault((person, drug), []).append((start, end))
    for spans in taken.values():
        for before, after in pairwise(sorted(spans)):
            assert after[0] >= before[1]


def test_only_women_are_pregnant_and_every_child_is_born_once(life: Life) -> None:
    children = [p.child for p in life.pregnancies if p.child is not None]
    assert len(children) == len(set(children))
    for pregnancy in life.pregnancies:
        assert life.people.sex[pregnancy.mother] == 0
        if pregnancy.child is not None:
            assert life.people.mother[pregnancy.child] == pregnancy.mother
            assert life.people.birth[pregnancy.child] == pregnancy.end
            assert life.death[pregnancy.mother] >= pregnancy.end


def test_prostates_are_mens_and_ovaries_womens(life: Life) -> None:
    assert (life.people.sex[life.has("prostate_cancer")] == 1).all()
    assert (life.people.sex[life.has("ovarian_cancer")] == 0).all()
    assert (life.people.sex[life.has("benign_prostatic_hyperplasia")] == 1).all()


def test_cancers_have_a_stage_and_late_ones_kill(life: Life) -> None:
    lethal = [(life.stage[p, life.column(c)], life.death[p] <= WORLD.last_day)
              for c in cancers() for p in np.flatnonzero(life.has(c))]  # fmt: skip
    stages, died = (np.array(column) for column in zip(*lethal, strict=True))
    assert set(stages) <= {0, 1, 2, 3}
    assert died[stages >= 2].mean() > died[stages < 2].mean()


def test_in_the_null_world_nothing_is_planted(null_life: Life) -> None:
    assert not [event for event in null_life.events if event.reaction]
    risks: dict[str, set[float]] = {}
    for risk in null_life.risks:
        if risk.stay is not None:
            risks.setdefault(null_life.stays[risk.stay].cause, set()).add(round(risk.probability, 6))
    assert all(len(values) == 1 for values in risks.values())


def test_the_null_world_is_lived_by_the_same_people(life: Life, null_life: Life) -> None:
    assert np.array_equal(life.people.birth, null_life.people.birth)
    assert np.array_equal(life.genome.maternal, null_life.genome.maternal)
    assert np.array_equal(life.society.place, null_life.society.place)
