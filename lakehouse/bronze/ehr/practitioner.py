"""FHIR Practitioner."""

from __future__ import annotations

from pyspark.sql import DataFrame

from lakehouse.bronze.ehr.datatypes import CODEABLE_CONCEPT, DATE_TIME, IDENTIFIER
from lakehouse.bronze.ehr.ehr_line import EhrLine
from lakehouse.bronze.ehr.resource import SharedResource, read
from lakehouse.bronze.landed_line import PLACE
from lakehouse.contract import Column


class Practitioner(SharedResource):
    """Somebody who gives care (FHIR R4 Practitioner)."""

    layer = "bronze"
    grain = "one row per version of a practitioner that landed"
    key = PLACE

    identifier = Column(f"array<{IDENTIFIER}>", "NPI and other identifiers")
    active = Column("boolean", "whether the record is in use still")
    name = Column("array<struct<use: string, family: string, given: array<string>>>", "names")
    gender = Column("string", "administrative gender: male, female, other or unknown")
    birth_date = Column(DATE_TIME, "birth date; may be partial")
    qualification = Column(f"array<struct<code: {CODEABLE_CONCEPT}>>", "degrees and licences")

    @staticmethod
    def build(lines: EhrLine) -> DataFrame:
        """Read the practitioners among the landed lines."""
        return read(lines, Practitioner)
