"""Known loci become the sites by which they are published."""

from __future__ import annotations

import numpy as np
import pytest

from lakehouse.synthetic.genomes.known import KnownSite, extents, known_sites, sites_by_locus, true_effects
from lakehouse.synthetic.knowledge import table
from lakehouse.synthetic.population.genome import loci, place_of


def letters(site: KnownSite, allele: str) -> str:
    """What the named allele of the site's locus shows there."""
    locus = loci()[site.locus]
    return (site.reference, *site.alternate)[site.allele[locus.alleles.index(allele)]]


def haplotype(gene: str, allele: str) -> dict[str, str]:
    """The variants by name that an allele of a gene shows, those that are not the reference."""
    shown = {site.name: (site.reference, letters(site, allele)) for site in sites_by_locus()[place_of()[gene]]}
    return {name: letter for name, (reference, letter) in shown.items() if letter != reference}


def test_every_locus_shows_and_every_site_is_unlike_the_others() -> None:
    assert all(sites_by_locus())
    assert all(len(site.allele) == len(loci()[site.locus].alleles) for site in known_sites())
    variants = [(site.chrom, site.position, site.reference, site.alternate) for site in known_sites()]
    assert len(set(variants)) == len(variants)


def test_alleles_of_a_gene_can_be_told_apart() -> None:
    for place, locus in enumerate(loci()):
        shown = set(zip(*(site.allele for site in sites_by_locus()[place]), strict=True))
        assert len(shown) == len(locus.alleles), locus.key


@pytest.mark.parametrize(
    ("gene", "allele", "shown"),
    [
        ("CYP2C19", "*38", {}),
        ("CYP2C19", "*1", {"rs3758581": "G"}),
        ("CYP2C19", "*17", {"rs3758581": "G", "rs12248560": "T"}),
        ("CYP2C9", "*6", {"rs9332131": "G"}),
        ("TPMT", "*3A", {"rs1142345": "C", "rs1800460": "T"}),
        ("UGT1A1", "*80+*28", {"rs887829": "T", "rs3064744": "CATAT"}),
        ("UGT1A1", "*36", {"rs3064744": "C"}),
        ("NUDT15", "*9", {"rs746071566": "A"}),
        ("APOE", "e2", {"rs7412": "T"}),
        ("APOE", "e3", {}),
        ("APOE", "e4", {"rs429358": "C"}),
        ("HLA-B", "*57:01", {"rs2395029": "G"}),
    ],
)
def test_star_alleles_are_their_variants(gene: str, allele: str, shown: dict[str, str]) -> None:
    assert haplotype(gene, allele) == shown


def test_a_site_can_have_several_alternates() -> None:
    (repeat,) = [site for site in sites_by_locus()[place_of()["UGT1A1"]] if site.name == "rs3064744"]
    assert (repeat.position, repeat.reference) == (233760233, "CAT")
    assert sorted(repeat.alternate) == ["C", "CATAT", "CATATAT"]


def test_of_two_loci_of_one_variant_the_second_stands_in_beside_it() -> None:
    stand_ins = [site for site in known_sites() if site.stands_in]
    assert len(stand_ins) == 11
    for site in stand_ins:
        locus = loci()[site.locus]
        assert site.name == "."
        assert site.position == locus.position + 1
        (other,) = [one for one in known_sites() if (one.chrom, one.position) == (locus.chrom, locus.position)]
        assert {other.reference, *other.alternate} == {site.reference, *site.alternate}


def test_the_reference_of_a_traits_variant_is_its_commoner_allele() -> None:
    for effect in true_effects():
        frequency = loci()[effect.site.locus].frequencies[1].mean()
        assert (effect.site.reference == effect.effect_allele) == (frequency > 0.5)


def test_true_effects_are_those_of_allele_one() -> None:
    rows = table("trait_variants")
    assert len(true_effects()) == len(rows)
    for effect, row in zip(true_effects(), rows, strict=True):
        assert loci()[effect.site.locus].key == row["key"]
        assert letters(effect.site, "1") == effect.effect_allele == row["effect_allele"]
        assert letters(effect.site, "0") == row["other_allele"]


def test_an_extent_covers_the_locus_and_its_sites() -> None:
    first, last = extents().T
    assert all(first[site.locus] <= site.position <= site.last <= last[site.locus] for site in known_sites())
    assert np.all(first <= [locus.position for locus in loci()])
