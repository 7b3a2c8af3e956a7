"""Orders, administrations and immunizations as OMOP rows."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from datetime import date, datetime
from typing import Any

import pytest
from pyspark.sql import DataFrame, Row, SparkSession

from lakehouse.bronze.ehr.ehr_line import EhrLine
from lakehouse.quality import REASONS, dropped, flag
from lakehouse.silver.clinical.drug_exposure import DrugExposure
from tests.conftest import SAMPLE
from tests.silver.clinical.fhir import LOCAL, RXNORM, Resource, concept, resource
from tests.support import Rows, ehr_lines, without_claims

LISINOPRIL, AMLODIPINE = concept((RXNORM, "314076")), concept((RXNORM, "197361"))


def order(name: str, **elements: object) -> Resource:
    standing = {"status": "active", "intent": "order", "authoredOn": "2022-01-31"}
    return resource("MedicationRequest", name, **{**standing, "medicationCodeableConcept": LISINOPRIL, **elements})


def given(name: str, **elements: object) -> Resource:
    standing = {"status": "completed", "effectiveDateTime": "2022-02-01T08:00:00Z"}
    return resource("MedicationAdministration", name, **{**standing, **elements})


def vaccination(name: str, **elements: object) -> Resource:
    code = concept(("http://hl7.org/fhir/sid/cvx", "140"))
    return resource("Immunization", name, **{"status": "completed", "vaccineCode": code, **elements})


EVENTS = [
    order(
        "supplied",
        dispenseRequest={
            "numberOfRepeatsAllowed": 2,
            "quantity": {"value": 30, "unit": "TAB"},
            "expectedSupplyDuration": {"value": 30, "unit": "days", "code": "d"},
        },
        dosageInstruction=[{"text": "once a day", "route": {"text": "by mouth"}}],
    ),
    order("bounded", dosageInstruction=[{"timing": {"repeat": {"boundsPeriod": {"end": "2022-02-10"}}}}]),
    order("bare"),
    order("referring", medicationCodeableConcept=None, medicationReference={"reference": "Medication/m1"}),
    order("by urn", medicationCodeableConcept=None, medicationReference={"reference": "urn:uuid:m1"}),
    order("referring to nothing", medicationCodeableConcept=None, medicationReference={"reference": "Medication/m9"}),
    order("planned", intent="plan"),
    order("forbidden", doNotPerform=True),
    order("cancelled", status="cancelled"),
    order("undated", authoredOn=None),
    order("error", status="entered-in-error"),
    given(
        "given",
        medicationCodeableConcept=concept((LOCAL, "A"), (RXNORM, "197361")),
        context={"reference": "Encounter/e1"},
        dosage={"dose": {"value": 5, "unit": "mg", "code": "mg"}},
    ),
    given("given to him", medicationReference={"reference": "Medication/m1"}),
    given("not given", medicationCodeableConcept=AMLODIPINE, status="not-done"),
    given("infused", effectiveDateTime=None, effectivePeriod={"start": "2022-02-01", "end": "2022-02-03"}),
    vaccination("vaccine", occurrenceDateTime="2022-10", lotNumber="L1"),
    vaccination("refused", occurrenceDateTime="2022-10-01", status="not-done"),
    vaccination("some day", occurrenceString="as a child"),
    {"resourceType": "Medication", "id": "m1", "code": AMLODIPINE, "meta": {"lastUpdated": "2022-01-02T00:00:00Z"}},
    {"resourceType": "Medication", "id": "m1", "code": LISINOPRIL, "meta": {"lastUpdated": "2022-01-01T00:00:00Z"}},
]


@pytest.fixture(scope="module")
def built(spark: SparkSession, sample: Rows) -> DataFrame:
    return sample.given({EhrLine: ehr_lines(spark, *EVENTS), **without_claims(spark)})[DrugExposure]


@pytest.fixture(scope="module")
def by_name(built: DataFrame) -> dict[str, Row]:
    return {EVENTS[row.line_id - 1]["id"]: row for row in built.collect()}


def test_every_event_but_the_one_in_error_is_one_row(built: DataFrame, by_name: dict[str, Row]) -> None:
    assert built.count() == len(by_name) == built.select("drug_exposure_id").distinct().count()
    assert set(by_name) == {e["id"] for e in EVENTS} - {"error", "m1"}


@pytest.mark.parametrize(
    ("name", "concept_id", "type_concept_id", "first", "last", "stated"),
    [
        ("supplied", 19080128, 32838, date(2022, 1, 31), date(2022, 3, 1), None),
        ("bounded", 19080128, 32838, date(2022, 1, 31), date(2022, 2, 10), date(2022, 2, 10)),
        ("bare", 19080128, 32838, date(2022, 1, 31), date(2022, 1, 31), None),
        ("referring", 1332419, 32838, date(2022, 1, 31), date(2022, 1, 31), None),
        ("by urn", 1332419, 32838, date(2022, 1, 31), date(2022, 1, 31), None),
        ("referring to nothing", 0, 32838, date(2022, 1, 31), date(2022, 1, 31), None),
        ("given", 1332419, 32818, date(2022, 2, 1), date(2022, 2, 1), None),
        ("given to him", 1332419, 32818, date(2022, 2, 1), date(2022, 2, 1), None),
        ("infused", 0, 32818, date(2022, 2, 1), date(2022, 2, 3), date(2022, 2, 3)),
        ("vaccine", 40213154, 32817, date(2022, 10, 1), date(2022, 10, 1), None),
    ],
)
def test_drug_and_days(
    by_name: dict[str, Row],
    name: str,
    concept_id: int,
    type_concept_id: int,
    first: date,
    last: date,
    stated: date | None,
) -> None:
    row = by_name[name]
    assert (row.drug_concept_id, row.drug_type_concept_id) == (concept_id, type_concept_id)
    assert (row.drug_exposure_start_date, row.drug_exposure_end_date, row.verbatim_end_date) == (first, last, stated)


def test_amounts(by_name: dict[str, Row]) -> None:
    supplied, administered, vaccine = by_name["supplied"], by_name["given"], by_name["vaccine"]
    assert (supplied.quantity, supplied.dose_unit_source_value, supplied.refills) == (30.0, "TAB", 2)
    assert (supplied.days_supply, supplied.sig, supplied.route_source_value) == (30, "once a day", "by mouth")
    assert (administered.quantity, administered.dose_unit_source_value, administered.route_concept_id) == (5.0, "mg", 0)
    assert administered.drug_exposure_start_datetime == datetime(2022, 2, 1, 8)
    assert administered.visit_occurrence_id is not None
    assert (vaccine.lot_number, vaccine.drug_source_value) == ("L1", "140")


def test_what_cannot_stay_goes_to_quarantine(built: DataFrame) -> None:
    refused = {EVENTS[r.line_id - 1]["id"]: r[REASONS] for r in dropped(flag(DrugExposure, built)).collect()}
    assert refused == {
        "planned": ["was ordered or given"],
        "forbidden": ["was ordered or given"],
        "cancelled": ["was ordered or given"],
        "not given": ["was ordered or given"],
        "refused": ["was ordered or given"],
        "undated": ["start date is known"],
        "some day": ["start date is known"],
    }


def test_the_sample_has_a_row_for_every_event(sample: Rows) -> None:
    expected: Counter[tuple[int, str, date]] = Counter()
    codes = {m["id"]: m["code"]["coding"][0]["code"] for m in sample_of("Medication")}
    for name, kind, day in (
        ("MedicationRequest", 32838, "authoredOn"),
        ("MedicationAdministration", 32818, "effectiveDateTime"),
        ("Immunization", 32817, "occurrenceDateTime"),
    ):
        for event in {e["id"]: e for e in sample_of(name)}.values():
            coded = event.get("medicationCodeableConcept") or event.get("vaccineCode")
            referred = event.get("medicationReference", {}).get("reference", "").removeprefix("Medication/")
            code = coded["coding"][0]["code"] if coded else codes[referred]
            expected[kind, code, date.fromisoformat(event[day][:10])] += 1
    of_hospital = sample[DrugExposure].filter("drug_type_concept_id in (32838, 32818, 32817)")
    rows = of_hospital.select("drug_type_concept_id", "drug_source_value", "drug_exposure_start_date")
    assert Counter(map(tuple, rows.collect())) == expected


def sample_of(resource_type: str) -> list[dict[str, Any]]:
    with gzip.open(SAMPLE / "ehr" / "2026-01-01" / f"{resource_type}.ndjson.gz", "rt") as lines:
        return [json.loads(line) for line in lines]
