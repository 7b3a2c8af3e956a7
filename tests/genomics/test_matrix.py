from __future__ import annotations

from pathlib import Path
from typing import Any

import hail as hl
import pytest
from pyspark.sql import SparkSession

from lakehouse.bronze.genomics.vcf_record import VcfRecord
from lakehouse.bronze.genomics.vcf_sample import VcfSample
from lakehouse.genomics.genotype_qc import good_genotypes, haploid_where_male
from lakehouse.genomics.matrix import genotype_matrix, of_samples
from lakehouse.keys import row_id
from lakehouse.session import start_hail
from tests.conftest import SAMPLE
from tests.genomics.vcf import landed, names_of, vcf
from tests.support import Rows


@pytest.fixture(autouse=True)
def _hail(spark: SparkSession) -> None:
    start_hail(spark)


def matrix(lines: Any) -> Any:
    """With columns that are keyed by the laboratory's names, as Hail's own are."""
    return by_name(by_id(lines), VcfSample.build(lines))


def by_id(lines: Any) -> Any:
    return genotype_matrix(VcfRecord.current(VcfRecord.build(lines)), VcfSample.build(lines))


def by_name(mt: Any, samples: Any) -> Any:
    names = hl.literal(names_of(samples), hl.tdict(hl.tint64, hl.tstr))
    return mt.key_cols_by(sample_id=names[mt.specimen_id])


def genotypes(mt: Any) -> dict[tuple[str, str], dict[str, str | None]]:
    """For each variant (place, alleles) the genotype of each sample, as text."""
    table = mt.annotate_rows(calls=hl.agg.collect((mt.col_key[0], hl.str(mt.GT)))).rows()
    return {(str(row.locus), "/".join(row.alleles)): dict(row.calls) for row in table.collect()}


def test_splits_sites_of_several_alternates(spark: SparkSession) -> None:
    lines = landed(
        spark, {"genomics/2026-01-01/a.vcf": vcf("A B C", "chr1 100 rs7 CA C,TA,<DEL>,* . PASS . GT 0/1 1/2 2|0")}
    )
    mt = matrix(lines)
    assert genotypes(mt) == {
        ("chr1:100", "CA/C"): {"A": "0/1", "B": "0/1", "C": "0|0"},
        ("chr1:100", "C/T"): {"A": "0/0", "B": "0/1", "C": "1|0"},
    }
    assert mt.rsid.collect() == ["rs7", "rs7"]


def test_writes_alleles_in_their_shortest_form(spark: SparkSession) -> None:
    lines = landed(spark, {"genomics/2026-01-01/a.vcf": vcf("A", "chr1 100 . AACT aACG . . . GT 0/1")})
    assert genotypes(matrix(lines)) == {("chr1:103", "T/G"): {"A": "0/1"}}


def test_puts_files_of_different_samples_together(spark: SparkSession) -> None:
    files = {
        "genomics/2026-01-01/a.vcf": vcf("B A", "chr1 1 . A C . PASS . GT 0/1 1/1", "chr1 2 . A C . low . GT 0/1 1/1"),
        "genomics/2026-01-01/b.vcf": vcf("C", "1 2 rs2 A C . q10 . GT 0/0", "X 3000000 . A C . . . GT 1"),
        "genomics/2026-02-01/c.vcf": vcf("A", "chr1 1 . A C . PASS . GT ./."),
    }
    mt = matrix(landed(spark, files))
    assert genotypes(mt) == {
        ("chr1:1", "A/C"): {"A": None, "B": "0/1", "C": None},
        ("chr1:2", "A/C"): {"A": "1/1", "B": "0/1", "C": "0/0"},
        ("chrX:3000000", "A/C"): {"A": None, "B": None, "C": "1"},
    }
    assert mt.filters.collect() == [set(), {"low", "q10"}, set()]
    assert mt.rsid.collect() == [None, "rs2", None]


