"""Procedures as OMOP rows."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from datetime import date, datetime

import pytest
from pyspark.sql import DataFrame, Row, SparkSession

from lakehouse.bronze.ehr.ehr_line import EhrLine
from lakehouse.quality import REASONS, dropped, flag
from lakehouse.silver.clinical.coded_event import CodedEvent
from lakehouse.silver.clinical.procedure_occurrence import ProcedureOccurrence
from tests.conftest import SAMPLE
from tests.silver.clinical.fhir import SNOMED, Resource, concept, resource
from tests.support import Rows, ehr_lines, without_claims

ANXIETY_ASSESSMENT = concept((SNOMED, "710841007"))


def procedure(name: str, **elements: object) -> Resource:
    return resource("Procedure", name, **{"code": ANXIETY_ASSESSMENT, "status": "completed", **elements})


PROCEDURES = [
    procedure("at", performedDateTime="2021-03-04"),
    procedure("during", performedPeriod={"start": "2021-03-04T10:00:00Z", "end": "2021-03-05T00:10:00+02:00"}),
    procedure("backwards", performedPeriod={"start": "2021-03-04", "end": "2021-03-03"}),
    procedure("not done", performedDateTime="2021-03-04", status="not-done"),
    procedure("undated"),
    procedure("error", performedDateTime="2021-03-04", status="entered-in-error"),
]


@pytest.fixture(scope="module")
def built(spark: SparkSession, sample: Rows) -> DataFrame:
    return sample.given({EhrLine: ehr_lines(spark, *PROCEDURES), **without_claims(spark)})[ProcedureOccurrence]


@pytest.fixture(scope="module")
def by_name(built: DataFrame) -> dict[str, Row]:
    return {PROCEDURES[row.line_id - 1]["id"]: row for row in built.collect()}


def test_rows(by_name: dict[str, Row]) -> None:
    assert set(by_name) == {p["id"] for p in PROCEDURES} - {"error"}
    at, during = by_name["at"], by_name["during"]
    assert (at.procedure_concept_id, at.procedure_source_value) == (46272472, "710841007")
    assert (at.procedure_date, at.procedure_datetime, at.procedure_end_date) == (date(2021, 3, 4), None, None)
    assert during.procedure_datetime == datetime(2021, 3, 4, 10)
    assert (during.procedure_end_date, during.procedure_end_datetime) == (
        date(2021, 3, 5),
        datetime(2021, 3, 4, 22, 10),
    )


def test_what_cannot_stay_goes_to_quarantine(built: DataFrame) -> None:
    refused = {PROCEDURES[r.line_id - 1]["id"]: r[REASONS] for r in dropped(flag(ProcedureOccurrence, built)).collect()}
    assert refused == {"undated": ["date is known"], "not done": ["was done or begun"]}


def test_the_sample_has_a_row_for_every_procedure(sample: Rows) -> None:
    expected: Counter[tuple[str, date, date]] = Counter()
    with gzip.open(SAMPLE / "ehr" / "2026-01-01" / "Procedure.ndjson.gz", "rt") as lines:
        for found in {p["id"]: p for p in map(json.loads, lines)}.values():
            period = (date.fromisoformat(found["performedPeriod"][end][:10]) for end in ("start", "end"))
            expected[found["code"]["coding"][0]["code"], *period] += 1
    rows = sample[CodedEvent].filter("kind = 'Procedure'").select("source_value", "start_date", "end_date")
    assert Counter(map(tuple, rows.collect())) == expected
