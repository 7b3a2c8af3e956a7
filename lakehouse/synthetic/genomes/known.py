"""The known loci of the simulation as sites of a VCF.

A variant of a trait is published with an effect allele and another one, and neither is called the reference. There is
no FASTA of the genome at hand, so the allele that is commoner over the five ancestries is taken as REF; at some sites
it is the other one in GRCh38. Pathogenic variants and the variants that define the alleles of a pharmacogene have
their REF and ALT as published. A star allele is written as the variants that it requires; HLA-B alleles as the
variants that tag them; what an allele may have besides is left out. CYP2C19*38 is the allele of the reference
genome: *1 and most others have rs3758581-G.

Eleven variants belong to two loci that are drawn apart and lead two lives of their own: the lead variant of two
traits, or of a trait and a disease, and the two variants of APOE. One site cannot show both. The first of the two
loci in the order of the genome has the site; the other stands in: a site of its own, with the same letters and
without a name, at the next free base. So each locus has exactly the alleles that its lives were led by, an
association of its trait is found beside the variant, and a score that weighs the second trait by the variant's name
misses one locus.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from lakehouse.synthetic.knowledge import Row, by_key, table
from lakehouse.synthetic.population.genome import Locus, loci, place_of
from lakehouse.synthetic.streams import Integers

NO_NAME = "."


@dataclass(frozen=True)
class KnownSite:
    """A site at which a known locus shows.

    locus: its place in `loci()`. allele: for each allele of the locus its number at the site, 0 the reference.
    stands_in: whether it lies beside the published variant, which shows another locus.
    """

    chrom: str
    position: int
    reference: str
    alternate: tuple[str, ...]
    name: str
    locus: int
    allele: tuple[int, ...]
    stands_in: bool = False

    @property
    def last(self) -> int:
        """The last base that the reference allele covers."""
        return self.position + len(self.reference) - 1


@dataclass(frozen=True)
class Effect:
    """What one copy of an allele adds to a trait, as published (the unit is that of the study)."""

    trait: str
    site: KnownSite
    effect_allele: str
    beta: float


@cache
def known_sites() -> tuple[KnownSite, ...]:
    """The sites of all known loci, in the order of `loci()`, then of position: each belongs to one locus."""
    drafts = [site for place, locus in enumerate(loci()) for site in _sites_of(place, locus)]
    covered = {(site.chrom, base) for site in drafts for base in range(site.position, site.last + 1)}
    taken: set[tuple[str, int, frozenset[str]]] = set()
    found = []
    for site in drafts:
        variant = (site.chrom, site.position, frozenset((site.reference, *site.alternate)))
        if variant in taken:
            base = site.position
            while (site.chrom, base) in covered:
                base += 1
            covered.add((site.chrom, base))
            site = replace(site, position=base, name=NO_NAME, stands_in=True)
        taken.add(variant)
        found.append(site)
    return tuple(found)


@cache
def sites_by_locus() -> tuple[tuple[KnownSite, ...], ...]:
    """The sites of each locus of `loci()`."""
    found: list[list[KnownSite]] = [[] for _ in loci()]
    for site in known_sites():
        found[site.locus].append(site)
    return tuple(map(tuple, found))


@cache
def extents() -> Integers:
    """Locus by two: the first and the last base of what must be inherited together, the locus and its sites."""
    return np.array(
        [
            (
                min([locus.position, *(site.position for site in sites)]),
                max([locus.position, *(site.last for site in sites)]),
            )
            for locus, sites in zip(loci(), sites_by_locus(), strict=True)
        ]
    )


@cache
def true_effects() -> tuple[Effect, ...]:
    """The effects of the variants of all traits on what the simulation drew for them, in the order of the table."""
    found = []
    for row in table("trait_variants"):
        (site,) = sites_by_locus()[place_of()[row["key"]]]
        found.append(Effect(row["trait_key"], site, row["effect_allele"], float(row["beta"])))
    return tuple(found)


def _sites_of(place: int, locus: Locus) -> list[KnownSite]:
    if locus.key in by_key("trait_variants"):
        return [_of_trait(place, locus, by_key("trait_variants")[locus.key])]
    if locus.key in by_key("pathogenic_variants"):
        row = by_key("pathogenic_variants")[locus.key]
        return [
            KnownSite(locus.chrom, locus.position, row["ref"], (row["alt"],), row["rsid"] or NO_NAME, place, (0, 1))
        ]
    return list(_of_gene(place, locus))


def _of_trait(place: int, locus: Locus, row: Row) -> KnownSite:
    """Allele 1 of the locus is the effect allele; the commoner one is the reference."""
    letters = (row["other_allele"], row["effect_allele"])
    reference = int(locus.frequencies[1].mean() > 0.5)
    allele = (reference, 1 - reference)
    return KnownSite(
        locus.chrom, locus.position, letters[reference], (letters[1 - reference],), row["rsid"], place, allele
    )


def _of_gene(place: int, locus: Locus) -> Iterator[KnownSite]:
    rows: dict[tuple[int, str], list[Row]] = {}
    for row in table("pgx_variants"):
        if row["gene"] == locus.key:
            rows.setdefault((int(row["position"]), row["ref"]), []).append(row)
    for (position, reference), of_site in sorted(rows.items()):
        alternate = tuple(dict.fromkeys(row["alt"] for row in of_site))
        number = {row["allele"]: alternate.index(row["alt"]) + 1 for row in of_site}
        allele = tuple(number.get(name, 0) for name in locus.alleles)
        yield KnownSite(locus.chrom, position, reference, alternate, of_site[0]["rsid"], place, allele)
