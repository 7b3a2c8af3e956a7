"""FHIR Location."""

from __future__ import annotations

from pyspark.sql import DataFrame

from lakehouse.bronze.ehr.datatypes import (
    ADDRESS,
    CODEABLE_CONCEPT,
    CODEABLE_CONCEPTS,
    IDENTIFIER,
    IDENTIFYING_REFERENCE,
)
from lakehouse.bronze.ehr.ehr_line import EhrLine
from lakehouse.bronze.ehr.resource import SharedResource, read
from lakehouse.bronze.landed_line import PLACE
from lakehouse.contract import Column


class Location(SharedResource):
    """A place where care is given (FHIR R4 Location)."""

    layer = "bronze"
    grain = "one row per version of a place that landed"
    key = PLACE

    identifier = Column(f"array<{IDENTIFIER}>", "identifiers")
    status = Column("string", "active, suspended or inactive")
    name = Column("string", "its name")
    type = Column(CODEABLE_CONCEPTS, "what is done there (v3 RoleCode): HOSP, PC, SNF, ICU, ...")
    physical_type = Column(CODEABLE_CONCEPT, "building, ward, room, bed, ...")
    address = Column(ADDRESS, "address")
    position = Column("struct<longitude: double, latitude: double>", "where it is (WGS84)", "degrees")
    managing_organization = Column(IDENTIFYING_REFERENCE, "the organisation that runs it")

    @staticmethod
    def build(lines: EhrLine) -> DataFrame:
        """Read the places among the landed lines."""
        return read(lines, Location)
