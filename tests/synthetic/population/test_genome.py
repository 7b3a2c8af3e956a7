"""Genes follow Mendel, frequencies those of ancestries, and liabilities their loci."""

from __future__ import annotations

import numpy as np
import pytest

from lakehouse.synthetic.population import genome, people
from lakehouse.synthetic.population.genome import ABSENT, ANCESTRIES, Genome, loci, place_of
from lakehouse.synthetic.population.people import FEMALE, MALE, NOBODY, RACES, People
from lakehouse.synthetic.streams import Streams
from lakehouse.synthetic.world import World

WORLD = World()
BLOCKS = 6


@pytest.fixture(scope="module")
def inherited() -> list[tuple[People, Genome]]:
    found = []
    for block in range(BLOCKS):
        streams = Streams(WORLD.seed, block)
        of_block = people.draw(WORLD, streams)
        found.append((of_block, genome.draw(streams, of_block)))
    return found


def on_x() -> np.ndarray:
    return np.array([locus.chrom == "chrX" for locus in loci()])


def test_every_allele_comes_from_a_parent(inherited: list[tuple[People, Genome]]) -> None:
    for block, genes in inherited:
        for parents, of_child in ((block.mother, genes.maternal), (block.father, genes.paternal)):
            child = np.flatnonzero(parents != NOBODY)
            parent = parents[child]
            compared = of_child[child] != ABSENT
            from_one = of_child[child] == genes.maternal[parent]
            from_other = of_child[child] == genes.paternal[parent]
            assert (from_one | from_other)[compared].all()


def test_men_have_one_x_and_it_is_their_mothers(inherited: list[tuple[People, Genome]]) -> None:
    for block, genes in inherited:
        absent = genes.paternal == ABSENT
        assert absent[np.ix_(block.sex == MALE, on_x())].all()
        assert not absent[:, ~on_x()].any()
        daughter = np.flatnonzero((block.father != NOBODY) & (block.sex == FEMALE))
        x = np.flatnonzero(on_x())
        assert np.array_equal(genes.paternal[np.ix_(daughter, x)], genes.maternal[np.ix_(block.father[daughter], x)])


def test_identical_twins_are_identical(inherited: list[tuple[People, Genome]]) -> None:
    for block, genes in inherited:
        one = np.flatnonzero(block.identical)
        assert np.array_equal(genes.maternal[one], genes.maternal[block.twin[one]])
        assert np.array_equal(genes.ancestry[one], genes.ancestry[block.twin[one]])


def test_neighbours_are_transmitted_together_and_distant_loci_are_not(inherited: list[tuple[People, Genome]]) -> None:
    """Recombination between loci where a parent is heterozygous at both: rare close by, one half far away."""
    close: list[np.ndarray] = []
    far: list[np.ndarray] = []
    positions = [(locus.chrom, locus.position) for locus in loci()]
    for block, genes in inherited:
        child = np.flatnonzero(block.mother != NOBODY)
        mother = block.mother[child]
        first, second = genes.maternal[mother], genes.paternal[mother]
        informative = first != second
        strand = genes.maternal[child] == second
        for place in range(len(positions) - 1):
            chrom, position = positions[place]
            for other in range(place + 1, min(place + 40, len(positions))):
                if positions[other][0] != chrom:
                    break
                distance = positions[other][1] - position
                both = informative[:, place] & informative[:, other]
                if distance < 300_000 or distance > 60_000_000:
                    switched = strand[both, place] != strand[both, other]
                    (close if distance < 300_000 else far).append(switched)
    assert np.concatenate(close).mean() < 0.01
    assert 0.3 < np.concatenate(far).mean() < 0.52


def test_alleles_have_the_frequencies_of_their_ancestry(inherited: list[tuple[People, Genome]]) -> None:
    """Founders of one ancestry, at common variants: within five standard errors, whichever the variant."""
    white = [
        (block.race == RACES.index("white")) & (block.mother == NOBODY) & (block.father == NOBODY)
        for block, _ in inherited
    ]
    for place, locus in enumerate(loci()):
        if len(locus.alleles) != 2 or not 0.1 < locus.frequencies[1, ANCESTRIES.index("eur")] < 0.9:
            continue
        counts = np.concatenate(
            [genes.count(place)[chosen] for (_, genes), chosen in zip(inherited, white, strict=True)]
        )
        expected = locus.frequencies[1, ANCESTRIES.index("eur")]
        error = np.sqrt(expected * (1 - expected) / (2 * len(counts)))
        assert abs(counts.mean() / 2 - expected) < 5 * error + 0.012, locus.key


def test_liabilities_are_standard_within_ancestries_and_shared_in_families(
    inherited: list[tuple[People, Genome]],
) -> None:
    pairs: dict[str, list[np.ndarray]] = {}
    for block, genes in inherited:
        child = np.flatnonzero((block.mother != NOBODY) & (block.father != NOBODY))
        for trait, values in genome.liabilities(genes).items():
            middle = (values[block.mother[child]] + values[block.father[child]]) / 2
            pairs.setdefault(trait, []).append(np.stack([middle, values[child]]))
            assert abs(values.mean()) < 0.25, trait
            assert 0.8 < values.std() < 1.25, trait
    slopes = [_slope(np.concatenate(both, axis=1)) for both in pairs.values()]
    assert abs(np.mean(slopes) - 1) < 0.08  # all of a liability is inherited: children lie around the parents' mean


def _slope(pairs: np.ndarray) -> float:
    """Of the second row on the first, by least squares."""
    return float(np.polyfit(pairs[0], pairs[1], 1)[0])


def test_phenotypes_of_pharmacogenes_have_their_published_shares(inherited: list[tuple[People, Genome]]) -> None:
    """CPIC's frequency tables: CYP2C19 poor metabolisers 2.4 % of Europeans, SLCO1B1 poor function about 2 to 3 %."""
    found: dict[tuple[str, str], list[bool]] = {}
    for block, genes in inherited:
        white = block.race == RACES.index("white")
        for gene, names in genome.phenotypes(genes).items():
            for name in set(names):
                found.setdefault((gene, name), []).extend((names == name)[white].tolist())
    share = {key: sum(values) / len(values) for key, values in found.items() if len(values) > 3_000}
    assert 0.012 < share["CYP2C19", "poor_metabolizer"] < 0.04
    assert 0.005 < share["SLCO1B1", "poor_function"] < 0.045
    assert 0.10 < share["VKORC1", "1639_aa"] < 0.20


def test_carriers_of_recessive_variants_are_not_affected(inherited: list[tuple[People, Genome]]) -> None:
    place = place_of()["HFE:c.845G>A"]
    for _, genes in inherited:
        carries = genes.count(place) == 1
        other = [place_of()[key] for key in place_of() if key.startswith("HFE:") and place_of()[key] != place]
        alone = carries & ~np.any([genes.count(one) > 0 for one in other], axis=0)
        assert not genome.affected(genes)["HFE"][alone].any()
