"""Relatives are as alike in their dense genomes as Mendel has them, wherever their parents live."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from lakehouse.synthetic.genetics.families import kinship
from lakehouse.synthetic.genomes.lineage import Lineage
from lakehouse.synthetic.genomes.mosaic import genotypes
from lakehouse.synthetic.genomes.panel import HAPLOTYPES, simulate
from lakehouse.synthetic.genomes.windows import windows
from lakehouse.synthetic.population.genome import ANCESTRIES, inherit
from lakehouse.synthetic.population.people import MALE, NOBODY, People
from lakehouse.synthetic.streams import Floats, Integers
from tests.synthetic.genomes.conftest import WORLD, lineage_of

BLOCKS = 8
WINDOWS = [window for window in windows() if window.chrom != "chrX"][::17]

Pairs = Callable[[People], Integers]


def identical(people: People) -> Integers:
    one = np.flatnonzero((people.twin > np.arange(len(people))) & people.identical)
    return np.stack([one, people.twin[one]], axis=1)


def fraternal(mother: bool, father: bool) -> Pairs:
    """Pairs of fraternal twins whose parents are in the block, or not."""

    def pairs(people: People) -> Integers:
        one = np.flatnonzero((people.twin > np.arange(len(people))) & ~people.identical)
        one = one[((people.mother[one] != NOBODY) == mother) & ((people.father[one] != NOBODY) == father)]
        return np.stack([one, people.twin[one]], axis=1)

    return pairs


def of_siblings(people: People) -> Integers:
    """Who is born next of the same two parents of the block, twins apart."""
    order = np.lexsort((people.birth, people.father, people.mother))
    order = order[(people.mother[order] != NOBODY) & (people.father[order] != NOBODY)]
    one, other = order[:-1], order[1:]
    alike = (people.mother[one] == people.mother[other]) & (people.father[one] == people.father[other])
    return np.asarray(np.stack([one, other], axis=1)[alike & (people.twin[one] != other)])


def with_mother(people: People) -> Integers:
    child = np.flatnonzero(people.mother != NOBODY)
    return np.stack([child, people.mother[child]], axis=1)


def with_father(people: People) -> Integers:
    child = np.flatnonzero(people.father != NOBODY)
    return np.stack([child, people.father[child]], axis=1)


def strangers(people: People) -> Integers:
    """People without parents in the block, each with the next one who has no twin."""
    alone = np.flatnonzero((people.mother == NOBODY) & (people.father == NOBODY) & (people.twin == NOBODY))
    return np.stack([alone[:-1], alone[1:]], axis=1)


RELATIONS: dict[str, tuple[Pairs, float]] = {
    "identical twins": (identical, 0.5),
    "fraternal twins": (fraternal(mother=True, father=True), 0.25),
    "fraternal twins without a father": (fraternal(mother=True, father=False), 0.25),
    "fraternal twins without parents": (fraternal(mother=False, father=False), 0.25),
    "siblings": (of_siblings, 0.25), "mother and child": (with_mother, 0.25), "father and child": (with_father, 0.25),
    "strangers": (strangers, 0.0),
}  # fmt: skip
MOST = 40
"""Pairs of a relation and block that are looked at."""


@pytest.fixture(scope="module")
def blocks() -> list[Lineage]:
    return [lineage_of(WORLD, block) for block in range(BLOCKS)]


@pytest.fixture(scope="module")
def measured(blocks: list[Lineage]) -> dict[str, Floats]:
    """By relation the kinship of its pairs, from genotypes and the frequencies of each one's mixture of ancestries."""
    panels = [(window, simulate(WORLD.seed, window)) for window in WINDOWS]
    frequency = np.concatenate([
        (panel.haplotypes > 0).reshape(-1, len(ANCESTRIES), HAPLOTYPES).mean(axis=2) for _, panel in panels
    ])  # fmt: skip
    found: dict[str, list[Floats]] = {relation: [] for relation in RELATIONS}
    for lineage in blocks:
        pairs = {relation: of(lineage.people)[:MOST] for relation, (of, _) in RELATIONS.items()}
        looked_at = np.unique(np.concatenate(list(pairs.values())))
        persons = lineage.people.person[looked_at]
        dosage = np.concatenate([
            (genotypes(window, panel, lineage, persons).alleles > 0).sum(axis=2, dtype=np.int8)
            for window, panel in panels
        ])  # fmt: skip
        mixture = inherit(lineage.streams, lineage.people).genome.ancestry[looked_at] @ frequency.T
        for relation, of_relation in pairs.items():
            found[relation].append(kinship(dosage, mixture, np.searchsorted(looked_at, of_relation)))
    return {relation: np.concatenate(values) for relation, values in found.items()}


@pytest.mark.parametrize("relation", RELATIONS)
def test_kinship_is_that_of_the_relation(measured: dict[str, Floats], relation: str) -> None:
    """Within four standard errors, and one hundredth for founders who copy the same haplotype of the panel."""
    values, expected = measured[relation], RELATIONS[relation][1]
    assert len(values) >= 5
    assert abs(values.mean() - expected) < 4 * values.std(ddof=1) / np.sqrt(len(values)) + 0.01


def test_no_twins_are_strangers(measured: dict[str, Floats]) -> None:
    for relation, values in measured.items():
        if "twins" in relation:
            assert values.min() > (0.4 if relation.startswith("identical") else 0.05)


def test_fraternal_sisters_have_their_absent_fathers_only_x(blocks: list[Lineage]) -> None:
    pairs = [(lineage, pair) for lineage in blocks for pair in fraternal(mother=False, father=False)(lineage.people)]
    sexes = []
    for lineage, (one, other) in pairs:
        for piece in lineage.pieces("chrX", np.array([3_000_000, 80_000_000, 155_000_000])):
            mothers, fathers = piece.founder[[2 * one, 2 * other]], piece.founder[[2 * one + 1, 2 * other + 1]]
            assert set(mothers) <= {2 * one, 2 * other}
            is_his = lineage.people.sex[one] == MALE
            assert fathers.tolist() == [2 * one + 1, 2 * other + 1 if is_his else 2 * one + 1]
        sexes.append(tuple(lineage.people.sex[[one, other]].tolist()))
    assert len(set(sexes)) == 4
