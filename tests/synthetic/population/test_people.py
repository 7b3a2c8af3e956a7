"""Families as they are: of fitting age, one mother and father each, and the same in every world."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from lakehouse.synthetic.population import people
from lakehouse.synthetic.population.people import DAYS_A_YEAR, FEMALE, MALE, NOBODY, RACES, People
from lakehouse.synthetic.streams import Streams
from lakehouse.synthetic.world import BLOCK, World

WORLD = World()


@pytest.fixture(scope="module")
def blocks() -> list[People]:
    return [people.draw(WORLD, Streams(WORLD.seed, block)) for block in range(12)]


def test_a_block_is_the_same_whenever_it_is_drawn(blocks: list[People]) -> None:
    again = people.draw(World(people=9_000_000), Streams(WORLD.seed, 3))
    for field in fields(People):
        assert np.array_equal(getattr(again, field.name), getattr(blocks[3], field.name)), field.name
    other = people.draw(WORLD, Streams(WORLD.seed + 1, 3))
    assert not np.array_equal(other.birth, blocks[3].birth)


def test_persons_are_numbered_through_the_population(blocks: list[People]) -> None:
    assert np.concatenate([block.person for block in blocks]).tolist() == list(range(12 * BLOCK))


def test_mothers_and_fathers_fit_their_children(blocks: list[People]) -> None:
    for block in blocks:
        for parents, sex, youngest in ((block.mother, FEMALE, 15), (block.father, MALE, 16)):
            child = np.flatnonzero(parents != NOBODY)
            parent = parents[child]
            assert (block.sex[parent] == sex).all()
            assert ((block.birth[child] - block.birth[parent]) / DAYS_A_YEAR > youngest).all()
        has_both = np.flatnonzero((block.father != NOBODY) & (block.mother != NOBODY))
        assert np.array_equal(block.partner[block.mother[has_both]], block.father[has_both])


def test_nobody_marries_a_sibling_or_a_parent(blocks: list[People]) -> None:
    for block in blocks:
        one = np.flatnonzero(block.partner != NOBODY)
        other = block.partner[one]
        assert np.array_equal(block.partner[other], one)
        assert (block.sex[one] != block.sex[other]).all()
        assert not ((block.mother[one] == block.mother[other]) & (block.mother[one] != NOBODY)).any()
        assert (block.mother[one] != other).all()
        assert (block.father[one] != other).all()


def test_siblings_are_born_more_than_a_year_apart_unless_twins(blocks: list[People]) -> None:
    for block in blocks:
        order = np.lexsort((block.birth, block.mother))
        same = (block.mother[order][1:] == block.mother[order][:-1]) & (block.mother[order][1:] != NOBODY)
        twins = block.twin[order][1:] == order[:-1]
        apart = np.diff(block.birth[order])[same & ~twins]
        assert (apart >= DAYS_A_YEAR).all()


def test_twins_share_mother_and_day_of_birth(blocks: list[People]) -> None:
    pairs = 0
    for block in blocks:
        one = np.flatnonzero(block.twin != NOBODY)
        other = block.twin[one]
        assert np.array_equal(block.birth[one], block.birth[other])
        assert np.array_equal(block.mother[one], block.mother[other])
        assert np.array_equal(block.sex[one][block.identical[one]], block.sex[other][block.identical[one]])
        pairs += len(one) // 2
    # 31 twin births in 1,000 (NCHS 2021): pairs in 1,000 persons, within three standard errors.
    assert abs(pairs / 12 - 15.6 / 2) < 3 * np.sqrt(7.8 / 12)


def test_families_hold_all_who_are_related(blocks: list[People]) -> None:
    for block in blocks:
        for link in (block.mother, block.father, block.partner):
            linked = link != NOBODY
            assert np.array_equal(block.family[linked], block.family[link[linked]])


def test_ages_and_races_are_those_of_the_country(blocks: list[People]) -> None:
    age = np.concatenate([block.age(WORLD.first_day) for block in blocks])
    race = np.concatenate([block.race for block in blocks])
    alive = age >= 0
    # Census 2019: 16.5 % are 65 and older, 22.3 % under 18; 60.1 % white, 12.5 % black, 18.5 % Hispanic, 5.8 % Asian.
    shares = {"old": (age >= 65, 0.165), "young": (age < 18, 0.223)}
    shares |= {name: (race == RACES.index(name), share) for name, share in
               (("white", 0.601), ("black", 0.125), ("hispanic", 0.185), ("asian", 0.058))}  # fmt: skip
    for name, (found, expected) in shares.items():
        tolerance = 4 * np.sqrt(expected * (1 - expected) / alive.sum()) + 0.012
        assert abs(found[alive].mean() - expected) < tolerance, name


def test_children_are_born_until_the_last_day(blocks: list[People]) -> None:
    birth = np.concatenate([block.birth for block in blocks])
    assert birth.max() <= WORLD.last_day
    born = (birth > WORLD.first_day).mean()
    assert 0.07 < born < 0.10
