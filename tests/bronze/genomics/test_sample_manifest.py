from __future__ import annotations

import csv
from datetime import date

from pyspark.sql import SparkSession

from lakehouse.bronze.genomics.sample_manifest import SampleManifest
from tests.conftest import SAMPLE
from tests.genomics.vcf import landed
from tests.support import Rows

NAMES = ["sample_id", "medical_record_number", "batch", "sex", "collection_date"]


def test_finds_columns_by_their_names(spark: SparkSession) -> None:
    lines = ["collection_date\tsample_id\tplate\tmedical_record_number", "2025-03-04\tS1\tp7\t M1 ", "\tS2\tp7\t"]
    rows = SampleManifest.build(landed(spark, {"genomics/2026-01-01/samples.tsv": lines}))
    assert [tuple(row) for row in rows.orderBy("line").select(*NAMES).collect()] == [
        ("S1", "M1", None, None, date(2025, 3, 4)),
        ("S2", None, None, None, None),
    ]


def test_a_date_that_is_none_is_kept_as_it_was_told(spark: SparkSession) -> None:
    lines = ["sample_id\tcollection_date", "S1\t04.03.2025"]
    (row,) = SampleManifest.build(landed(spark, {"genomics/2026-01-01/samples.tsv": lines})).collect()
    assert (row.collection_date, row.collection_date_told) == (None, "04.03.2025")


def test_holds_every_line_of_the_sample(sample: Rows) -> None:
    with (SAMPLE / "genomics/2026-01-01/samples.tsv").open() as text:
        expected = [tuple(row[name] for name in NAMES) for row in csv.DictReader(text, delimiter="\t")]
    rows = sample[SampleManifest].orderBy("line").selectExpr(*(f"cast({name} as string)" for name in NAMES)).collect()
    assert [tuple(row) for row in rows] == expected
