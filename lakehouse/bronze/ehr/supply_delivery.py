"""FHIR SupplyDelivery."""

from __future__ import annotations

from pyspark.sql import DataFrame

from lakehouse.bronze.ehr.datatypes import CODEABLE_CONCEPT, DATE_TIME, PERIOD, QUANTITY, REFERENCE
from lakehouse.bronze.ehr.ehr_line import EhrLine
from lakehouse.bronze.ehr.moved_resource import MovedResource
from lakehouse.bronze.ehr.resource import TypedResource, read
from lakehouse.bronze.landed_line import PLACE
from lakehouse.contract import Column


class SupplyDelivery(TypedResource):
    """Supplies that a patient was given, such as test strips (FHIR R4 SupplyDelivery)."""

    layer = "bronze"
    grain = "one row per version of a delivery of supplies that landed"
    key = PLACE
    retracted = "status = 'entered-in-error'"

    status = Column("string", "in-progress, completed, abandoned or entered-in-error")
    type = Column(CODEABLE_CONCEPT, "medication or device")
    supplied_item = Column(
        f"struct<quantity: {QUANTITY}, itemCodeableConcept: {CODEABLE_CONCEPT}>", "what was given, and how much of it"
    )
    occurrence_date_time = Column(DATE_TIME, "when it was given; may be partial")
    occurrence_period = Column(PERIOD, "when it was given, as a period")
    supplier = Column(REFERENCE, "who gave it")

    @staticmethod
    def build(lines: EhrLine, moved: MovedResource) -> DataFrame:
        """Read the deliveries of supplies among the landed lines."""
        return read(lines, SupplyDelivery, moved)
