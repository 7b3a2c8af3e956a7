from __future__ import annotations

import hail as hl
import pytest
from pyspark.sql import DataFrame, Row, SparkSession

from lakehouse import quality
from lakehouse.bronze.genomics.vcf_record import VcfRecord
from lakehouse.bronze.genomics.vcf_sample import VcfSample
from lakehouse.session import start_hail
from tests.conftest import SAMPLE
from tests.genomics.vcf import landed, vcf
from tests.support import Rows

FILE = "genomics/2026-01-01/a.vcf"


def records(spark: SparkSession, samples: str, *lines: str, meta: tuple[str, ...] = ()) -> list[Row]:
    rows = VcfRecord.build(landed(spark, {FILE: vcf(samples, *lines, meta=meta)}))
    return rows.orderBy("line").collect()


def calls(row: Row) -> list[tuple[object, ...]]:
    return [tuple(call) for call in row.calls]


def test_reads_the_fixed_fields(spark: SparkSession) -> None:
    passed, failed, bare = records(
        spark,
        "A",
        "chr1 100 rs1 A C,AT 30.5 PASS DB;AC=1 GT 0/1",
        "1 101 . A T . q10;s50 . GT 0/1",
        "MT 102 . A . . . . GT 0/0",
    )
    assert (passed.contig, passed.position, passed.id, passed.reference) == ("chr1", 100, "rs1", "A")
    assert (passed.alternates, passed.quality, passed.filters, passed.info) == (["C", "AT"], 30.5, [], "DB;AC=1")
    assert (failed.contig, failed.id, failed.quality, failed.filters) == ("chr1", None, None, ["q10", "s50"])
    assert (bare.contig, bare.alternates, bare.filters, bare.info) == ("chrM", [], None, None)


def test_reads_calls_of_every_form(spark: SparkSession) -> None:
    (row,) = records(
        spark,
        "A B C D E F G H",
        "chr1 100 . A C,T . PASS . GT:GQ:DP 0/1:99:30 2|0:98:29 ./.:.:. ./1:5:2 1:50:12 .:.:. 0/0 .",
    )
    assert calls(row) == [
        ([0, 1], False, 99, 30),
        ([2, 0], True, 98, 29),
        ([None, None], False, None, None),
        ([None, 1], False, 5, 2),
        ([1], False, 50, 12),
        ([None], False, None, None),
        ([0, 0], False, None, None),
        ([None], False, None, None),
    ]


def test_finds_the_parts_of_a_call_wherever_the_format_puts_them(spark: SparkSession) -> None:
    reordered, without = records(spark, "A", "chr1 1 . A C . . . DP:AD:GT:GQ 9:4,5:1|1:40", "chr1 2 . A C . . . DS 1.2")
    assert calls(reordered) == [([1, 1], True, 40, 9)]
    assert calls(without) == [(None, None, None, None)]


def test_a_file_without_samples_has_records_without_calls(spark: SparkSession) -> None:
    lines = ["##fileformat=VCFv4.2", "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO", "chr1\t1\t.\tA\tC\t.\tPASS\t."]
    rows = landed(spark, {FILE: lines})
    assert [row.calls for row in VcfRecord.build(rows).collect()] == [[]]
    assert VcfSample.build(rows).collect() == []


def test_names_the_samples_in_the_order_of_the_calls(spark: SparkSession) -> None:
    rows = landed(spark, {FILE: vcf("B A", "chr1 1 . A C . . . GT 0/1 1/1")})
    named = VcfSample.build(rows).orderBy("sample_index").collect()
    assert [(row.sample_index, row.sample_id) for row in named] == [(0, "B"), (1, "A")]
    assert {row.callset for row in named} == {row.callset for row in VcfRecord.build(rows).collect()}


@pytest.mark.parametrize(
    ("line", "meta", "reasons"),
    [
        ("chr1 1000 . A C . . . GT 0/1", "##contig=<ID=chr1,length=248956422>", []),
        ("chr1 1000 . A C . . . GT 0/1", "##contig=<ID=1,assembly=GRCh37,length=249250621>", ["GRCh38 coordinates"]),
        ("chrUn_X 1000 . A C . . . GT 0/1", "##x", ["chromosome"]),
        ("chrM 16570 . A C . . . GT 0/1", "##x", ["within"]),
        ("chr1 zero . A C . . . GT 0/1", "##x", ["within"]),
    ],
)
def test_sends_what_is_not_of_grch38_to_quarantine(
    spark: SparkSession, line: str, meta: str, reasons: list[str]
) -> None:
    names = {
        "chromosome": "lies on a chromosome of GRCh38",
        "GRCh38 coordinates": "has coordinates of GRCh38",
        "within": "lies within its chromosome",
    }
    rows = VcfRecord.build(landed(spark, {FILE: vcf("A", line, meta=(meta,))}))
    (row,) = quality.flag(VcfRecord, rows).collect()
    assert row[quality.REASONS] == [names[reason] for reason in reasons]


def test_a_later_delivery_of_the_same_samples_replaces_a_site(spark: SparkSession) -> None:
    def site(call: str) -> str:
        return f"chr1 1 . A C . . . GT {call}"

    rows = VcfRecord.build(
        landed(
            spark,
            {
                "genomics/2026-01-01/a.vcf": vcf("A", site("0/0")),
                "genomics/2026-02-01/b.vcf": vcf("A", site("0/1")),
                "genomics/2026-02-01/c.vcf": vcf("B", site("1/1")),
            },
        )
    )
    assert sorted(row.calls[0].alleles for row in VcfRecord.current(rows).collect()) == [[0, 1], [1, 1]]


def test_agrees_with_hail_on_every_genotype_of_the_sample(spark: SparkSession, sample: Rows) -> None:
    start_hail(spark)
    files = sorted(str(path) for path in SAMPLE.glob("genomics/*/*.vcf.bgz"))
    matrix = hl.import_vcf(files, reference_genome="GRCh38")
    table = matrix.annotate_rows(
        calls=hl.agg.collect(hl.struct(GT=hl.str(matrix.GT), GQ=matrix.GQ, DP=matrix.DP)),
    ).rows()
    by_hail = {
        (row.locus.contig, row.locus.position, *row.alleles): (row.filters, row.calls) for row in table.collect()
    }
    ours = {
        (row.contig, row.position, row.reference, *row.alternates): (
            set(row.filters),
            [hl.Struct(GT=written(call), GQ=call.gq, DP=call.dp) for call in row.calls],
        )
        for row in sample[VcfRecord].collect()
    }
    assert len(ours) > 1000
    assert ours == by_hail
    assert sample_names(sample[VcfSample]) == matrix.s.collect()


def written(call: Row) -> str | None:
    if None in call.alleles:
        return None
    return ("|" if call.phased else "/").join(map(str, call.alleles))


def sample_names(rows: DataFrame) -> list[str]:
    return [
        row.sample_id for row in rows.select("sample_index", "sample_id").distinct().orderBy("sample_index").collect()
    ]
