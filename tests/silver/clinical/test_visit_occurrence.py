from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime
from typing import Any

import pytest
from pyspark.sql import DataFrame, Row, SparkSession

from lakehouse.bronze.ehr.ehr_line import EhrLine
from lakehouse.bronze.ehr.encounter import Encounter
from lakehouse.quality import REASONS, flag
from lakehouse.silver.clinical.visit_occurrence import VisitOccurrence
from lakehouse.vault.patient_link import PatientLink
from tests.bronze.ehr.landed import landed
from tests.support import Rows, ehr_lines, without_claims


def encounter(
    name: str, start: str | None, end: str | None, code: str = "AMB", patient: str = "p1", **elements: Any
) -> dict[str, Any]:
    return {
        "resourceType": "Encounter", "id": name, "subject": {"reference": f"Patient/{patient}"}, "status": "finished",
        "class": {"code": code}, "period": {"start": start, "end": end}, **elements,
    }  # fmt: skip


def disposition(code: str) -> dict[str, Any]:
    return {"dischargeDisposition": {"coding": [{"code": code}]}, "admitSource": {"text": "from home"}}


NURSING = "449411000124106"
"""SNOMED: admission to skilled nursing facility."""

ENCOUNTERS = [
    encounter("later", "2020-03-01T10:00:00Z", "2020-03-01T10:30:00Z"),
    encounter("night", "2020-02-01T22:00:00-05:00", "2020-02-02T01:00:00-05:00", "EMER"),
    encounter("stay", "2020-02-02", "2020-02-05", "IMP", hospitalization=disposition("3")),
    encounter("goes on", "2025-12-30", None, "IMP", status="in-progress"),
    encounter("no end", "2020-04-01", None, "VR"),
    encounter("backwards", "2020-02-10", "2020-02-09"),
    encounter("no start", None, "2020-02-09"),
    encounter("cancelled", "2020-02-11", "2020-02-11", status="cancelled"),
    encounter("error", "2020-02-12", "2020-02-12", status="entered-in-error"),
    encounter("unknown class", "2020-05-01", "2020-05-01", "XYZ"),
    encounter("somebody else's", "2020-01-01", "2020-01-01", patient="p2"),
]


@pytest.fixture(scope="module")
def built(spark: SparkSession, sample: Rows) -> DataFrame:
    return sample.given({EhrLine: ehr_lines(spark, *ENCOUNTERS), **without_claims(spark)})[VisitOccurrence]


@pytest.fixture(scope="module")
def by_name(built: DataFrame) -> dict[str, Row]:
    return {ENCOUNTERS[row.line_id - 1]["id"]: row for row in built.collect()}


def test_every_encounter_but_the_one_in_error_is_one_row(built: DataFrame, by_name: dict[str, Row]) -> None:
    assert built.count() == len(by_name)
    assert set(by_name) == {e["id"] for e in ENCOUNTERS} - {"error"}


@pytest.mark.parametrize(
    ("name", "concept_id", "start", "start_datetime", "end", "end_datetime"),
    [
        ("later", 9202, date(2020, 3, 1), datetime(2020, 3, 1, 10), date(2020, 3, 1), datetime(2020, 3, 1, 10, 30)),
        ("night", 9203, date(2020, 2, 1), datetime(2020, 2, 2, 3), date(2020, 2, 2), datetime(2020, 2, 2, 6)),
        ("stay", 9201, date(2020, 2, 2), None, date(2020, 2, 5), None),
        ("goes on", 9201, date(2025, 12, 30), None, date(2026, 1, 1), None),
        ("no end", 5083, date(2020, 4, 1), None, date(2020, 4, 1), None),
        ("unknown class", 0, date(2020, 5, 1), None, date(2020, 5, 1), None),
    ],
)
def test_visits(
    by_name: dict[str, Row],
    name: str,
    concept_id: int,
    start: date,
    start_datetime: datetime | None,
    end: date,
    end_datetime: datetime | None,
) -> None:
    row = by_name[name]
    assert row.visit_concept_id == concept_id
    assert (row.visit_start_date, row.visit_start_datetime) == (start, start_datetime)
    assert (row.visit_end_date, row.visit_end_datetime) == (end, end_datetime)


def test_discharge(by_name: dict[str, Row]) -> None:
    row = by_name["stay"]
    assert (row.discharged_to_concept_id, row.discharged_to_source_value) == (8863, "3")
    assert row.admitted_from_source_value == "from home"
    assert (by_name["later"].discharged_to_concept_id, by_name["later"].discharged_to_source_value) == (0, None)


def test_the_preceding_visit_is_the_person_s_own_and_sound(by_name: dict[str, Row]) -> None:
    names = {row.visit_occurrence_id: name for name, row in by_name.items()}
    order = ["night", "stay", "later", "no end", "unknown class", "goes on"]
    preceding = {name: names.get(by_name[name].preceding_visit_occurrence_id) for name in order}
    assert preceding == dict(zip(order, [None, *order], strict=False))
    assert by_name["somebody else's"].preceding_visit_occurrence_id is None


def test_quarantine(built: DataFrame) -> None:
    flagged = flag(VisitOccurrence, built)
    reasons = {ENCOUNTERS[row.line_id - 1]["id"]: row[REASONS] for row in flagged.collect() if row[REASONS]}
    assert reasons == {
        "backwards": ["ends no earlier than it starts"],
        "no start": ["start date is known"],
        "cancelled": ["took place"],
    }


def test_visits_of_the_sample(sample: Rows) -> None:
    persons = {row.patient_id: row.person_id for row in sample[PatientLink].collect()}
    lines = {row.resource_id: row.line_id for row in sample[Encounter].collect()}
    every = sample[VisitOccurrence].collect()
    visits = {row.line_id: row for row in every if row.line_id}
    encounters = landed("Encounter")
    assert len(visits) == len(encounters) == sum(row.known_by != "claims" for row in every)
    concept_ids = {"AMB": 9202, "EMER": 9203, "IMP": 9201, "HH": 581476, "VR": 5083}
    for e in encounters:
        row = visits[lines[e["id"]]]
        start, end = (datetime.fromisoformat(e["period"][edge]).replace(tzinfo=None) for edge in ("start", "end"))
        assert row.person_id == persons[e["subject"]["reference"].removeprefix("Patient/")]
        in_nursing_facility = NURSING in {coding["code"] for kind in e["type"] for coding in kind["coding"]}
        expected = 42898160 if in_nursing_facility and row.known_by == "both" else concept_ids[e["class"]["code"]]
        assert row.visit_concept_id == expected
        assert (row.visit_start_datetime, row.visit_end_datetime) == (start, end)
        assert (row.visit_start_date, row.visit_end_date) == (start.date(), end.date())
    starts = defaultdict(list)
    for row in every:
        starts[row.person_id].append(row.visit_start_date)
    start_of = {row.visit_occurrence_id: row.visit_start_date for row in every}
    for person, days in starts.items():
        earlier = [row.preceding_visit_occurrence_id for row in every if row.person_id == person]
        assert sorted(start_of[e] for e in earlier if e) == sorted(days)[:-1]
