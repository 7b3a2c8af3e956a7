"""FHIR Specimen."""

from __future__ import annotations

from pyspark.sql import DataFrame

from lakehouse.bronze.ehr.datatypes import CODEABLE_CONCEPT, DATE_TIME, PERIOD, QUANTITY
from lakehouse.bronze.ehr.ehr_line import EhrLine
from lakehouse.bronze.ehr.moved_resource import MovedResource
from lakehouse.bronze.ehr.resource import TypedResource, read
from lakehouse.bronze.landed_line import PLACE
from lakehouse.contract import Column


class Specimen(TypedResource):
    """A sample that was taken of a patient (FHIR R4 Specimen)."""

    layer = "bronze"
    grain = "one row per version of a specimen that landed"
    key = PLACE
    retracted = "status = 'entered-in-error'"

    status = Column("string", "available, unavailable, unsatisfactory, entered-in-error")
    type = Column(CODEABLE_CONCEPT, "what material it is")
    received_time = Column(DATE_TIME, "when the laboratory received it")
    collection = Column(
        f"struct<collectedDateTime: string, collectedPeriod: {PERIOD}, quantity: {QUANTITY}, "
        f"bodySite: {CODEABLE_CONCEPT}>",
        "when, how much and from where on the body it was taken",
    )

    @staticmethod
    def build(lines: EhrLine, moved: MovedResource) -> DataFrame:
        """Read the specimens among the landed lines."""
        return read(lines, Specimen, moved)
