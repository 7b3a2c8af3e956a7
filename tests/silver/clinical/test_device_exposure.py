"""Devices and supplies as OMOP rows."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from pyspark.sql import Row, SparkSession

from lakehouse.bronze.ehr.ehr_line import EhrLine
from lakehouse.quality import REASONS, flag
from lakehouse.silver.claims.medical_claim import MedicalClaim
from lakehouse.silver.clinical.device_exposure import DeviceExposure
from tests.silver.clinical.fhir import SNOMED, Resource, concept
from tests.support import Rows, ehr_lines, rows_of

PACEMAKER, STENT = (SNOMED, "706004007"), (SNOMED, "705643001")


def supplied(name: str, when: str | None, status: str = "completed") -> Resource:
    return {"resourceType": "SupplyDelivery", "id": name, "status": status, "patient": {"reference": "Patient/p1"},
            "suppliedItem": {"quantity": {"value": 50}, "itemCodeableConcept": concept(STENT)},
            "occurrenceDateTime": when}  # fmt: skip


RESOURCES = [
    {"resourceType": "Device", "id": "implant", "status": "active", "type": concept(PACEMAKER), "serialNumber": "S1",
     "patient": {"reference": "Patient/p1"}, "manufactureDate": "2020-01-01",
     "udiCarrier": [{"deviceIdentifier": "00844588003288", "carrierHRF": "(01)00844588003288(21)S1"}]},
    supplied("given", "2024-03-01T10:00:00Z"),
    supplied("abandoned", "2024-03-01", status="abandoned"),
    supplied("error", "2024-03-01", status="entered-in-error"),
]  # fmt: skip
CLAIMS = [
    {"person_id": 1, "line_id": 71, "source_file": "dme", "hcpcs_code": "E0601", "referring_npi": "9000000011",
     "claim_start_date": date(2024, 1, 1), "claim_end_date": date(2024, 1, 31),
     "claim_line_start_date": date(2024, 1, 5)},
    {"person_id": 1, "line_id": 72, "source_file": "dme", "claim_start_date": date(2024, 1, 1)},
    {"person_id": 1, "line_id": 73, "source_file": "carrier", "hcpcs_code": "E0601",
     "claim_line_start_date": date(2024, 1, 6)},
    {"person_id": 1, "line_id": 74, "source_file": "dme", "hcpcs_code": "LOCAL",
     "claim_line_start_date": date(2024, 1, 7)},
    {"person_id": 1, "line_id": 75, "source_file": "carrier", "hcpcs_code": "LOCAL",
     "claim_line_start_date": date(2024, 1, 8)},
]  # fmt: skip
CLAIM = {"claim_id": 7, "claim_type": "professional", "is_first_line": False}


@pytest.fixture(scope="module")
def rows(spark: SparkSession, sample: Rows) -> dict[int, Row]:
    claims = rows_of(spark, MedicalClaim, *(line | CLAIM for line in CLAIMS))
    built = sample.given({EhrLine: ehr_lines(spark, *RESOURCES), MedicalClaim: claims})[DeviceExposure]
    return {row.line_id: row for row in flag(DeviceExposure, built).collect()}


def test_devices_supplies_and_lines_of_claims_for_devices(rows: dict[int, Row]) -> None:
    """A line is for a device by its concept, whoever billed it, and by its supplier where the code has none."""
    assert set(rows) == {1, 2, 3, 71, 73, 74}
    implant, given, billed = rows[1], rows[2], rows[71]
    assert (implant.device_concept_id, implant.unique_device_id) == (45772840, "00844588003288")
    assert (given.device_concept_id, given.quantity) == (45767945, 50.0)
    assert given.device_exposure_start_datetime == datetime(2024, 3, 1, 10)
    assert (billed.device_source_value, billed.device_exposure_start_date) == ("E0601", date(2024, 1, 5))
    assert billed.device_exposure_end_date == date(2024, 1, 31)
    types = {line: row.device_type_concept_id for line, row in rows.items()}
    assert types == {1: 32817, 2: 32825, 3: 32825, 71: 32872, 73: 32872, 74: 32872}
    concepts = {line: rows[line].device_concept_id for line in (71, 73, 74)}
    assert concepts == {71: 2616666, 73: 2616666, 74: 0}


def test_a_device_of_unknown_day_and_what_was_not_given_go_to_quarantine(rows: dict[int, Row]) -> None:
    refused = {line: row[REASONS] for line, row in rows.items() if row[REASONS]}
    assert refused == {1: ["start date is known"], 3: ["was given"]}


def test_serial_numbers_stay_in_bronze(rows: dict[int, Row]) -> None:
    assert "S1" not in " ".join(str(value) for value in rows[1].asDict().values())
