"""FHIR MedicationAdministration."""

from __future__ import annotations

from pyspark.sql import DataFrame

from lakehouse.bronze.ehr.datatypes import (
    CODEABLE_CONCEPT,
    CODEABLE_CONCEPTS,
    DATE_TIME,
    PERIOD,
    QUANTITY,
    REFERENCE,
    REFERENCES,
)
from lakehouse.bronze.ehr.ehr_line import EhrLine
from lakehouse.bronze.ehr.moved_resource import MovedResource
from lakehouse.bronze.ehr.resource import TypedResource, read
from lakehouse.bronze.landed_line import PLACE
from lakehouse.contract import Column


class MedicationAdministration(TypedResource):
    """A medication given to a patient (FHIR R4 MedicationAdministration)."""

    layer = "bronze"
    grain = "one row per version of an administration that landed"
    key = PLACE
    retracted = "status = 'entered-in-error'"

    status = Column("string", "in-progress, not-done, on-hold, completed, stopped, ...")
    medication_codeable_concept = Column(CODEABLE_CONCEPT, "the medication, where it is coded in place")
    medication_reference = Column(REFERENCE, "the Medication resource, where it is not")
    context = Column(REFERENCE, "the encounter in which it was given")
    effective_date_time = Column(DATE_TIME, "when it was given; may be partial")
    effective_period = Column(PERIOD, "when it was given, as a period")
    performer = Column(f"array<struct<actor: {REFERENCE}>>", "who gave it")
    request = Column(REFERENCE, "the order that it follows")
    reason_code = Column(CODEABLE_CONCEPTS, "coded reasons")
    reason_reference = Column(REFERENCES, "conditions that it is for")
    dosage = Column(f"struct<text: string, route: {CODEABLE_CONCEPT}, dose: {QUANTITY}>", "how much, by which route")

    @staticmethod
    def build(lines: EhrLine, moved: MovedResource) -> DataFrame:
        """Read the administrations among the landed lines."""
        return read(lines, MedicationAdministration, moved)
