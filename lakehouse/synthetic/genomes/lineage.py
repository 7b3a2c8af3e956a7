"""From which founder each piece of each person's chromosomes comes.

Ancestry of founders, and strands of children, are those of population/genome.py at the known loci. Where two neighbours
on a chromosome differ, the change lies at one place in the gap between them, each base as likely as another; a gene and
its variants are never cut. Between neighbours that are alike there is no change, and none beyond the first and the last
known locus of a chromosome.

A haplotype is numbered by its person and side: 2 times the place of the person in the block, plus 1 for the paternal
one. A haplotype is a founder's where it is its own source: that parent is not in the block, nor has a twin what he has.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lakehouse.synthetic.genomes.known import extents
from lakehouse.synthetic.population.genome import SIDES, inherit, loci, sources
from lakehouse.synthetic.population.people import MALE, People
from lakehouse.synthetic.streams import Floats, Integers, Streams


@dataclass(frozen=True)
class Piece:
    """Neighbouring sites at which nobody's strand changes.

    begin, end: places of the sites, as a slice. left, right: places of the known loci on either side, the same one
    beyond the last of a chromosome. founder: for each haplotype of the block the founder haplotype that it comes from.
    """

    begin: int
    end: int
    left: int
    right: int
    founder: Integers


@dataclass(frozen=True)
class Lineage:
    """The descent of the haplotypes of a block.

    alleles: known locus by haplotype, as drawn. ancestry: known locus by haplotype, place in ANCESTRIES, of founders.
    strand: known locus by haplotype, of which of its two sources it is, 0 where they are one. sources: haplotype by 2,
    those that it is made of. crossing, changing: known locus by haplotype, the first base that goes with this locus
    and not with the one before, as to the strand and as to what a founder has.
    """

    streams: Streams
    people: People
    alleles: NDArray[np.int8]
    ancestry: NDArray[np.int8]
    strand: NDArray[np.int8]
    sources: Integers
    crossing: NDArray[np.int32]
    changing: NDArray[np.int32]

    @cached_property
    def founders(self) -> Integers:
        """The haplotypes that are founders', wholly or in part."""
        return np.flatnonzero((self.sources == np.arange(len(self.sources))[:, None]).any(axis=1))

    @cached_property
    def men_on_paternal(self) -> NDArray[np.bool_]:
        """Haplotypes that are absent on chrX."""
        return np.asarray(np.repeat(self.people.sex == MALE, 2) & (np.arange(len(self.sources)) % 2 == 1))

    def pieces(self, chrom: str, position: Integers) -> Iterator[Piece]:
        """The sites of a chromosome at those ascending positions, cut where any strand of the block changes."""
        first, last, places = _places(chrom)
        gap = np.searchsorted(places, position, side="right")
        for number in np.unique(gap):
            begin, end = np.searchsorted(gap, [number, number + 1]).tolist()
            left, right = max(first + int(number) - 1, first), min(first + int(number), last)
            differs = self.strand[left] != self.strand[right]
            cuts = np.searchsorted(position[begin:end], np.unique(self.crossing[right, differs])) + begin
            bounds = sorted({begin, *cuts.tolist(), end})
            for start, stop in pairwise(bounds):
                yield Piece(start, stop, left, right, self._founder_of(position[start], left, right))

    def ancestry_at(self, chrom: str, position: int) -> NDArray[np.int8]:
        """The local ancestry of each haplotype of the block at a position, as places in ANCESTRIES."""
        (piece,) = self.pieces(chrom, np.array([position]))
        left, right = self.ancestry[piece.left, piece.founder], self.ancestry[piece.right, piece.founder]
        return np.asarray(np.where(position < self.changing[piece.right, piece.founder], left, right))

    def _founder_of(self, position: int, left: int, right: int) -> Integers:
        strand = np.where(position < self.crossing[right], self.strand[left], self.strand[right])
        origin = np.where(strand == 0, self.sources[:, 0], self.sources[:, 1])
        while not np.array_equal(further := origin[origin], origin):
            origin = further
        return origin


def draw(streams: Streams, people: People) -> Lineage:
    """The lineage of the people of a block, with the very draws that their known alleles come from."""
    inherited = inherit(streams, people)
    genome = inherited.genome
    strand = _by_haplotype(inherited.strands).astype(np.int8)
    of = sources(people)
    strand[:, of[:, 0] == of[:, 1]] = 0
    return Lineage(
        streams, people, _by_haplotype(np.stack([genome.maternal, genome.paternal])),
        _by_haplotype(inherited.local).astype(np.int8), strand, of,
        _in_gap([streams.uniform(f"genomes:crossover:{side}", len(people), len(loci())) for side in SIDES]),
        _in_gap([streams.uniform(f"genomes:change of founder:{side}", len(people), len(loci())) for side in SIDES]),
    )  # fmt: skip


def _by_haplotype(of_sides: NDArray[Any]) -> NDArray[Any]:
    """From side by person by locus to locus by haplotype."""
    sides, persons, places = of_sides.shape
    return np.ascontiguousarray(of_sides.transpose(2, 1, 0)).reshape(places, persons * sides)


def _in_gap(chance: list[Floats]) -> NDArray[np.int32]:
    """For each known locus and haplotype a base in the gap before the locus."""
    before, after = _gaps()
    width = (after - before)[:, None]
    return np.asarray(before[:, None] + 1 + _by_haplotype(np.stack(chance)) * width, dtype=np.int32)


@cache
def _gaps() -> tuple[Integers, Integers]:
    """For each known locus the last base of what lies before the gap, and the first of what lies after it.

    Where genes overlap the gap is between the positions of the loci.
    """
    before, after = np.zeros((2, len(loci())), dtype=np.int64)
    for chrom in dict.fromkeys(locus.chrom for locus in loci()):
        first, last, position = _places(chrom)
        of_chrom = extents()[first : last + 1]
        reached = np.maximum.accumulate(of_chrom[:-1, 1])
        ahead = np.minimum.accumulate(of_chrom[:0:-1, 0])[::-1]
        apart = reached < ahead
        before[first + 1 : last + 1] = np.where(apart, reached, position[:-1])
        after[first + 1 : last + 1] = np.where(apart, ahead, position[1:])
    return before, after


@cache
def _places(chrom: str) -> tuple[int, int, Integers]:
    """The first and the last known locus of a chromosome, and the positions of all of them."""
    places = [place for place, locus in enumerate(loci()) if locus.chrom == chrom]
    return places[0], places[-1], np.array([loci()[place].position for place in places])
