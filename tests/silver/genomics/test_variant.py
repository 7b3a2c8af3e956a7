from __future__ import annotations

from collections.abc import Iterator
from statistics import mean

import pysam
import pytest
from pyspark.sql import Row

from lakehouse.bronze.genomics.vcf_sample import VcfSample
from lakehouse.genomics.checks import CALLER_FILTER, HARDY_WEINBERG, LOW_CALL_RATE
from lakehouse.silver.genomics.genotyped_sample import GenotypedSample
from lakehouse.silver.genomics.variant import Variant
from tests.conftest import SAMPLE
from tests.genomics.vcf import names_of
from tests.support import Rows

Key = tuple[str, int, str, str]


@pytest.fixture(scope="module")
def variants(sample: Rows) -> dict[Key, Row]:
    return {(row.contig, row.position, row.ref, row.alt): row for row in sample[Variant].collect()}


def shortest(contig: str, position: int, ref: str, alt: str) -> Key:
    """The variant without the bases that both alleles end or begin with."""
    while min(len(ref), len(alt)) > 1 and ref[-1] == alt[-1]:
        ref, alt = ref[:-1], alt[:-1]
    while min(len(ref), len(alt)) > 1 and ref[0] == alt[0]:
        position, ref, alt = position + 1, ref[1:], alt[1:]
    return contig, position, ref, alt


def sites() -> Iterator[tuple[Key, int, pysam.VariantRecord]]:
    for file in sorted(SAMPLE.glob("genomics/*/*.vcf.bgz")):
        for record in pysam.VariantFile(str(file)):
            for nth, alt in enumerate(record.alts, 1):
                yield shortest(record.chrom, record.pos, record.ref, alt), nth, record


def test_counts_as_an_independent_reader_does(sample: Rows, variants: dict[Key, Row]) -> None:
    names = names_of(sample[VcfSample])
    taken = {names[row.specimen_id] for row in sample[GenotypedSample].filter("is_primary").collect()}
    seen = set()
    for key, nth, record in sites():
        row = variants[key]
        calls = [call for name, call in record.samples.items() if name in taken]
        good = [
            [int(allele == nth) for allele in call["GT"]]
            for call in calls
            if None not in call["GT"] and call["GQ"] >= 20 and call["DP"] >= (5 if len(call["GT"]) == 1 else 10)
        ]
        diploid = [genotype for genotype in good if len(genotype) == 2]
        assert row.ac == sum(map(sum, good)), key
        assert row.an == sum(map(len, good)), key
        assert row.call_rate == pytest.approx(len(good) / len(taken)), key
        assert (row.n_hom_ref, row.n_het, row.n_hom_var) == tuple(
            sum(sum(genotype) == copies for genotype in diploid) for copies in range(3)
        ), key
        assert row.gq_mean == pytest.approx(mean(call["GQ"] for call in calls if call["GQ"] is not None)), key
        assert row.filters == [name for name in record.filter if name != "PASS"], key
        seen.add(key)
    assert seen == set(variants)


def test_frequency_is_the_share_of_called_alleles(variants: dict[Key, Row]) -> None:
    for row in variants.values():
        assert row.af == (pytest.approx(row.ac / row.an) if row.an else None)


def test_finds_what_was_planted(variants: dict[Key, Row]) -> None:
    failed = [check for row in variants.values() for check in row.failed_checks]
    assert failed.count(HARDY_WEINBERG) == 6
    assert failed.count(CALLER_FILTER) == sum(list(record.filter) == ["LowQual"] for _, _, record in sites())
    assert failed.count(LOW_CALL_RATE) > 10
    assert all(row.passes_qc == (not row.failed_checks) for row in variants.values())


def test_tells_the_type_of_a_variant(variants: dict[Key, Row]) -> None:
    for row in variants.values():
        longer = len(row.alt) - len(row.ref)
        assert row.variant_type == ("SNP" if longer == 0 else "Insertion" if longer > 0 else "Deletion")
