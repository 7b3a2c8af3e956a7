from __future__ import annotations

from fractions import Fraction
from math import factorial

import pytest
from pyspark.sql import Row, SparkSession

from lakehouse.bronze.genomics.vcf_record import VcfRecord
from lakehouse.bronze.genomics.vcf_sample import VcfSample
from lakehouse.genomics.matrix import genotype_matrix
from lakehouse.genomics.variant_qc import variant_qc
from lakehouse.session import start_hail
from tests.genomics.vcf import landed, vcf

GENOTYPES = [(5, 3, 2), (0, 12, 0), (8, 0, 3), (9, 1, 0)]
"""How many have two reference alleles, one, and none, at the first positions of chromosome 1."""

OF_MEN_AND_WOMEN = "0/0 0/1 1/1 1 1 0 ."
"""Calls on chromosome X, two copies or one."""

SAMPLES = 12


@pytest.fixture(scope="module")
def measured(spark: SparkSession) -> dict[str, Row]:
    """The variants by contig and position; who is not named was not called."""
    start_hail(spark)
    called = {f"chr1 {place}": " ".join(["0/0"] * hom_ref + ["0/1"] * het + ["1/1"] * hom_var)
              for place, (hom_ref, het, hom_var) in enumerate(GENOTYPES, start=1)}  # fmt: skip
    called |= {"chr1 9": "", "chrX 5000000": OF_MEN_AND_WOMEN}
    records = [
        f"{place} . A G . . . GT {calls} {'./. ' * (SAMPLES - len(calls.split()))}" for place, calls in called.items()
    ]
    names = " ".join(f"S{number}" for number in range(SAMPLES))
    lines = landed(spark, {"genomics/2026-01-01/a.vcf": vcf(names, *records)})
    rows = variant_qc(genotype_matrix(VcfRecord.build(lines), VcfSample.build(lines))).collect()
    return {f"{row.contig} {row.position}": row for row in rows}


def exact_mid_p(n_hom_ref: int, n_het: int, n_hom_var: int) -> float:
    """The exact test of Wigginton, Cutler and Abecasis (2005), with half the weight of what is equally likely."""
    n = n_hom_ref + n_het + n_hom_var
    alternates = n_het + 2 * n_hom_var

    def probability(hets: int) -> Fraction:
        hom_var = (alternates - hets) // 2
        arrangements = factorial(n) * 2**hets * factorial(alternates) * factorial(2 * n - alternates)
        return Fraction(
            arrangements,
            factorial(n - hets - hom_var) * factorial(hets) * factorial(hom_var) * factorial(2 * n),
        )

    possible = [probability(h) for h in range(alternates % 2, min(alternates, 2 * n - alternates) + 1, 2)]
    assert sum(possible) == 1
    observed = probability(n_het)
    return float(sum(p for p in possible if p < observed) + sum(p for p in possible if p == observed) / 2)


@pytest.mark.parametrize("place", range(len(GENOTYPES)))
def test_tests_hardy_weinberg_equilibrium_exactly(measured: dict[str, Row], place: int) -> None:
    row, (hom_ref, het, hom_var) = measured[f"chr1 {place + 1}"], GENOTYPES[place]
    assert (row.n_hom_ref, row.n_het, row.n_hom_var) == (hom_ref, het, hom_var)
    assert row.p_value_hwe == pytest.approx(exact_mid_p(hom_ref, het, hom_var))
    n, alternates = hom_ref + het + hom_var, het + 2 * hom_var
    assert row.het_freq_hwe == pytest.approx(alternates * (2 * n - alternates) / (n * (2 * n - 1)))


def test_haploid_calls_count_as_alleles_and_not_as_genotypes(measured: dict[str, Row]) -> None:
    row = measured["chrX 5000000"]
    assert (row.ac, row.an, row.n_hom_ref, row.n_het, row.n_hom_var) == (5, 9, 1, 1, 1)
    assert row.call_rate == pytest.approx(6 / SAMPLES)
    assert row.p_value_hwe == pytest.approx(exact_mid_p(1, 1, 1))


def test_what_nobody_was_called_at_has_no_frequency(measured: dict[str, Row]) -> None:
    row = measured["chr1 9"]
    assert (row.ac, row.an, row.af, row.call_rate, row.het_freq_hwe, row.gq_mean) == (0, 0, None, 0.0, None, None)
