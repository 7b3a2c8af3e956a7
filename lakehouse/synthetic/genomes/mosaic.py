"""The haplotypes of persons as mosaics of the panel's.

What a founder haplotype has around a known locus of the window it copies from one panel haplotype of its ancestry
there that carries its allele; what goes with a known locus elsewhere, from any panel haplotype of its ancestry. Which
one is a hash of the founder haplotype and the locus, or the window. Descendants have what their lineage says. The
sites of known loci show the alleles that the simulation drew.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakehouse.synthetic.genomes.genotypes import Genotypes
from lakehouse.synthetic.genomes.lineage import Lineage, Piece
from lakehouse.synthetic.genomes.panel import HAPLOTYPES, Panel
from lakehouse.synthetic.genomes.windows import Window
from lakehouse.synthetic.population.genome import ABSENT, ANCESTRIES, loci
from lakehouse.synthetic.streams import Floats, Integers
from lakehouse.synthetic.world import BLOCK


def genotypes(window: Window, panel: Panel, lineage: Lineage, persons: Integers) -> Genotypes:
    """The haplotypes of some persons of the lineage's block at the panel's sites of the window.

    persons: numbers in the whole population. What a person has does not depend on who else is asked for.
    """
    rows = persons - lineage.streams.block * BLOCK
    asked = np.asarray((2 * rows[:, None] + [0, 1]).ravel(), dtype=np.int64)
    position = panel.sites.position
    alleles = np.empty((len(position), len(asked)), dtype=np.int8)
    copies = _Copies(window, panel, lineage)
    for piece in lineage.pieces(window.chrom, position):
        _copy(alleles, position, panel, piece, copies, lineage.changing[piece.right], asked)
    _show_known(alleles, window, panel, lineage, asked)
    if window.chrom == "chrX":
        alleles[:, lineage.men_on_paternal[asked]] = ABSENT
    return Genotypes(panel.sites, persons, alleles.reshape(len(position), len(persons), 2))


class _Copies:
    """Which panel haplotype each founder haplotype copies where it goes with a known locus."""

    def __init__(self, window: Window, panel: Panel, lineage: Lineage) -> None:
        self.window, self.panel, self.lineage = window, panel, lineage
        self.founder = lineage.streams.block * BLOCK * 2 + lineage.founders
        self._found: dict[int, Integers] = {}

    def of(self, place: int) -> Integers:
        """Numbers of panel haplotypes by haplotype of the block.

        Meant are those of founders alone, and of a twin who is one in part those where he has not the other's.
        """
        if place not in self._found:
            ancestry = self.lineage.ancestry[place, self.lineage.founders].astype(np.int64)
            chosen = self._carriers(place, ancestry) if place in self.window.loci else self._anyone(ancestry)
            self._found[place] = np.zeros(len(self.lineage.sources), dtype=np.int64)
            self._found[place][self.lineage.founders] = chosen
        return self._found[place]

    def _anyone(self, ancestry: Integers) -> Integers:
        chance = self._chance(f"genomes:copied:{self.window.chrom}:{self.window.start}")
        return ancestry * HAPLOTYPES + (chance * HAPLOTYPES).astype(np.int64)

    def _carriers(self, place: int, ancestry: Integers) -> Integers:
        """A carrier of the founder's allele; anyone of the ancestry should none of it carry the allele."""
        number = self.window.loci.index(place)
        carried = self.panel.alleles[number].reshape(len(ANCESTRIES), HAPLOTYPES)
        allele = np.maximum(self.lineage.alleles[place, self.lineage.founders], 0)
        counts = np.stack([(carried == one).sum(axis=1) for one in range(len(loci()[place].alleles))], axis=1)
        first, count = (np.cumsum(counts, axis=1) - counts)[ancestry, allele], counts[ancestry, allele]
        first, count = np.where(count, first, 0), np.where(count, count, HAPLOTYPES)
        chosen = first + (self._chance(f"genomes:copied:{loci()[place].key}") * count).astype(np.int64)
        return np.asarray(ancestry * HAPLOTYPES + self.panel.by_allele[number, ancestry, chosen])

    def _chance(self, purpose: str) -> Floats:
        return self.lineage.streams.chance(purpose, self.founder)


def _copy(
    alleles: NDArray[np.int8], position: Integers, panel: Panel, piece: Piece, copies: _Copies,
    changing: NDArray[np.int32], asked: Integers,
) -> None:  # fmt: skip
    """Fill in the sites of a piece, for the haplotypes that are asked for."""
    founder = piece.founder[asked]
    left, right, change = copies.of(piece.left)[founder], copies.of(piece.right)[founder], changing[founder]
    at, source = position[piece.begin : piece.end], panel.haplotypes[piece.begin : piece.end]
    target = alleles[piece.begin : piece.end]
    np.take(source, np.where(at[0] < change, left, right), axis=1, out=target, mode="clip")
    within = np.flatnonzero((at[0] < change) & (change <= at[-1]) & (left != right))
    if len(within):
        beyond = np.flatnonzero(at >= change[within].min())
        still_left = at[beyond, None] < change[within]
        sides = source[np.ix_(beyond, left[within])], source[np.ix_(beyond, right[within])]
        target[np.ix_(beyond, within)] = np.where(still_left, *sides)


def _show_known(
    alleles: NDArray[np.int8], window: Window, panel: Panel, lineage: Lineage, asked: Integers
) -> None:  # fmt: skip
    """Put the drawn alleles at the sites of the known loci."""
    place_of = {key: place for place, key in enumerate(zip(panel.sites.position, panel.sites.alternate, strict=True))}
    for site in window.known:
        drawn = lineage.alleles[site.locus, asked]
        alleles[place_of[site.position, site.alternate]] = np.array(site.allele, dtype=np.int8)[drawn]
