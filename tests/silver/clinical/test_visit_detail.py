"""Parts of visits: encounters that are parts of others, places, and claims."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from pyspark.sql import DataFrame, Row, SparkSession

from lakehouse.bronze.ehr.ehr_line import EhrLine
from lakehouse.contract import Table
from lakehouse.quality import REASONS, flag, kept
from lakehouse.silver.claims.medical_claim import MedicalClaim
from lakehouse.silver.clinical.condition_occurrence import ConditionOccurrence
from lakehouse.silver.clinical.encounter_part import EncounterPart
from lakehouse.silver.clinical.measurement import Measurement
from lakehouse.silver.clinical.visit_detail import VisitDetail
from lakehouse.silver.clinical.visit_occurrence import VisitOccurrence
from tests.silver.clinical.fhir import LOINC, Resource, concept, resource
from tests.support import Rows, ehr_lines, without_claims


def encounter(
    name: str, start: str, end: str | None, part_of: str | None = None, setting: str = "IMP", **elements: Any
) -> Resource:
    whole = {"partOf": {"reference": f"Encounter/{part_of}"}} if part_of else {}
    told = {"status": "finished", "class": {"code": setting}, "period": {"start": start, "end": end}}
    return resource("Encounter", name, **{**told, **whole, **elements})


def place(name: str, start: str | None, end: str | None = None, status: str = "completed") -> Resource:
    period = {"period": {"start": start, "end": end}} if start else {}
    return {"location": {"reference": f"Location/{name}", "display": name}, "status": status, **period}


def weight(name: str, of: str) -> Resource:
    return resource(
        "Observation", name, status="final", code=concept((LOINC, "29463-7")), effectiveDateTime="2020-02-03",
        encounter={"reference": f"Encounter/{of}"}, valueQuantity={"value": 70, "code": "kg"},
    )  # fmt: skip


LANDED = [
    encounter("stay", "2020-02-01T08:00:00Z", "2020-02-09", location=[
        place("front desk", None), place("intensive care", "2020-02-01T09:00:00Z", "2020-02-04"),
        place("general ward", "2020-02-04"), place("spare bed", "2020-02-04", status="reserved"),
    ]),
    encounter("ward", "2020-02-02", "2020-02-04", "stay", "ACUTE",
              hospitalization={"dischargeDisposition": concept(("urn:ub04", "3"))}),
    encounter("theatre", "2020-02-03T10:00:00Z", "2020-02-03T12:00:00Z", "ward",
              location=[place("room 1", "2020-02-03")]),
    encounter("recovery", "2020-02-03", "2020-02-03", "theatre"),
    encounter("too deep", "2020-02-03", "2020-02-03", "recovery"),
    encounter("never done", "2020-02-05", "2020-02-05", "stay", status="cancelled",
              location=[place("day room", "2020-02-05")]),
    encounter("never closed", "2020-02-06", None, "stay", location=[place("day room", "2020-02-06")]),
    encounter("later", "2020-06-01", "2020-06-01", "stay"),
    encounter("series", "2021-01-01", "2021-12-31", location=[place("gym", "2021-01-01")], setting="AMB"),
    encounter("of a series", "2021-02-01", "2021-02-01", "series"),
    encounter("goes on", "2025-12-30", None, location=[place("last ward", "2025-12-31")]),
    encounter("call", "2022-01-01", None, location=[place("desk", "2022-01-01")], setting="AMB"),
    {**encounter("of a stranger", "2020-02-02", "2020-02-02", "stay"), "subject": {"reference": "Patient/p2"}},
    encounter("lost", "2020-03-01", "2020-03-02", "what never landed"),
    encounter("called off", "2020-04-01", "2020-04-02", status="cancelled", location=[place("room 2", "2020-04-01")]),
    encounter("of called off", "2020-04-01", "2020-04-02", "called off"),
    encounter("one", "2020-05-01", "2020-05-01", "other"),
    encounter("other", "2020-05-01", "2020-05-01", "one"),
    weight("on the ward", "ward"),
    weight("on the stay", "stay"),
]  # fmt: skip

VISITS = {
    "stay", "too deep", "later", "series", "of a series", "goes on", "call", "of a stranger", "lost", "of called off",
    "one", "other",
}  # fmt: skip
"""Two that were cancelled are none, and the others are parts."""


@pytest.fixture(scope="module")
def built(spark: SparkSession, sample: Rows) -> Rows:
    landed: dict[type[Table], DataFrame] = {EhrLine: ehr_lines(spark, *LANDED), **without_claims(spark)}
    visits = sample.given(landed)[VisitOccurrence]
    return sample.given({**landed, VisitOccurrence: kept(flag(VisitOccurrence, visits))})


@pytest.fixture(scope="module")
def details(built: Rows) -> dict[str, Row]:
    """The details that stay, by the name of the encounter, and of the place where it is of one."""
    return {_named(row): row for row in kept(flag(VisitDetail, built[VisitDetail])).collect()}


def _named(row: Row) -> str:
    name: str = LANDED[row.line_id - 1]["id"]
    is_place = row.visit_detail_source_value not in ("IMP", "ACUTE")
    return f"{name}: {row.visit_detail_source_value}" if is_place else name


@pytest.fixture(scope="module")
def visits(built: Rows) -> dict[str, int]:
    return {LANDED[row.line_id - 1]["id"]: row.visit_occurrence_id for row in built[VisitOccurrence].collect()}


def test_what_is_a_part_is_no_visit(visits: dict[str, int]) -> None:
    assert set(visits) == VISITS


def test_parts_of_stays_and_dated_places_are_details(details: dict[str, Row], visits: dict[str, int]) -> None:
    of_visits = {"series: gym": "series", "goes on: last ward": "goes on", "call: desk": "call"}
    of_visits |= dict.fromkeys([
        "stay: intensive care", "stay: general ward", "ward", "theatre", "theatre: room 1", "recovery", "never closed",
        "never closed: day room",
    ], "stay")  # fmt: skip
    assert {name: row.visit_occurrence_id for name, row in details.items()} == {
        name: visits[visit] for name, visit in of_visits.items()
    }


def test_what_did_not_take_place_is_refused_with_the_reason(built: Rows) -> None:
    flagged = flag(VisitDetail, built[VisitDetail]).collect()
    assert {_named(row): row[REASONS] for row in flagged if row[REASONS]} == {"stay: spare bed": ["took place"]}


def test_parts_within_parts(details: dict[str, Row]) -> None:
    names = {row.visit_detail_id: name for name, row in details.items()}
    parents = {row.parent_visit_detail_id for row in details.values()} - {None}
    assert {
        names[parent]: {n for n, row in details.items() if row.parent_visit_detail_id == parent} for parent in parents
    } == {
        "ward": {"theatre"},
        "theatre": {"theatre: room 1", "recovery"},
        "never closed": {"never closed: day room"},
    }


def test_what_has_no_end_ends_with_its_encounter_or_the_visit(details: dict[str, Row]) -> None:
    days = {name: (row.visit_detail_start_date, row.visit_detail_end_date) for name, row in details.items()}
    assert days["ward"] == (date(2020, 2, 2), date(2020, 2, 4))
    assert days["stay: general ward"] == (date(2020, 2, 4), date(2020, 2, 9))
    assert days["never closed"] == days["never closed: day room"] == (date(2020, 2, 6), date(2020, 2, 9))
    assert days["goes on: last ward"] == (date(2025, 12, 31), date(2026, 1, 1))
    assert days["call: desk"] == (date(2022, 1, 1), date(2022, 1, 1))
    assert details["stay: intensive care"].visit_detail_start_datetime == datetime(2020, 2, 1, 9)


def test_settings(details: dict[str, Row]) -> None:
    outpatient = {name for name, row in details.items() if row.visit_detail_concept_id == 9202}
    assert outpatient == {"series: gym", "call: desk"}
    assert {row.visit_detail_concept_id for row in details.values()} == {9201, 9202}
    assert (details["ward"].discharged_to_concept_id, details["ward"].discharged_to_source_value) == (8863, "3")


def test_each_is_preceded_by_the_one_that_started_before(details: dict[str, Row]) -> None:
    names = {row.visit_detail_id: name for name, row in details.items()}
    before = {name: names.get(row.preceding_visit_detail_id) for name, row in details.items()}
    assert before["stay: intensive care"] is None
    assert before["ward"] == "stay: intensive care"
    assert before["goes on: last ward"] == "call: desk"


def test_events_of_a_part_are_of_the_visit_and_the_part(
    built: Rows, details: dict[str, Row], visits: dict[str, int]
) -> None:
    found = {LANDED[row.line_id - 1]["id"]: row for row in built[Measurement].collect()}
    assert {row.visit_occurrence_id for row in found.values()} == {visits["stay"]}
    assert found["on the ward"].visit_detail_id == details["ward"].visit_detail_id
    assert found["on the stay"].visit_detail_id is None


def test_the_sample_has_a_detail_for_each_medical_claim_and_its_diagnoses_name_it(sample: Rows) -> None:
    claims = {row.line_id: row for row in sample[MedicalClaim].filter("is_first_line").collect()}
    details = {row.line_id: row for row in sample[VisitDetail].collect()}
    assert sample[EncounterPart].isEmpty()
    assert set(details) == set(claims)
    for line_id, row in details.items():
        assert row.person_id == claims[line_id].person_id
        assert row.visit_detail_source_value == claims[line_id].service_category
    of_claims = sample[ConditionOccurrence].filter("visit_detail_id is not null").collect()
    assert of_claims
    for row in of_claims:
        assert details[row.line_id].visit_detail_id == row.visit_detail_id
        assert details[row.line_id].visit_occurrence_id == row.visit_occurrence_id
