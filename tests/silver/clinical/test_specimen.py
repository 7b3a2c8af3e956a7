from __future__ import annotations

from datetime import date, datetime

import pytest
from pyspark.sql import Row, SparkSession

from lakehouse.bronze.ehr.ehr_line import EhrLine
from lakehouse.quality import REASONS, flag
from lakehouse.silver.clinical.concepts import EHR
from lakehouse.silver.clinical.specimen import Specimen
from lakehouse.silver.genomics.genotyped_sample import GenotypedSample
from tests.silver.clinical.fhir import SNOMED, concept, resource
from tests.support import Rows, ehr_lines

BLOOD = concept((SNOMED, "119297000"), text="Blood specimen")

LANDED = [
    resource("Specimen", "timed", status="available", type=BLOOD, collection={
        "collectedDateTime": "2021-03-01T08:00:00Z", "quantity": {"value": 4.5, "unit": "mL", "code": "mL"},
        "bodySite": concept(text="left arm"),
    }),
    resource("Specimen", "over days", type=BLOOD, collection={
        "collectedPeriod": {"start": "2021-03-02", "end": "2021-03-04"},
    }),
    resource("Specimen", "received", type=BLOOD, receivedTime="2021-03-05"),
    resource("Specimen", "undated", type=BLOOD),
    resource("Specimen", "error", status="entered-in-error", type=BLOOD, receivedTime="2021-03-05"),
]  # fmt: skip


@pytest.fixture(scope="module")
def by_name(spark: SparkSession, sample: Rows) -> dict[str, Row]:
    built = sample.given({EhrLine: ehr_lines(spark, *LANDED)})[Specimen]
    return {
        LANDED[row.line_id - 1]["id"]: row
        for row in flag(Specimen, built).collect()
        if row.specimen_type_concept_id == EHR
    }


def test_every_specimen_but_the_one_in_error_is_one_row(by_name: dict[str, Row]) -> None:
    assert set(by_name) == {"timed", "over days", "received", "undated"}
    assert {name for name, row in by_name.items() if row[REASONS]} == {"undated"}
    assert len({row.specimen_id for row in by_name.values()}) == 4


def test_when_of_what_how_much_and_whence(by_name: dict[str, Row]) -> None:
    timed = by_name["timed"]
    assert (timed.specimen_date, timed.specimen_datetime) == (date(2021, 3, 1), datetime(2021, 3, 1, 8))
    assert by_name["over days"].specimen_date == date(2021, 3, 2)
    assert by_name["received"].specimen_date == date(2021, 3, 5)
    assert (timed.specimen_source_value, timed.anatomic_site_source_value) == ("119297000", "left arm")
    assert (timed.quantity, timed.unit_concept_id, timed.unit_source_value) == (4.5, 8587, "mL")


def test_samples_of_known_persons_are_specimens(sample: Rows) -> None:
    samples = {row.specimen_id: row for row in sample[GenotypedSample].collect() if row.person_id}
    specimens = {row.specimen_id: row for row in sample[Specimen].collect()}
    assert set(specimens) == set(samples)
    for specimen_id, row in specimens.items():
        assert row.person_id == samples[specimen_id].person_id
        assert row.specimen_date == samples[specimen_id].collection_date
        assert row.specimen_type_concept_id == 32856
