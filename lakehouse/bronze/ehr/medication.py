"""FHIR Medication."""

from __future__ import annotations

from pyspark.sql import DataFrame

from lakehouse.bronze.ehr.datatypes import CODEABLE_CONCEPT, QUANTITY, REFERENCE
from lakehouse.bronze.ehr.ehr_line import EhrLine
from lakehouse.bronze.ehr.resource import SharedResource, read
from lakehouse.bronze.landed_line import PLACE
from lakehouse.contract import Column


class Medication(SharedResource):
    """A medication that orders and administrations refer to (FHIR R4 Medication)."""

    layer = "bronze"
    grain = "one row per version of a medication that landed"
    key = PLACE
    retracted = "status = 'entered-in-error'"

    status = Column("string", "active, inactive or entered-in-error")
    code = Column(CODEABLE_CONCEPT, "what it is")
    form = Column(CODEABLE_CONCEPT, "tablet, capsule, ...")
    ingredient = Column(
        f"array<struct<itemCodeableConcept: {CODEABLE_CONCEPT}, itemReference: {REFERENCE}, isActive: boolean, "
        f"strength: struct<numerator: {QUANTITY}, denominator: {QUANTITY}>>>",
        "what it is made of",
    )

    @staticmethod
    def build(lines: EhrLine) -> DataFrame:
        """Read the medications among the landed lines."""
        return read(lines, Medication)
