from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from lakehouse import catalog
from lakehouse.bronze.ehr.condition import Condition
from lakehouse.bronze.ehr.ehr_line import EhrLine
from lakehouse.bronze.ehr.encounter import Encounter
from lakehouse.bronze.ehr.observation import Observation
from lakehouse.bronze.ehr.other_resource import TYPED, OtherResource
from lakehouse.bronze.ehr.resource import TypedResource
from lakehouse.quality import REASONS, flag
from tests.bronze.ehr.landed import landed
from tests.conftest import SAMPLE
from tests.support import Rows, ehr_lines


def version(status: str, delivery: str, name: str = "e1", updated: str | None = None) -> tuple[dict[str, Any], str]:
    resource = {"resourceType": "Encounter", "id": name, "subject": {"reference": "Patient/p1"}, "status": status}
    return (resource | ({"meta": {"lastUpdated": updated}} if updated else {})), delivery


def current(spark: SparkSession, sample: Rows, *versions: tuple[dict[str, Any], str]) -> list[Row]:
    lines = ehr_lines(spark, *(resource for resource, _ in versions))
    deliveries = F.array(*(F.lit(delivery) for _, delivery in versions))
    lines = lines.withColumn("delivery", F.element_at(deliveries, F.col("line").cast("int"))).withColumn(
        "file", F.concat(F.lit("ehr/"), "delivery", F.lit("/Encounter.ndjson"))
    )
    return Encounter.current(sample.given({EhrLine: lines})[Encounter]).collect()


@pytest.mark.parametrize("table", TYPED, ids=lambda table: table.__name__)
def test_every_line_of_a_type_is_one_row_of_its_table(sample: Rows, table: type[TypedResource]) -> None:
    expected = landed(table.__name__)
    rows = sample[table]
    assert rows.count() == len(expected)
    assert {row.resource_id for row in rows.select("resource_id").collect()} == {r["id"] for r in expected}
    assert table.current(rows).count() == len(expected)
    assert rows.filter("not fits").count() == 0


@pytest.mark.parametrize("table", TYPED, ids=lambda table: table.__name__)
def test_unread_fields_are_those_that_no_column_reads(sample: Rows, table: type[TypedResource]) -> None:
    read = {"resourceType", "id", "meta", "subject", "patient", *table.elements().values()}
    expected = Counter(name for resource in landed(table.__name__) for name in resource.keys() - read)
    found = sample[table].select(F.explode("unread_fields").alias("name")).groupBy("name").count().collect()
    assert {row["name"]: row["count"] for row in found} == expected


def test_types_without_a_table_are_kept_whole(sample: Rows) -> None:
    typed = {table.__name__ for table in TYPED}
    files = {file.name.split(".")[0] for file in (SAMPLE / "ehr").glob("*/*.ndjson.gz")}
    expected = {(name, r["id"]) for name in files - typed for r in landed(name)}
    rows = sample[OtherResource].select("resource_type", "resource_id", "raw").collect()
    assert {(row.resource_type, row.resource_id) for row in rows} == expected
    assert len(rows) == len(expected)
    assert all(json.loads(row.raw)["id"] == row.resource_id for row in rows)


def test_every_typed_table_is_known_to_the_table_of_the_others() -> None:
    assert {t for t in catalog.load() if issubclass(t, TypedResource)} == set(TYPED)


def test_names_of_elements() -> None:
    elements = Encounter.elements()
    assert (elements["class_"], elements["service_provider"], elements["period"]) == (
        "class",
        "serviceProvider",
        "period",
    )


def test_values_are_read_as_they_were_written(sample: Rows) -> None:
    rows = sample[Observation].select("resource_id", "value_quantity.value", "code.coding", "component").collect()
    found = {row.resource_id: row for row in rows}
    for resource in landed("Observation"):
        row = found[resource["id"]]
        assert row["value"] == resource.get("valueQuantity", {}).get("value")
        assert [c.code for c in row["coding"]] == [c["code"] for c in resource["code"]["coding"]]
        values = [c.get("valueQuantity", {}).get("value") for c in resource.get("component", [])]
        assert [c.valueQuantity and c.valueQuantity.value for c in row["component"] or []] == values


