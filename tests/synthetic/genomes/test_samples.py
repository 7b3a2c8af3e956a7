"""Who is genotyped, when, and in which batch: drawn by the person, whoever else there is."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import pairwise

import numpy as np
import pytest

from lakehouse.bronze.genomics.sample_manifest import SampleManifest
from lakehouse.synthetic.deliveries import days
from lakehouse.synthetic.genomes.samples import Batch, Samples, batches, collect, manifest
from lakehouse.synthetic.identifiers import sample_id
from lakehouse.synthetic.streams import Integers
from lakehouse.synthetic.world import BLOCK, Planted, World, day_number
from tests.synthetic.genomes.lab import sexes

WORLD = World(people=5_000, seed=7, deliveries=24, planted=Planted(lab_errors=5))
NEVER = 10**6


def lives(persons: Integers) -> tuple[Integers, Integers]:
    """Days of birth and death: some are born, and some die, within the window or before it."""
    birth = WORLD.first_day - 20_000 + persons * 7_919 % 22_000
    death = np.where(persons % 10 == 0, birth + 19_500, NEVER)
    return birth, death


def of_batch(world: World, batch: Batch) -> Samples:
    persons = np.arange(batch.blocks.start * BLOCK, min(batch.blocks.stop * BLOCK, world.people))
    return collect(world, batch, persons, *lives(persons))


def of_world(world: World) -> dict[Batch, Samples]:
    return {batch: of_batch(world, batch) for batch in batches(world, range(world.blocks))}


EVERY = of_world(WORLD)


def test_a_share_of_persons_is_genotyped() -> None:
    world = replace(WORLD, end=date(2027, 12, 31))
    birth = np.full(world.people, WORLD.first_day - 9_000)
    found = [
        collect(replace(world, planted=Planted(lab_errors=0)), batch, np.arange(world.people), birth, birth * 0 + NEVER)
        for batch in batches(world, range(world.blocks))
    ]
    late = 180 / (world.last_day - world.first_day)  # collected, and reported after the last delivery
    assert sum(len(samples.person) for samples in found) / world.people == pytest.approx(0.3 * (1 - late / 2), abs=0.02)


def test_each_sample_comes_once_with_the_first_delivery_after_its_report() -> None:
    ids = np.concatenate([samples.sample_id for samples in EVERY.values()])
    assert len(set(ids)) == len(ids)
    borders = [WORLD.first_day, *map(day_number, days(WORLD))]
    spans = dict(zip(days(WORLD), pairwise(borders), strict=True))
    for batch, samples in EVERY.items():
        begin, end = spans[batch.delivery]
        assert (samples.collected + 60 < end).all()
        assert (samples.collected + 180 >= begin).all()


def test_samples_are_taken_in_life_and_within_the_window() -> None:
    for samples in EVERY.values():
        birth, death = lives(samples.person)
        assert (samples.collected >= np.maximum(birth, WORLD.first_day)).all()
        assert (samples.collected <= np.minimum(death, WORLD.last_day)).all()


def test_fewer_people_have_the_same_samples() -> None:
    fewer = replace(WORLD, people=1_500)
    for batch, samples in of_world(fewer).items():
        more = next(found for other, found in EVERY.items() if other.name == batch.name)
        first = more.person < fewer.people
        assert np.array_equal(samples.sample_id, more.sample_id[first])
        assert np.array_equal(samples.collected, more.collected[first])


def test_batches_hold_their_blocks_and_have_names_of_their_own() -> None:
    assert len({batch.name for batch in EVERY}) == len({batch.number for batch in EVERY}) == len(EVERY)
    first = [batch for batch in EVERY if batch.delivery == days(WORLD)[0]]
    assert [batch.blocks for batch in first] == [range(block, block + 1) for block in range(5)]
    assert all((EVERY[batch].person // BLOCK == batch.blocks.start).all() for batch in first)


def test_some_persons_are_genotyped_twice() -> None:
    persons = np.concatenate([samples.person for samples in EVERY.values()])
    copies = np.concatenate([samples.copy for samples in EVERY.values()])
    again = persons[copies == 1]
    assert 0.02 < len(again) / len(persons) < 0.08
    assert np.isin(again, persons[copies == 0]).mean() > 0.95
    assert all(
        (samples.copy == 0).all() for samples in of_world(replace(WORLD, planted=Planted(lab_errors=0))).values()
    )


def test_first_samples_have_the_ids_under_which_the_laboratory_knows_people() -> None:
    for samples in EVERY.values():
        first = samples.copy == 0
        assert np.array_equal(samples.sample_id[first], sample_id(WORLD.seed, samples.person[first]))


def test_a_manifest_has_the_columns_that_are_read() -> None:
    batch, samples = next(iter(EVERY.items()))
    records = np.array([f"MRN{person}" for person in samples.person], dtype=object)
    names, *rows = (line.split("\t") for line in manifest(batch, samples, records, sexes(samples)).splitlines())
    assert names == ["sample_id", "medical_record_number", "batch", "sex", "collection_date"]
    assert set(names) <= set(SampleManifest.declared)
    assert [row[0] for row in rows] == samples.sample_id.tolist()
    assert {row[2] for row in rows} == {batch.name}
    assert [day_number(date.fromisoformat(row[4])) for row in rows] == samples.collected.tolist()
