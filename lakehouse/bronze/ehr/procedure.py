"""FHIR Procedure."""

from __future__ import annotations

from pyspark.sql import DataFrame

from lakehouse.bronze.ehr.datatypes import (
    CODEABLE_CONCEPT,
    CODEABLE_CONCEPTS,
    DATE_TIME,
    PERIOD,
    REFERENCE,
    REFERENCES,
)
from lakehouse.bronze.ehr.ehr_line import EhrLine
from lakehouse.bronze.ehr.moved_resource import MovedResource
from lakehouse.bronze.ehr.resource import TypedResource, read
from lakehouse.bronze.landed_line import PLACE
from lakehouse.contract import Column


class Procedure(TypedResource):
    """Something that was done to a patient (FHIR R4 Procedure)."""

    layer = "bronze"
    grain = "one row per version of a procedure that landed"
    key = PLACE
    retracted = "status = 'entered-in-error'"

    status = Column("string", "preparation, in-progress, not-done, on-hold, stopped, completed, ...")
    category = Column(CODEABLE_CONCEPT, "kind of procedure")
    code = Column(CODEABLE_CONCEPT, "what was done")
    encounter = Column(REFERENCE, "the encounter in which it was done")
    performed_date_time = Column(DATE_TIME, "when it was done; may be partial")
    performed_period = Column(PERIOD, "when it was done, as a period")
    performer = Column(f"array<struct<actor: {REFERENCE}>>", "who did it")
    reason_code = Column(CODEABLE_CONCEPTS, "coded reasons")
    reason_reference = Column(REFERENCES, "conditions that it is for")
    body_site = Column(CODEABLE_CONCEPTS, "where on the body")

    @staticmethod
    def build(lines: EhrLine, moved: MovedResource) -> DataFrame:
        """Read the procedures among the landed lines."""
        return read(lines, Procedure, moved)
