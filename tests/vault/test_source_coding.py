"""Codings are counted by patient, whatever is delivered again."""

from __future__ import annotations

from pyspark.sql import SparkSession

from lakehouse.bronze.ehr.ehr_line import EhrLine
from lakehouse.vault.source_coding import SourceCoding
from tests.silver.clinical.fhir import LOINC, SNOMED, concept, resource
from tests.support import Rows, ehr_lines

ASTHMA = {"system": SNOMED, "code": "195967001", "display": "Asthma"}
OF_NO_SYSTEM = {"code": "J45"}

LANDED = [
    resource("Condition", "first", code={"coding": [ASTHMA, OF_NO_SYSTEM]}),
    resource("Condition", "first", code={"coding": [ASTHMA, OF_NO_SYSTEM]}),
    resource("Condition", "second", code={"coding": [ASTHMA]}),
    {**resource("Condition", "another's", code={"coding": [ASTHMA]}), "subject": {"reference": "Patient/p2"}},
    resource("Observation", "panel", code=concept((LOINC, "35094-2")), valueCodeableConcept=concept((LOINC, "LA33-6")),
             component=[{"code": concept((LOINC, "8480-6")), "valueCodeableConcept": concept((LOINC, "LA32-8"))}]),
]  # fmt: skip


def test_patients_are_counted_by_what_their_records_say(spark: SparkSession, sample: Rows) -> None:
    built = sample.given({EhrLine: ehr_lines(spark, *LANDED)})[SourceCoding]
    assert {(row.system, row.code, row.display): row.patients for row in built.collect()} == {
        (SNOMED, "195967001", "Asthma"): 2,
        ("", "J45", ""): 1,
        (LOINC, "35094-2", ""): 1,
        (LOINC, "LA33-6", ""): 1,
        (LOINC, "8480-6", ""): 1,
        (LOINC, "LA32-8", ""): 1,
    }
