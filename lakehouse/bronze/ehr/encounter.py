"""FHIR Encounter."""

from __future__ import annotations

from pyspark.sql import DataFrame

from lakehouse.bronze.ehr.datatypes import CODEABLE_CONCEPT, CODEABLE_CONCEPTS, CODING, PERIOD, REFERENCE
from lakehouse.bronze.ehr.ehr_line import EhrLine
from lakehouse.bronze.ehr.moved_resource import MovedResource
from lakehouse.bronze.ehr.resource import TypedResource, read
from lakehouse.bronze.landed_line import PLACE
from lakehouse.contract import Column, expect


class Encounter(TypedResource):
    """A contact of a patient with those who care for him (FHIR R4 Encounter)."""

    layer = "bronze"
    grain = "one row per version of an encounter that landed"
    key = PLACE
    retracted = "status = 'entered-in-error'"

    status = Column("string", "planned, arrived, triaged, in-progress, onleave, finished, cancelled, ...")
    class_ = Column(CODING, "kind of setting (v3 ActCode): AMB, EMER, IMP, HH, VR, ...")
    type = Column(CODEABLE_CONCEPTS, "kinds of encounter")
    period = Column(PERIOD, "from arriving to leaving")
    reason_code = Column(CODEABLE_CONCEPTS, "coded reasons for it")
    participant = Column(f"array<struct<type: {CODEABLE_CONCEPTS}, individual: {REFERENCE}>>", "who cared for him")
    location = Column(
        f"array<struct<location: {REFERENCE}, status: string, period: {PERIOD}>>", "where it took place, and when where"
    )
    service_provider = Column(REFERENCE, "the organisation in charge")
    part_of = Column(REFERENCE, "the encounter that it is a part of")
    hospitalization = Column(
        f"struct<admitSource: {CODEABLE_CONCEPT}, reAdmission: {CODEABLE_CONCEPT}, "
        f"dischargeDisposition: {CODEABLE_CONCEPT}>",
        "admission and discharge of a stay",
    )

    expectations = (
        *TypedResource.expectations,
        expect("ends no earlier than it starts", "to_timestamp(period.end) >= to_timestamp(period.start)"),
    )

    @staticmethod
    def build(lines: EhrLine, moved: MovedResource) -> DataFrame:
        """Read the encounters among the landed lines."""
        return read(lines, Encounter, moved)
