"""Planted effects come back from the genotypes, and not where nothing was planted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from lakehouse.synthetic.genetics.landed import Landed
from lakehouse.synthetic.genetics.pharmacogenes import figures as of_pharmacogenes
from lakehouse.synthetic.genetics.phenotypes import MEASURES, hazard, share
from lakehouse.synthetic.genetics.traits import Trait, estimated, figures, traits
from lakehouse.synthetic.knowledge import by_key, number
from lakehouse.synthetic.population import genome, physiology, society
from lakehouse.synthetic.population.genome import liabilities
from lakehouse.synthetic.streams import Floats, Streams
from lakehouse.synthetic.world import Planted, World
from tests.synthetic.genetics.conftest import GENOME, PEOPLE, WORLD

NULL = replace(WORLD, planted=Planted(genetics=0))
RANDOM = np.random.default_rng(7)
LIABILITIES = liabilities(GENOME)


def test_all_loci_of_autosomes_have_the_planted_effect_on_the_liability(known: Landed) -> None:
    for key, trait in traits(known).items():
        assert trait.kept > 0.9
        if trait.kept == 1:
            assert trait.score == pytest.approx(LIABILITIES[key])


def _estimates(known: Landed, order: np.ndarray) -> Iterator[tuple[Trait, Floats, Floats]]:
    for key, trait in traits(known).items():
        yield trait, *estimated(LIABILITIES[key] + RANDOM.normal(0, 0.5, len(order)), trait.counts[order])


def test_effects_hold_for_each_persons_own_genotypes_only(known: Landed) -> None:
    own = np.arange(len(PEOPLE))
    assert all(figure.holds for figure in figures(_estimates(known, own)))
    assert not any(figure.holds for figure in figures(_estimates(known, np.roll(own, 1))))


def _values(world: World, measure: str) -> pd.DataFrame:
    """What was measured of everybody, as the simulation draws it."""
    streams = Streams(world.seed, 0)
    around = society.draw(world, streams, PEOPLE, LIABILITIES["bmi"])
    carriers = genome.affected(GENOME)
    body = physiology.draw(streams, PEOPLE, around, LIABILITIES, carriers, world.planted.genetics)
    noise = RANDOM.normal(0, number(by_key("measures")[measure], "sd_within"), len(PEOPLE))
    mass = np.exp(around.log_bmi)
    by_mass = sum(
        number(row, "effect") * (mass - 27) / 5
        for row in physiology.effects_on(measure)
        if row["factor"] == "bmi_per_5"
    )
    return pd.DataFrame({
        "place": np.arange(len(PEOPLE)), "value": body.own[:, body.place(measure)] + by_mass + noise, "times": 1,
        "age": 50.0, "body_mass": mass,
        "sex": np.where(PEOPLE.sex == 0, "female", "male"), "race": PEOPLE.race.astype(str), "ethnicity": "",
    })  # fmt: skip


@pytest.mark.parametrize("key", MEASURES)
def test_genotype_explains_the_configured_share_of_variance(known: Landed, key: str) -> None:
    trait, measure = traits(known)[key], MEASURES[key]
    assert share(WORLD, trait, _values(WORLD, measure)).holds
    assert share(NULL, trait, _values(NULL, measure)).holds
    assert not share(WORLD, trait, _values(NULL, measure)).holds
    assert not share(NULL, trait, _values(WORLD, measure)).holds


def test_diseases_begin_as_their_liability_leads_to_expect(known: Landed) -> None:
    trait = traits(known)["type_2_diabetes"]
    for world, effect in ((WORLD, 0.66), (NULL, 0.0)):
        years = RANDOM.exponential(150 * np.exp(-effect * LIABILITIES["type_2_diabetes"]))
        began = PEOPLE.birth + (years * 365.25).astype(np.int64)
        ill = (began <= world.last_day) & (PEOPLE.birth <= world.last_day)
        onset = pd.Series(began[ill].astype("datetime64[D]"), index=PEOPLE.person[ill])
        assert hazard(world, known.people, trait, "type_2_diabetes", onset).holds
        other = NULL if world is WORLD else WORLD
        assert not hazard(other, known.people, trait, "type_2_diabetes", onset).holds


def test_diplotypes_are_as_common_as_published(known: Landed) -> None:
    found = list(of_pharmacogenes(known))
    assert len([one for one in found if one.counts]) > 10
    assert [one for one in found if one.counts and not one.holds] == []


def test_diplotypes_of_others_ancestries_are_not(known: Landed) -> None:
    columns = [f"ancestry_{name}" for name in genome.ANCESTRIES]
    turned = known.people.assign(**dict(zip(columns, known.people[np.roll(columns, 1)].to_numpy().T, strict=True)))
    found = [one for one in of_pharmacogenes(replace(known, people=turned)) if one.counts]
    assert sum(one.holds for one in found) < 0.5 * len(found)