@pytest.fixture(scope="module")
def odd(spark: SparkSession, sample: Rows) -> DataFrame:
    """Conditions that are JSON, but not what FHIR says."""
    of = {"resourceType": "Condition", "subject": {"reference": "Patient/p1"}}
    resources: list[dict[str, Any]] = [
        {**of, "id": "text for an object", "code": "hypertension", "recordedDate": "2020-05-04"},
        {**of, "id": "object for an array", "category": {"text": "x"}, "recordedDate": "2020-05-04"},
        {**of, "id": "unknown elements", "mood": "good", "_onset": {"extension": []}, "recordedDate": "2020-05-04"},
        {"resourceType": "Condition", "id": "no patient", "recordedDate": "2020-05-04"},
    ]
    return sample.given({EhrLine: ehr_lines(spark, *resources)})[Condition]


def test_content_that_does_not_fit_leaves_the_rest_of_the_row(odd: DataFrame) -> None:
    rows = {row.resource_id: row for row in odd.collect()}
    assert {name for name, row in rows.items() if not row.fits} == {"text for an object", "object for an array"}
    assert {row.recorded_date for row in rows.values()} == {"2020-05-04"}
    assert rows["text for an object"].code is None
    assert rows["object for an array"].category is None
    assert rows["unknown elements"].unread_fields == ["_onset", "mood"]


def test_a_resource_that_names_no_patient_goes_to_quarantine(odd: DataFrame) -> None:
    reasons = {row.resource_id: row[REASONS] for row in flag(Condition, odd).collect()}
    assert {name: why for name, why in reasons.items() if why} == {"no patient": ["names its patient"]}


VERSIONS = {
    "corrected by a later delivery": (
        [version("in-progress", "2026-01-01"), version("finished", "2026-02-01")],
        ["finished"],
    ),
    "corrected, and told to be older than what it corrects": (
        [
            version("finished", "2026-01-01", updated="2026-01-01T00:00:00Z"),
            version("in-progress", "2026-02-01", updated="2025-12-31T23:00:00Z"),
        ],
        ["finished"],
    ),
    "later by the offset of its time": (
        [
            version("in-progress", "2026-01-01", updated="2026-01-01T01:00:00+00:00"),
            version("finished", "2026-01-01", updated="2025-12-31T23:00:00-05:00"),
        ],
        ["finished"],
    ),
    "repeated": ([version("finished", "2026-01-01"), version("finished", "2026-02-01")], ["finished"]),
    "corrected twice in one file": (
        [version("planned", "2026-01-01"), version("arrived", "2026-01-01"), version("finished", "2026-01-01")],
        ["finished"],
    ),
    "reverted": (
        [version("finished", "2026-01-01"), version("onleave", "2026-02-01"), version("finished", "2026-03-01")],
        ["finished"],
    ),
    "entered in error": ([version("finished", "2026-01-01"), version("entered-in-error", "2026-02-01")], []),
    "entered in error, then restored": (
        [
            version("finished", "2026-01-01"),
            version("entered-in-error", "2026-02-01"),
            version("finished", "2026-03-01"),
        ],
        ["finished"],
    ),
    "two records": (
        [version("finished", "2026-01-01"), version("arrived", "2026-01-01", name="e2")],
        ["arrived", "finished"],
    ),
}


@pytest.mark.parametrize("case", VERSIONS)
def test_the_version_that_holds(spark: SparkSession, sample: Rows, case: str) -> None:
    versions, expected = VERSIONS[case]
    assert sorted(row.status for row in current(spark, sample, *versions)) == expected


def test_a_repetition_changes_nothing(spark: SparkSession, sample: Rows) -> None:
    once = version("finished", "2026-01-01")
    repeated = current(spark, sample, once, version("finished", "2026-02-01"))
    assert [row.line_id for row in repeated] == [row.line_id for row in current(spark, sample, once)]
