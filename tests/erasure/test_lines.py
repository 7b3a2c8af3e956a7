"""Lines of who was erased are emptied as they land, and those of others stay as they are."""

from __future__ import annotations

from typing import Any

import pytest
from pyspark.sql import Row, SparkSession

from lakehouse.bronze.claims.claims_line import ClaimsLine
from lakehouse.bronze.ehr.ehr_line import EhrLine
from lakehouse.bronze.genomics.genomics_line import GenomicsLine
from lakehouse.bronze.identity.identity_line import IdentityLine
from lakehouse.contract import LandedTable
from lakehouse.erasure.lines import REASON, without_erased
from lakehouse.erasure.record import Tombstones
from lakehouse.erasure.source_ids import LABORATORY, RECORD_NUMBER, RESOURCE
from lakehouse.vault.codes import EHR, PAYER
from tests.support import rows_of

ERASED = {EHR: ["12"], PAYER: ["7"], LABORATORY: ["S1"], RECORD_NUMBER: ["MRN-00012"], RESOURCE: ["Condition/c/13"]}
NAMED = Tombstones("salt", frozenset())
STONES = Tombstones("salt", frozenset(NAMED.hash(kind, name) for kind, names in ERASED.items() for name in names))
HEADER = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tS1\tS2"
ALONE = HEADER.removesuffix("\tS2")


def landed(spark: SparkSession, table: type[LandedTable], *lines: dict[str, Any]) -> list[Row]:
    rows = rows_of(spark, table, *({"line": n, **line} for n, line in enumerate(lines)))
    headers = {line["header"] for line in lines if "header" in line}
    return without_erased(STONES, rows, table, headers).orderBy("line").collect()


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ({"patient_id": "12", "resource_id": "r", "raw": "{}"}, ""),
        ({"patient_id": "13", "raw": '{"value": 12, "id": "12"}'}, '{"value": 12, "id": "12"}'),
        (
            {"patient_id": "13", "raw": '{"asserter": {"reference": "Patient/12"}}'},
            '{"asserter": {"reference": "Patient/erased"}}',
        ),
        ({"patient_id": "13", "raw": '{"reference": "Patient/123"}'}, '{"reference": "Patient/123"}'),
        (
            {"patient_id": "13", "raw": '{"reference": "http://x/Patient/12/_history/1"}'},
            '{"reference": "http://x/Patient/erased/_history/1"}',
        ),
        ({"raw": '{"subject": {"reference": "Patient/12"}, "co', "defect": "broken"}, ""),
        ({"raw": '{"resourceType": "Patient", "id": "12", "name', "defect": "broken"}, ""),
        ({"raw": '{"identifier": [{"value": "MRN-00012"}], "na', "defect": "broken"}, ""),
        (
            {"raw": '{"subject": {"reference": "Patient/13"}, "value": "12.5", "co', "defect": "broken"},
            '{"subject": {"reference": "Patient/13"}, "value": "12.5", "co',
        ),
        ({"raw": '{"subject": {"identifier": {"value": "MRN-00012"}}}'}, ""),
        (
            {"raw": '{"member": [{"reference": "Patient/12"}, {"reference": "Patient/13"}]}'},
            '{"member": [{"reference": "Patient/erased"}, {"reference": "Patient/13"}]}',
        ),
        ({"resource_type": "Condition", "resource_id": "c", "patient_id": "13", "raw": "{}"}, ""),
        ({"resource_type": "Condition", "resource_id": "c", "patient_id": "14", "raw": "{}"}, "{}"),
    ],
)
def test_records(spark: SparkSession, line: dict[str, Any], left: str) -> None:
    (row,) = landed(spark, EhrLine, line)
    assert row.raw == left
    assert (row.defect == REASON) == (left == "")
    assert (row.patient_id, row.resource_id) == (
        (None, None) if left == "" else (line.get("patient_id"), line.get("resource_id"))
    )


def test_claims(spark: SparkSession) -> None:
    header = "BENE_ID|CLM_ID|AMOUNT"
    told = [("7", "7|1|5", None), ("8", "8|7|7", None), (None, "7|1", "broken"), (None, "8|7", "broken")]
    lines = [{"bene_id": bene, "raw": raw, "defect": defect, "header": header} for bene, raw, defect in told]
    assert [(row.bene_id, row.raw) for row in landed(spark, ClaimsLine, *lines)] == [
        (None, ""),
        ("8", "8|7|7"),
        (None, ""),
        (None, "8|7"),
    ]


def test_decisions(spark: SparkSession) -> None:
    texts = ["ehr|12 ,ehr|13,same", "ehr|13,payer|7,apart, broken", "ehr|7,payer|12,same", "ehr|123,payer|77,same"]
    assert [row.raw for row in landed(spark, IdentityLine, *({"raw": text} for text in texts))] == ["", "", *texts[2:]]


def test_genomes(spark: SparkSession) -> None:
    manifest = "sample_id\tmedical_record_number"
    told = [
        ("samples", manifest, "S1\tx", ""),
        ("samples", manifest, "S3\tMRN-00012", ""),
        ("samples", manifest, "S2\tM", "S2\tM"),
        ("vcf_header", HEADER, "##SAMPLE=<ID=S1>", "##SAMPLE=<ID=erased>"),
        ("vcf_header", HEADER, HEADER, HEADER.replace("S1\t", "")),
        ("vcf_record", HEADER, "chr1\t1\t.\tA\tC\t.\t.\tAC=1\tGT\t0/1\t0/0", "chr1\t1\t.\tA\tC\t.\t.\t.\tGT\t0/0"),
        ("vcf_record", ALONE, "chr1\t1\t.\tA\tC\t.\t.\tAC=1\tGT\t0/1", ""),
        ("vcf_header", ALONE, ALONE, ""),
        (
            "vcf_record",
            HEADER.replace("S1", "S3"),
            "chr1\t1\t.\tA\tC\t.\t.\t.\tGT\t0/1\t0/0",
            "chr1\t1\t.\tA\tC\t.\t.\t.\tGT\t0/0",
        ),
        (
            "vcf_record",
            HEADER.replace("S1", "S4"),
            "chr1\t1\t.\tS1\tC\t.\t.\tAC=1\tGT\t0/1\t0/0",
            "chr1\t1\t.\tS1\tC\t.\t.\tAC=1\tGT\t0/1\t0/0",
        ),
    ]
    lines = [{"line_kind": kind, "header": header, "raw": raw} for kind, header, raw, _ in told]
    rows = landed(spark, GenomicsLine, *lines)
    assert [row.raw for row in rows] == [left for *_, left in told]
    assert [row.defect for row in rows] == [None if left else REASON for *_, left in told]


def test_where_nobody_was_erased_nothing_is_looked_at(spark: SparkSession) -> None:
    rows = rows_of(spark, EhrLine, {"raw": "{}"})
    assert without_erased(NAMED, rows, EhrLine, []) is rows
