"""Notes as OMOP rows, without a word of their text."""

from __future__ import annotations

import base64
from datetime import date, datetime
from typing import Any

import pytest
from pyspark.sql import Row, SparkSession

from lakehouse.bronze.ehr.document_reference import DocumentReference
from lakehouse.bronze.ehr.ehr_line import EhrLine
from lakehouse.quality import REASONS, flag
from lakehouse.silver.clinical.note import Note
from lakehouse.silver.identity.provider_link import ProviderLink
from tests.silver.clinical.fhir import LOINC, Resource, concept
from tests.support import Rows, ehr_lines

TEXT = "Mrs. Example of 9 Elm Street"


def document(name: str, **elements: Any) -> Resource:
    text = base64.b64encode(TEXT.encode()).decode()
    attachment = {"contentType": "text/plain; charset=utf-8", "data": text, "title": TEXT}
    told = {"status": "current", "type": concept((LOINC, "11506-3"), text="Progress note"),
            "content": [{"attachment": attachment}], "author": [{"reference": "Practitioner/ann"}],
            "context": {"encounter": [{"reference": "Encounter/e1"}], "period": {"start": "2024-02-02"}}}  # fmt: skip
    return {"resourceType": "DocumentReference", "id": name, "subject": {"reference": "Patient/p1"}, **told, **elements}


RESOURCES = [
    {"resourceType": "Practitioner", "id": "ann"},
    document("dated", date="2024-02-03T10:00:00Z", docStatus="final"),
    document("undated"),
    document("of no day", context=None),
    document("error", status="entered-in-error"),
]


@pytest.fixture(scope="module")
def given(spark: SparkSession, sample: Rows) -> Rows:
    return sample.given({EhrLine: ehr_lines(spark, *RESOURCES)})


@pytest.fixture(scope="module")
def rows(given: Rows) -> dict[str, Row]:
    return {RESOURCES[row.line_id - 1]["id"]: row for row in flag(Note, given[Note]).collect()}


def test_notes(given: Rows, rows: dict[str, Row]) -> None:
    assert set(rows) == {"dated", "undated", "of no day"}
    (ann,) = given[ProviderLink].collect()
    note = rows["dated"]
    assert (note.note_date, note.note_datetime) == (date(2024, 2, 3), datetime(2024, 2, 3, 10))
    assert (note.note_source_value, note.note_title, note.source_status) == ("11506-3", "Progress note", "final")
    assert (note.note_type_concept_id, note.encoding_concept_id) == (32831, 32678)
    assert (note.provider_id, note.visit_occurrence_id is None) == (ann.provider_id, False)
    assert (rows["undated"].note_date, rows["undated"].source_status) == (date(2024, 2, 2), "current")
    assert rows["of no day"][REASONS] == ["date is known"]
    assert {row.delivery for row in rows.values()} == {"2026-01-01"}


def test_no_text_leaves_the_landed_line(given: Rows, rows: dict[str, Row]) -> None:
    told = [*rows.values(), *given[DocumentReference].collect()]
    assert {row.note_text for row in rows.values()} == {None}
    encoded = base64.b64encode(TEXT.encode()).decode()
    assert not any(text in str(row) for row in told for text in (TEXT, encoded))
