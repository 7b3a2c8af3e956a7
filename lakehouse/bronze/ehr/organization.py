"""FHIR Organization."""

from __future__ import annotations

from pyspark.sql import DataFrame

from lakehouse.bronze.ehr.datatypes import ADDRESS, CODEABLE_CONCEPTS, IDENTIFIER, REFERENCE
from lakehouse.bronze.ehr.ehr_line import EhrLine
from lakehouse.bronze.ehr.resource import SharedResource, read
from lakehouse.bronze.landed_line import PLACE
from lakehouse.contract import Column


class Organization(SharedResource):
    """A hospital, a practice, a payer or another organisation (FHIR R4 Organization)."""

    layer = "bronze"
    grain = "one row per version of an organisation that landed"
    key = PLACE

    identifier = Column(f"array<{IDENTIFIER}>", "NPI, CMS certification number and other identifiers")
    active = Column("boolean", "whether it is in use still")
    type = Column(CODEABLE_CONCEPTS, "prov: gives care, pay: pays, ins: insures, dept: a department, ...")
    name = Column("string", "its name")
    address = Column(f"array<{ADDRESS}>", "addresses")
    part_of = Column(REFERENCE, "the organisation that it is a part of")

    @staticmethod
    def build(lines: EhrLine) -> DataFrame:
        """Read the organisations among the landed lines."""
        return read(lines, Organization)
