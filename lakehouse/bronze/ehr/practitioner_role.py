"""FHIR PractitionerRole."""

from __future__ import annotations

from pyspark.sql import DataFrame

from lakehouse.bronze.ehr.datatypes import CODEABLE_CONCEPTS, IDENTIFYING_REFERENCE, PERIOD
from lakehouse.bronze.ehr.ehr_line import EhrLine
from lakehouse.bronze.ehr.resource import SharedResource, read
from lakehouse.bronze.landed_line import PLACE
from lakehouse.contract import Column


class PractitionerRole(SharedResource):
    """As what, and where, a practitioner works (FHIR R4 PractitionerRole)."""

    layer = "bronze"
    grain = "one row per version of a role that landed"
    key = PLACE

    active = Column("boolean", "whether the record is in use still")
    period = Column(PERIOD, "from when to when he works so")
    practitioner = Column(IDENTIFYING_REFERENCE, "who")
    organization = Column(IDENTIFYING_REFERENCE, "for which organisation")
    code = Column(CODEABLE_CONCEPTS, "as what: doctor, nurse, ...")
    specialty = Column(CODEABLE_CONCEPTS, "specialties, by NUCC or CMS")
    location = Column(f"array<{IDENTIFYING_REFERENCE}>", "in which places")

    @staticmethod
    def build(lines: EhrLine) -> DataFrame:
        """Read the roles among the landed lines."""
        return read(lines, PractitionerRole)
