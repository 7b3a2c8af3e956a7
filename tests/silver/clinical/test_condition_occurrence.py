"""Conditions as OMOP rows: hand-made ones, and those of the sample counted again in plain Python."""

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
from lakehouse.silver.clinical.condition_occurrence import ConditionOccurrence
from tests.conftest import SAMPLE
from tests.silver.clinical.fhir import ICD10CM, LOCAL, SNOMED, Resource, concept, resource
from tests.support import Rows, ehr_lines, without_claims

HYPERTENSION = (SNOMED, "59621000")


def condition(name: str, *codings: tuple[str, str], **elements: object) -> Resource:
    standing = {"verificationStatus": concept(("status", "confirmed")), "onsetDateTime": "2020-05-04"}
    return resource("Condition", name, **{"code": concept(*codings, text="in words"), **standing, **elements})


CONDITIONS = [
    condition("plain", HYPERTENSION, encounter={"reference": "Encounter/e1"}),
    condition(
        "offset", HYPERTENSION, onsetDateTime="2020-05-04T23:30:00-05:00", encounter={"reference": "urn:uuid:e1"}
    ),
    condition("year", HYPERTENSION, onsetDateTime="2020"),
    condition("month", HYPERTENSION, onsetDateTime="2020-05", abatementDateTime="2020-04-01"),
    condition("recorded", HYPERTENSION, onsetDateTime="unknown", recordedDate="2021-01-02"),
    condition("period", HYPERTENSION, onsetDateTime=None, onsetPeriod={"start": "2019-01-01", "end": "2019-02-01"}),
    condition("undated", HYPERTENSION, onsetDateTime=None),
    condition("local first", (LOCAL, "H1"), (ICD10CM, "i10"), (LOCAL, "H2")),
    condition("snomed beside", (ICD10CM, "I10"), HYPERTENSION),
    condition("both standard", HYPERTENSION, (SNOMED, "44054006")),
    condition("known, not mapped", (LOCAL, "H1"), (SNOMED, "167271000")),
    condition("unknown system", (LOCAL, "59621000")),
    condition("words", code={"text": "in words"}),
    condition("no code", code=None),
    condition("refuted", HYPERTENSION, verificationStatus=concept(("status", "refuted"))),
    condition("error", HYPERTENSION, verificationStatus=concept(("status", "entered-in-error"))),
    condition("problem", HYPERTENSION, category=[concept(("kind", "problem-list-item"))]),
    condition("visit's", HYPERTENSION, category=[concept(("kind", "encounter-diagnosis"))]),
]


@pytest.fixture(scope="module")
def built(spark: SparkSession, sample: Rows) -> DataFrame:
    return sample.given({EhrLine: ehr_lines(spark, *CONDITIONS), **without_claims(spark)})[ConditionOccurrence]


@pytest.fixture(scope="module")
def by_name(built: DataFrame) -> dict[str, Row]:
    return {CONDITIONS[row.line_id - 1]["id"]: row for row in built.collect()}


def test_every_condition_but_the_one_in_error_is_one_row(built: DataFrame, by_name: dict[str, Row]) -> None:
    assert built.count() == len(by_name)
    assert set(by_name) == {c["id"] for c in CONDITIONS} - {"error"}


@pytest.mark.parametrize(
    ("name", "start", "start_datetime", "end"),
    [
        ("plain", date(2020, 5, 4), None, None),
        ("offset", date(2020, 5, 4), datetime(2020, 5, 5, 4, 30), None),
        ("year", date(2020, 1, 1), None, None),
        ("month", date(2020, 5, 1), None, date(2020, 4, 1)),
        ("recorded", date(2021, 1, 2), None, None),
        ("period", date(2019, 1, 1), None, None),
        ("undated", None, None, None),
    ],
)
def test_dates(
    by_name: dict[str, Row], name: str, start: date | None, start_datetime: datetime | None, end: date | None
) -> None:
    row = by_name[name]
    assert row.condition_start_date == start
    assert row.condition_start_datetime == start_datetime
    assert row.condition_end_date == end


@pytest.mark.parametrize(
    ("name", "concept_id", "source_concept_id", "source_value"),
    [
        ("plain", 320128, 320128, "59621000"),
        ("local first", 320128, 0, "i10"),
        ("snomed beside", 320128, 320128, "59621000"),
        ("both standard", 320128, 320128, "59621000"),
        ("known, not mapped", 0, 4041881, "167271000"),
        ("unknown system", 0, 0, "59621000"),
        ("words", 0, 0, "in words"),
        ("no code", 0, 0, None),
    ],
)
def test_codes(
    by_name: dict[str, Row], name: str, concept_id: int, source_concept_id: int, source_value: str | None
) -> None:
    row = by_name[name]
    assert row.condition_concept_id == concept_id
    assert row.condition_source_concept_id == source_concept_id
    assert row.condition_source_value == source_value


def test_both_ways_to_name_an_encounter_mean_the_same_visit(by_name: dict[str, Row]) -> None:
    assert by_name["plain"].visit_occurrence_id is not None
    assert by_name["plain"].visit_occurrence_id == by_name["offset"].visit_occurrence_id
    assert by_name["year"].visit_occurrence_id is None


def test_types(by_name: dict[str, Row]) -> None:
    assert [by_name[n].condition_type_concept_id for n in ("problem", "visit's", "plain")] == [32840, 32827, 32817]


def test_what_cannot_stay_goes_to_quarantine(built: DataFrame) -> None:
    refused = {CONDITIONS[r.line_id - 1]["id"]: r[REASONS] for r in dropped(flag(ConditionOccurrence, built)).collect()}
    assert refused == {"undated": ["start date is known"], "refuted": ["is not refuted"]}


def test_the_sample_has_a_row_for_every_condition(sample: Rows) -> None:
    expected: Counter[tuple[str, date]] = Counter()
    with gzip.open(SAMPLE / "ehr" / "2026-01-01" / "Condition.ndjson.gz", "rt") as lines:
        for found in {c["id"]: c for c in map(json.loads, lines)}.values():
            expected[found["code"]["coding"][0]["code"], date.fromisoformat(found["onsetDateTime"][:10])] += 1
    rows = sample[CodedEvent].filter("kind = 'Condition'").select("source_value", "start_date").collect()
    assert Counter(map(tuple, rows)) == expected
