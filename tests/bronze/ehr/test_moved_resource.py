"""What was recorded for the wrong patient is in the record of the right one alone, once that is known."""

from __future__ import annotations

from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from lakehouse.bronze.ehr.moved_resource import MovedResource
from lakehouse.bronze.ehr.observation import Observation
from lakehouse.bronze.ehr.other_resource import OtherResource
from tests.support import ehr_lines


def version(kind: str, name: str, patient: str | None, updated: str | None = None) -> dict[str, Any]:
    subject = {"subject": {"reference": f"Patient/{patient}"}} if patient else {}
    return {"resourceType": kind, "id": name, "meta": {"lastUpdated": updated}, **subject}


@pytest.fixture(scope="module")
def lines(spark: SparkSession) -> DataFrame:
    return ehr_lines(
        spark,
        version("Observation", "stays", "a", "2026-01-01T00:00:00Z"),
        version("Observation", "stays", "a", "2026-01-02T00:00:00Z"),
        version("Observation", "moves", "a", "2026-01-01T00:00:00Z"),
        version("Observation", "moves", "b", "2026-01-02T00:00:00Z"),
        version("Goal", "moves", "a", "2026-01-01T00:00:00Z"),
        version("Observation", "comes back", "a", "2026-01-01T00:00:00Z"),
        version("Observation", "comes back", "b", "2026-01-02T00:00:00Z"),
        version("Observation", "comes back", "a", "2026-01-03T00:00:00Z"),
        version("Observation", "is told late", "b", "2026-01-02T00:00:00Z"),
        version("Observation", "is told late", "a", "2026-01-01T00:00:00Z"),
        version("Observation", "has no time", "a"),
        version("Observation", "has no time", "b"),
        version("Observation", "is nobody's", None, "2026-01-02T00:00:00Z"),
        version("Observation", "is nobody's", "a", "2026-01-01T00:00:00Z"),
        version("Goal", "goes on", "a", "2026-01-01T00:00:00Z"),
        version("Goal", "goes on", "b", "2026-01-02T00:00:00Z"),
        version("Goal", "goes on", "c", "2026-01-03T00:00:00Z"),
        {"resourceType": "Patient", "id": "moves"},
    )


def test_a_resource_has_left_all_patients_but_that_of_its_newest_version(lines: DataFrame) -> None:
    left = {tuple(row) for row in MovedResource.build(lines).collect()}  # type: ignore[arg-type]
    assert left == {
        ("Observation", "moves", "a"),
        ("Observation", "comes back", "b"),
        ("Observation", "is told late", "a"),
        ("Observation", "has no time", "a"),
        ("Goal", "goes on", "a"),
        ("Goal", "goes on", "b"),
    }


def test_it_holds_for_the_patient_whose_it_is_now(lines: DataFrame) -> None:
    moved = MovedResource.build(lines)  # type: ignore[arg-type]
    observations = Observation.current(Observation.build(lines, moved)).collect()  # type: ignore[arg-type]
    assert {(row.resource_id, row.patient_id, row.line) for row in observations if row.patient_id} == {
        ("stays", "a", 2), ("moves", "b", 4), ("comes back", "a", 8), ("is told late", "b", 9),
        ("has no time", "b", 12), ("is nobody's", "a", 14),
    }  # fmt: skip
    goals = OtherResource.current(OtherResource.build(lines, moved)).collect()  # type: ignore[arg-type]
    assert {(row.resource_id, row.patient_id) for row in goals} == {("moves", "a"), ("goes on", "c")}
