"""Which genotypes to count with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakehouse.genomics.thresholds import GENOTYPE_DEPTH, GENOTYPE_QUALITY, HAPLOID_GENOTYPE_DEPTH

if TYPE_CHECKING:
    from hail import MatrixTable


def good_genotypes(genotypes: MatrixTable) -> MatrixTable:
    """Set genotypes of low quality or depth to missing. A quality or depth that is not told is no reason to."""
    import hail as hl

    enough = hl.if_else(genotypes.GT.is_haploid(), HAPLOID_GENOTYPE_DEPTH, GENOTYPE_DEPTH)
    poor = (genotypes.GQ < GENOTYPE_QUALITY, enough > genotypes.DP)
    good = ~hl.any([hl.or_else(reason, False) for reason in poor])
    return genotypes.annotate_entries(GT=hl.or_missing(good, genotypes.GT))


def haploid_where_male(genotypes: MatrixTable) -> MatrixTable:
    """Make the calls of males on X and Y, outside of the regions that these share, haploid.

    Many callers write them as diploid; a heterozygous one is an error and becomes missing. Needs the column
    field `sex`.
    """
    import hail as hl

    locus, call = genotypes.locus, genotypes.GT
    haploid = (genotypes.sex == "male") & (locus.in_x_nonpar() | locus.in_y_nonpar()) & call.is_diploid()
    one_copy = hl.or_missing(~call.is_het(), hl.call(call[0]))
    return genotypes.annotate_entries(GT=hl.if_else(hl.or_else(haploid, False), one_copy, call))
