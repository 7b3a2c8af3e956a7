"""The lineage follows the genomes that the simulation drew, and children follow their parents."""

from __future__ import annotations

import numpy as np
import pytest

from lakehouse.synthetic.genomes import lineage as of_block
from lakehouse.synthetic.genomes.known import extents
from lakehouse.synthetic.genomes.lineage import Lineage
from lakehouse.synthetic.population import genome
from lakehouse.synthetic.population.genome import loci, place_of
from lakehouse.synthetic.population.people import NOBODY
from lakehouse.synthetic.streams import Streams
from tests.synthetic.genomes.conftest import WORLD


def founders_at(lineage: Lineage, chrom: str, position: int) -> np.ndarray:
    (piece,) = lineage.pieces(chrom, np.array([position]))
    return piece.founder


def test_at_known_loci_everybody_has_the_allele_of_the_founder(lineages: list[Lineage]) -> None:
    for lineage in lineages:
        for place, locus in enumerate(loci()):
            founder = founders_at(lineage, locus.chrom, locus.position)
            assert np.isin(founder, lineage.founders).all()
            told = lineage.alleles[place] != genome.ABSENT
            assert np.array_equal(lineage.alleles[place, told], lineage.alleles[place, founder][told]), locus.key


def test_the_lineage_has_the_alleles_and_ancestries_that_are_drawn(lineages: list[Lineage]) -> None:
    for block, lineage in enumerate(lineages):
        drawn = genome.inherit(Streams(WORLD.seed, block), lineage.people)
        assert np.array_equal(lineage.alleles[:, 0::2], drawn.genome.maternal.T)
        assert np.array_equal(lineage.alleles[:, 1::2], drawn.genome.paternal.T)
        founder = np.flatnonzero((lineage.sources == np.arange(len(lineage.sources))[:, None]).all(axis=1))
        for place in range(0, len(loci()), 97):
            local = lineage.ancestry_at(loci()[place].chrom, loci()[place].position)
            assert np.array_equal(local[founder], drawn.local[founder % 2, founder // 2, place])


def test_everywhere_a_childs_haplotype_is_one_of_the_parents_two(lineages: list[Lineage]) -> None:
    for lineage in lineages:
        people = lineage.people
        for piece in lineage.pieces("chr19", np.arange(1, 58_000_000, 500_000)):
            for side, parents in enumerate((people.mother, people.father)):
                child = np.flatnonzero(parents != NOBODY)
                own = piece.founder[2 * child + side]
                either = piece.founder[2 * parents[child]], piece.founder[2 * parents[child] + 1]
                assert np.all((own == either[0]) | (own == either[1]))


def test_identical_twins_have_the_same_founders(lineages: list[Lineage]) -> None:
    for lineage in lineages:
        people = lineage.people
        one = np.flatnonzero(people.identical)
        for piece in lineage.pieces("chr19", np.arange(1, 58_000_000, 500_000)):
            for side in (0, 1):
                assert np.array_equal(piece.founder[2 * one + side], piece.founder[2 * people.twin[one] + side])


def test_fathers_hand_down_their_whole_only_x(lineages: list[Lineage]) -> None:
    for lineage in lineages:
        child = np.flatnonzero(lineage.people.father != NOBODY)
        for position in (3_000_000, 80_000_000, 155_000_000):
            founder = founders_at(lineage, "chrX", position)
            assert np.array_equal(founder[2 * child + 1], founder[2 * lineage.people.father[child]])


def test_crossovers_are_as_frequent_as_the_map_has_them(lineages: list[Lineage]) -> None:
    """Recombinants between the ends of a stretch of chr2 of 30 million bases: by Haldane 24 % at 1.1 cM a megabase."""
    switched = []
    for lineage in lineages:
        child = np.flatnonzero((lineage.people.mother != NOBODY) & ~lineage.people.identical)
        ends = [founders_at(lineage, "chr2", position) for position in (150_000_000, 180_000_000)]
        mother = 2 * lineage.people.mother[child]
        grandmaternal = [of_end[2 * child] == of_end[mother] for of_end in ends]
        switched.append(grandmaternal[0] != grandmaternal[1])
    assert abs(np.concatenate(switched).mean() - 0.24) < 0.06


def test_changes_lie_in_the_gap_before_their_locus(lineages: list[Lineage]) -> None:
    for place in range(1, len(loci())):
        before, after = loci()[place - 1], loci()[place]
        if before.chrom == after.chrom and before.position < after.position:
            for changes in (lineages[0].crossing[place], lineages[0].changing[place]):
                assert np.all((before.position < changes) & (changes <= after.position))


@pytest.mark.parametrize("gene", ["CYP2C19", "CYP2C9", "DPYD", "SLCO1B1", "TPMT", "UGT1A1"])
def test_no_change_cuts_a_gene(lineages: list[Lineage], gene: str) -> None:
    place = place_of()[gene]
    first, last = extents()[place]
    assert first < last
    for changes in (lineages[0].crossing, lineages[0].changing):
        assert changes[place].max() <= first
        assert changes[place + 1].min() > last


def test_a_lineage_is_a_matter_of_its_block_alone(lineages: list[Lineage]) -> None:
    streams = Streams(WORLD.seed, 1)
    again = of_block.draw(streams, lineages[1].people)
    assert np.array_equal(again.crossing, lineages[1].crossing)
    assert not np.array_equal(lineages[0].crossing, lineages[1].crossing)
