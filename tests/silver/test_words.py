"""What a source tells in words and not by a code is in silver without what says who the patient is."""

from __future__ import annotations

from typing import Any

import pytest
from pyspark.sql import SparkSession

from lakehouse.bronze.ehr.ehr_line import EhrLine
from lakehouse.contract import Table
from lakehouse.silver.clinical.condition_occurrence import ConditionOccurrence
from lakehouse.silver.clinical.device_exposure import DeviceExposure
from lakehouse.silver.clinical.drug_exposure import DrugExposure
from lakehouse.silver.clinical.measurement import Measurement
from lakehouse.silver.clinical.note import Note
from lakehouse.silver.clinical.observation import Observation
from lakehouse.silver.clinical.payer_plan_period import PayerPlanPeriod
from lakehouse.silver.clinical.procedure_occurrence import ProcedureOccurrence
from lakehouse.silver.clinical.specimen import Specimen
from lakehouse.silver.clinical.visit_detail import VisitDetail
from lakehouse.silver.clinical.visit_occurrence import VisitOccurrence
from tests.support import Rows, ehr_lines, without_claims

WORDS, FREED = "given to Ann Grave, 617-555-0101", "given to [NAME] [NAME], [PHONE]"
BY_MAIDEN_NAME, MAIDEN_NAME_FREED = "as Ann Miller", "as [NAME] [NAME]"
NOON = "2026-01-05T12:00:00Z"
PATIENT = {"reference": "Patient/p1"}
IN_WORDS = {"text": WORDS}


def _patient(family: str, version: str) -> dict[str, Any]:
    meta = {"lastUpdated": f"2026-01-0{version}T00:00:00Z", "versionId": version}
    return {"resourceType": "Patient", "id": "p1", "meta": meta, "name": [{"family": family, "given": ["Ann"]}]}


LANDED: list[dict[str, Any]] = [
    _patient("Miller", "1"),
    _patient("Grave", "2"),
    {"resourceType": "Condition", "id": "c", "subject": PATIENT, "code": IN_WORDS, "recordedDate": NOON},
    {"resourceType": "Condition", "id": "d", "subject": PATIENT, "code": {"coding": [{"display": BY_MAIDEN_NAME}]},
     "recordedDate": NOON},
    {"resourceType": "Condition", "id": "e", "subject": PATIENT, "recordedDate": NOON,
     "code": {"coding": [{"code": "12345678", "display": WORDS}], "text": WORDS}},
    {"resourceType": "Procedure", "id": "p", "subject": PATIENT, "code": IN_WORDS, "status": "completed",
     "performedDateTime": NOON},
    {"resourceType": "Observation", "id": "o", "subject": PATIENT, "code": IN_WORDS, "status": "final",
     "effectiveDateTime": NOON, "valueString": WORDS},
    {"resourceType": "Observation", "id": "u", "subject": PATIENT, "code": IN_WORDS, "status": "final",
     "effectiveDateTime": NOON, "valueQuantity": {"value": 1, "unit": WORDS}},
    {"resourceType": "MedicationRequest", "id": "m", "subject": PATIENT, "medicationCodeableConcept": IN_WORDS,
     "intent": "order", "status": "active", "authoredOn": NOON,
     "dosageInstruction": [{"text": WORDS, "route": IN_WORDS}]},
    {"resourceType": "SupplyDelivery", "id": "s", "patient": PATIENT, "status": "completed",
     "occurrenceDateTime": NOON, "suppliedItem": {"itemCodeableConcept": IN_WORDS}},
    {"resourceType": "Specimen", "id": "t", "subject": PATIENT, "type": IN_WORDS,
     "collection": {"collectedDateTime": NOON, "bodySite": IN_WORDS}},
    {"resourceType": "Encounter", "id": "v", "subject": PATIENT, "status": "finished", "class": {"code": "IMP"},
     "period": {"start": NOON, "end": NOON}, "location": [{"location": {"display": WORDS}, "period": {"start": NOON}}],
     "hospitalization": {"admitSource": IN_WORDS, "dischargeDisposition": IN_WORDS}},
    {"resourceType": "Coverage", "id": "w", "beneficiary": PATIENT, "status": "active",
     "payor": [{"display": WORDS}], "period": {"start": "2026-01-01"},
     "class": [{"type": {"coding": [{"code": "plan"}]}, "value": "1", "name": WORDS}]},
    {"resourceType": "DocumentReference", "id": "n", "subject": PATIENT, "status": "current", "type": IN_WORDS,
     "date": NOON, "content": [{"attachment": {"contentType": "text/plain", "data": "QW5uIGlzIHdlbGw="}}]},
]  # fmt: skip

TOLD: list[tuple[type[Table], str, set[str]]] = [
    (ConditionOccurrence, "condition_source_value", {FREED, MAIDEN_NAME_FREED, "12345678"}),
    (ProcedureOccurrence, "procedure_source_value", {FREED}),
    (Observation, "observation_source_value", {FREED}),
    (Observation, "value_as_string", {FREED}),
    (Observation, "value_source_value", {FREED}),
    (Measurement, "unit_source_value", {FREED}),
    (DrugExposure, "drug_source_value", {FREED}),
    (DrugExposure, "route_source_value", {FREED}),
    (DrugExposure, "sig", {FREED}),
    (DeviceExposure, "device_source_value", {FREED}),
    (Specimen, "specimen_source_value", {FREED}),
    (Specimen, "anatomic_site_source_value", {FREED}),
    (VisitOccurrence, "admitted_from_source_value", {FREED}),
    (VisitOccurrence, "discharged_to_source_value", {FREED}),
    (VisitDetail, "visit_detail_source_value", {FREED}),
    (PayerPlanPeriod, "payer_source_value", {FREED}),
    (PayerPlanPeriod, "plan_source_value", {FREED}),
    (Note, "note_title", {FREED}),
    (Note, "note_source_value", {FREED}),
    (Note, "note_text", {"[NAME] is well"}),
]


@pytest.fixture(scope="module")
def built(spark: SparkSession, sample: Rows) -> Rows:
    return sample.given({EhrLine: ehr_lines(spark, *LANDED), **without_claims(spark)})


@pytest.mark.parametrize(("table", "column", "expected"), TOLD, ids=lambda value: getattr(value, "__name__", None))
def test_words_are_freed(built: Rows, table: type[Table], column: str, expected: set[str]) -> None:
    assert {
        row[column] for row in built[table].filter(f"{column} is not null and line_id is not null").collect()
    } == expected