def test_agrees_with_hail_on_calls_of_every_form(spark: SparkSession, tmp_path: Path) -> None:
    meta = (
        '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">',
        '##FORMAT=<ID=GQ,Number=1,Type=Integer,Description="Quality">',
        '##FORMAT=<ID=DP,Number=1,Type=Integer,Description="Depth">',
    )
    lines = vcf(
        "A B C D E F G",
        "chr1 100 . A C,T 9 PASS . GT:GQ:DP 0/1:9:9 2|0:9:9 2/1:9:9 1/2 ./.:.:. 1|1:3 .",
        "chrX 5000000 . A C,T 9 PASS . GT:GQ:DP 0 1:50:12 2 . 0/0 1/1 0|2",
        meta=meta,
    )
    file = tmp_path / "calls.vcf"
    file.write_text("\n".join([*lines, ""]))
    by_hail = hl.split_multi_hts(hl.import_vcf(str(file), reference_genome="GRCh38"))
    assert genotypes(matrix(landed(spark, {"genomics/2026-01-01/a.vcf": lines}))) == genotypes(by_hail)


def test_half_a_call_is_none(spark: SparkSession) -> None:
    lines = landed(spark, {"genomics/2026-01-01/a.vcf": vcf("A B", "chr1 1 . A C . . . GT ./1 0|.")})
    assert genotypes(matrix(lines)) == {("chr1:1", "A/C"): {"A": None, "B": None}}


def test_agrees_with_hail_on_the_sample(spark: SparkSession, sample: Rows) -> None:
    files = sorted(str(path) for path in SAMPLE.glob("genomics/*/*.vcf.bgz"))
    by_hail = hl.split_multi_hts(hl.import_vcf(files, reference_genome="GRCh38"))
    ours = genotype_matrix(VcfRecord.current(sample[VcfRecord]), sample[VcfSample])
    assert genotypes(by_name(ours, sample[VcfSample])) == genotypes(by_hail)


def test_nothing_makes_an_empty_matrix(spark: SparkSession) -> None:
    mt = matrix(landed(spark, {"genomics/2026-01-01/a.vcf": vcf("A")}).limit(0))
    assert mt.count() == (0, 0)


def test_poor_genotypes_become_missing(spark: SparkSession) -> None:
    line = "chrX 5000000 . A C . . . GT:GQ:DP 0/1:20:10 0/1:19:10 0/1:20:9 1:20:5 1:20:4 0/1 0/1:.:30"
    mt = matrix(landed(spark, {"genomics/2026-01-01/a.vcf": vcf("A B C D E F G", line)}))
    ((_, calls),) = genotypes(good_genotypes(mt)).items()
    assert calls == {"A": "0/1", "B": None, "C": None, "D": "1", "E": None, "F": "0/1", "G": "0/1"}


def test_men_have_one_copy_of_x_outside_the_shared_regions(spark: SparkSession) -> None:
    shared, own = "chrX 2000000 . A C . . . GT", "chrX 5000000 . A C . . . GT"
    calls = "1/1 0/1 1 ./. 0/1 0/1"
    lines = landed(spark, {"genomics/2026-01-01/a.vcf": vcf("M1 M2 M3 M4 F N", f"{shared} {calls}", f"{own} {calls}")})
    sexes = spark.createDataFrame(
        [*((f"M{n}", "male") for n in range(1, 5)), ("F", "female"), ("N", None)], "sample_id string, sex string"
    ).select(row_id("sample", "sample_id").alias("specimen_id"), "sex")
    haploid = haploid_where_male(of_samples(by_id(lines), sexes))
    men_haploid = genotypes(by_name(haploid, VcfSample.build(lines)))
    assert men_haploid["chrX:2000000", "A/C"] == {
        "M1": "1/1", "M2": "0/1", "M3": "1", "M4": None, "F": "0/1", "N": "0/1",
    }  # fmt: skip
    assert men_haploid["chrX:5000000", "A/C"] == {
        "M1": "1", "M2": None, "M3": "1", "M4": None, "F": "0/1", "N": "0/1",
    }  # fmt: skip
