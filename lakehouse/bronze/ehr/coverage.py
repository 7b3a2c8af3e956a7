"""FHIR Coverage."""

from __future__ import annotations

from pyspark.sql import DataFrame

from lakehouse.bronze.ehr.datatypes import CODEABLE_CONCEPT, PERIOD, REFERENCE, REFERENCES
from lakehouse.bronze.ehr.ehr_line import EhrLine
from lakehouse.bronze.ehr.moved_resource import MovedResource
from lakehouse.bronze.ehr.resource import TypedResource, read
from lakehouse.bronze.landed_line import PLACE
from lakehouse.contract import Column


class Coverage(TypedResource):
    """The insurance that a patient showed (FHIR R4 Coverage)."""

    layer = "bronze"
    grain = "one row per version of a coverage that landed"
    key = PLACE
    retracted = "status = 'entered-in-error'"

    status = Column("string", "active, cancelled, draft or entered-in-error")
    type = Column(CODEABLE_CONCEPT, "kind of insurance (v3 ActCode): PUBLICPOL, EHCPOL, ...")
    subscriber_id = Column("string", "number of the insured")
    relationship = Column(CODEABLE_CONCEPT, "what the patient is to the subscriber: self, spouse, child, other, ...")
    period = Column(PERIOD, "from when to when")
    payor = Column(REFERENCES, "who pays")
    class_ = Column(f"array<struct<type: {CODEABLE_CONCEPT}, value: string, name: string>>", "plan, group, ...")
    policy_holder = Column(REFERENCE, "whose policy it is")

    @staticmethod
    def build(lines: EhrLine, moved: MovedResource) -> DataFrame:
        """Read the coverages among the landed lines."""
        return read(lines, Coverage, moved)
