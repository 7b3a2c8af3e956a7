"""Notes as OMOP rows, without what says who the patient is."""

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

TEXT = "Mrs. Example of 9 Elm Street told us that Zephyrine is well"


def document(name: str, **elements: Any) -> Resource:
    text = base64.b64encode(TEXT.encode()).decode()
    attachment = {"contentType": "text/plain; charset=utf-8", "data": text, "title": TEXT}
    told = {"status": "current", "type": concept((LOINC, "11506-3"), text="Progress note"),
            "content": [{"attachment": attachment}], "author": [{"reference": "Practitioner/ann"}],
            "context": {"encounter": [{"reference": "Encounter/e1"}], "period": {"start": "2024-02-02"}}}  # fmt: skip
    return {"resourceType": "DocumentReference", "id": name, "subject": {"reference": "Patient/p1"}, **told, **elements}


RESOURCES: list[Resource] = [
    {"resourceType": "Practitioner", "id": "ann"},
    {"resourceType": "Patient", "id": "p1", "name": [{"family": "Example"}, {"given": ["Zephyrine"]}]},
    document("dated", date="2024-02-03T10:00:00Z", docStatus="final"),
    document("undated"),
    document("of no day", context=None),
    document("error", status="entered-in-error"),
    document("of a page", content=[{"attachment": {"contentType": "text/html", "data": "PGI+"}}], date="2024-02-03"),
]


@pytest.fixture(scope="module")
def given(spark: SparkSession, sample: Rows) -> Rows:
    return sample.given({EhrLine: ehr_lines(spark, *RESOURCES)})


@pytest.fixture(scope="module")
def rows(given: Rows) -> dict[str, Row]:
    return {RESOURCES[row.line_id - 1]["id"]: row for row in flag(Note, given[Note]).collect()}


def test_notes(given: Rows, rows: dict[str, Row]) -> None:
    assert set(rows) == {"dated", "undated", "of no day", "of a page"}
    (ann,) = given[ProviderLink].collect()
    note = rows["dated"]
    assert (note.note_date, note.note_datetime) == (date(2024, 2, 3), datetime(2024, 2, 3, 10))
    assert (note.note_source_value, note.note_title, note.source_status) == ("11506-3", "Progress note", "final")
    assert (note.note_type_concept_id, note.encoding_concept_id) == (32831, 32678)
    assert (note.provider_id, note.visit_occurrence_id is None) == (ann.provider_id, False)
    assert (rows["undated"].note_date, rows["undated"].source_status) == (date(2024, 2, 2), "current")
    assert rows["of no day"][REASONS] == ["date is known"]
    assert {row.delivery for row in rows.values()} == {"2026-01-01"}


def test_who_the_patient_is_leaves_the_text(given: Rows, rows: dict[str, Row]) -> None:
    assert rows["dated"].note_text == "Mrs. [NAME] of [ADDRESS] told us that [NAME] is well"
    encoded = base64.b64encode(TEXT.encode()).decode()
    assert not any(text in str(row) for row in rows.values() for text in ("Example", "Elm", "Zephyrine", encoded))
    assert {row.text for row in given[DocumentReference].collect()} == {TEXT, None}


def test_a_text_that_is_not_plain_is_none(rows: dict[str, Row]) -> None:
    assert rows["of a page"].note_text is None
