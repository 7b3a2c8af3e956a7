"""FHIR Immunization."""

from __future__ import annotations

from pyspark.sql import DataFrame

from lakehouse.bronze.ehr.datatypes import CODEABLE_CONCEPT, DATE_TIME, QUANTITY, REFERENCE
from lakehouse.bronze.ehr.ehr_line import EhrLine
from lakehouse.bronze.ehr.moved_resource import MovedResource
from lakehouse.bronze.ehr.resource import TypedResource, read
from lakehouse.bronze.landed_line import PLACE
from lakehouse.contract import Column


class Immunization(TypedResource):
    """A vaccination of a patient, done or not done (FHIR R4 Immunization)."""

    layer = "bronze"
    grain = "one row per version of an immunization that landed"
    key = PLACE
    retracted = "status = 'entered-in-error'"

    status = Column("string", "completed, not-done or entered-in-error")
    vaccine_code = Column(CODEABLE_CONCEPT, "the vaccine")
    encounter = Column(REFERENCE, "the encounter in which it was given")
    performer = Column(f"array<struct<actor: {REFERENCE}>>", "who gave it")
    occurrence_date_time = Column(DATE_TIME, "when it was given; may be partial")
    occurrence_string = Column("string", "when it was given, in words")
    primary_source = Column("boolean", "whether those who gave it recorded it")
    lot_number = Column("string", "lot of the vaccine")
    route = Column(CODEABLE_CONCEPT, "how it entered the body")
    dose_quantity = Column(QUANTITY, "how much was given")

    @staticmethod
    def build(lines: EhrLine, moved: MovedResource) -> DataFrame:
        """Read the immunizations among the landed lines."""
        return read(lines, Immunization, moved)
