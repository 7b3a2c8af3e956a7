from __future__ import annotations

import gzip
from pathlib import Path

from pyspark.sql import SparkSession

from lakehouse.bronze.unreadable import Unreadable
from tests.landing_zone import taken
from tests.support import Rows


def test_nothing_of_the_sample_is_unreadable(sample: Rows) -> None:
    assert sample[Unreadable].count() == 0


def test_what_cannot_be_read_is_told_once_with_the_reason(spark: SparkSession, tmp_path: Path) -> None:
    good = '{"resourceType": "Patient", "id": "p1"}\n'
    files = {
        "ehr/2026-01-01/Patient.ndjson": f'{good}{{"resourceType": "Patient"\n{{"id": "p2"}}\n'.encode(),
        "ehr/2026-01-01/Encounter.ndjson.gz": gzip.compress(good.encode() * 100)[:-20],
        "ehr/2026-01-01/readme.doc": b"x",
        "claims/2026-01-01/beneficiary_2020.csv": b"BENE_ID|RFRNC_YR\n1|2020\n2\n",
        "genomics/2026-01-01/samples.tsv": b"sample_id\tmrn\nS1\tM1\nS2\n",
    }
    rows = Rows(taken(spark, tmp_path, files))[Unreadable].collect()

    told = {(row.file.split("/")[-1], row.line, row.raw is None, row.world) for row in rows}
    assert told == {
        ("Patient.ndjson", 2, False, "ehr"),
        ("Patient.ndjson", 3, False, "ehr"),
        ("Encounter.ndjson.gz", 0, True, "ehr"),
        ("readme.doc", 0, True, "ehr"),
        ("beneficiary_2020.csv", 3, False, "claims"),
        ("samples.tsv", 3, False, "genomics"),
    }
    assert len(rows) == len(told)
    assert {row.delivery for row in rows} == {"2026-01-01"}
    reasons = {(row.file.split("/")[-1], row.line): row.reason for row in rows}
    assert reasons["Patient.ndjson", 2] == "not a JSON object"
    assert reasons["Patient.ndjson", 3] == "no resourceType"
    assert "truncated" in reasons["Encounter.ndjson.gz", 0]
