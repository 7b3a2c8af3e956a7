"""Where in the genome there are sites: windows around the known loci, and as many between them as are asked for.

The autosomes, and chrX between its pseudoautosomal regions, are cut into cells of about two million bases, always the
same. A cell has a stretch around each of its known loci, or one at its centre if it has none; stretches that meet are
one. The more sites are asked for the longer the stretches, until they cover the cells: linkage disequilibrium is that
of about one site in 5,000 bases, as on an array, however many windows that makes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from lakehouse.errors import UsageError
from lakehouse.synthetic.genomes.known import KnownSite, extents, known_sites, sites_by_locus
from lakehouse.synthetic.knowledge import table
from lakehouse.synthetic.population.genome import loci

CELL = 2_000_000
"""Bases; a cell's true length differs by a few percent, and where a gene would be cut in two."""

SITES = 20_000
_BASES_A_SITE = 5_000
_LEAST_REACH = 25_000


@dataclass(frozen=True)
class Window:
    """A stretch of the genome whose sites are made together.

    start, end: first and last base (1-based). loci: places in `loci()` of the known loci in it.
    sites: how many sites it should have, those of the known loci among them.
    """

    chrom: str
    start: int
    end: int
    loci: tuple[int, ...]
    sites: int

    @property
    def known(self) -> tuple[KnownSite, ...]:
        """The sites of its known loci."""
        return tuple(site for place in self.loci for site in sites_by_locus()[place])


@dataclass(frozen=True)
class _Stretch:
    """A window before it is known how many sites it has; weight is its share of the genome's new sites."""

    chrom: str
    start: int
    end: int
    loci: tuple[int, ...]
    weight: float


@cache
def windows(sites: int = SITES) -> tuple[Window, ...]:
    """The windows for that many sites of the whole genome, in its order. They are the same for every world.

    Raises UsageError if there are more known sites than that.
    """
    new = sites - len(known_sites())
    if new < 0:
        raise UsageError(f"genomes have {len(known_sites())} known sites: ask for at least as many, not {sites}")
    cells = _cells()
    reach = max(_LEAST_REACH, round(new / len(cells) * _BASES_A_SITE / 2))
    stretches = [stretch for cell in cells for stretch in _stretches(*cell, reach)]
    upto = np.cumsum([stretch.weight for stretch in stretches])
    counts = np.diff(np.round(upto / upto[-1] * new).astype(int), prepend=0).tolist()
    return tuple(
        Window(
            stretch.chrom, stretch.start, stretch.end, stretch.loci,
            count + sum(len(sites_by_locus()[place]) for place in stretch.loci),
        )
        for stretch, count in zip(stretches, counts, strict=True)
        if count or stretch.loci
    )  # fmt: skip


@cache
def _cells() -> tuple[tuple[str, int, int], ...]:
    """Chromosome, first and last base of each cell."""
    found = []
    for row in table("chromosome_spans"):
        first, last = int(row["first_base"]), int(row["last_base"])
        of_chrom = [place for place, locus in enumerate(loci()) if locus.chrom == row["chrom"]]
        count = max(round((last - first + 1) / CELL), 1)
        starts = [_beyond(int(base), of_chrom) for base in np.linspace(first, last + 1, count + 1)[:-1]]
        ends = [start - 1 for start in starts[1:]] + [last]
        found += [(row["chrom"], start, end) for start, end in zip(starts, ends, strict=True)]
    return tuple(found)


def _beyond(border: int, places: list[int]) -> int:
    """The border, moved to where it cuts no known locus of these."""
    for first, last in extents()[places]:
        if first < border <= last:
            return _beyond(int(last) + 1, places)
    return border


def _stretches(chrom: str, start: int, end: int, reach: int) -> list[_Stretch]:
    """The stretches of a cell; the cell's new sites are shared out by their lengths."""
    places = [
        place for place, locus in enumerate(loci()) if locus.chrom == chrom and start <= extents()[place, 0] <= end
    ]
    centre = (start + end) // 2
    drafts = [(centre - reach, centre + reach, ())] if not places else _merged(places, reach)
    clipped = [(max(first, start), min(last, end), inside) for first, last, inside in drafts]
    total = sum(last - first + 1 for first, last, _ in clipped)
    return [
        _Stretch(chrom, first, last, inside, (end - start + 1) * (last - first + 1) / total)
        for first, last, inside in clipped
    ]


def _merged(places: list[int], reach: int) -> list[tuple[int, int, tuple[int, ...]]]:
    """From first to last base around each locus, and its place; those that meet as one."""
    found: list[tuple[int, int, tuple[int, ...]]] = []
    for place in sorted(places, key=lambda place: int(extents()[place, 0])):
        first, last = int(extents()[place, 0]) - reach, int(extents()[place, 1]) + reach
        if found and first <= found[-1][1] + 1:
            before = found.pop()
            first, last, inside = before[0], max(before[1], last), (*before[2], place)
        else:
            inside = (place,)
        found.append((first, last, tuple(sorted(inside))))
    return found
