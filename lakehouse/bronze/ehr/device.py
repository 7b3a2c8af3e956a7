"""FHIR Device."""

from __future__ import annotations

from pyspark.sql import DataFrame

from lakehouse.bronze.ehr.datatypes import CODEABLE_CONCEPT, DATE_TIME
from lakehouse.bronze.ehr.ehr_line import EhrLine
from lakehouse.bronze.ehr.moved_resource import MovedResource
from lakehouse.bronze.ehr.resource import TypedResource, read
from lakehouse.bronze.landed_line import PLACE
from lakehouse.contract import Column


class Device(TypedResource):
    """A device that a patient has, such as an implant or a wheelchair (FHIR R4 Device, US Core)."""

    layer = "bronze"
    grain = "one row per version of a device that landed"
    key = PLACE
    retracted = "status = 'entered-in-error'"

    status = Column("string", "active, inactive, entered-in-error or unknown")
    type = Column(CODEABLE_CONCEPT, "what it is")
    udi_carrier = Column(
        "array<struct<deviceIdentifier: string, carrierHRF: string>>", "unique device identifier: the model, and whole"
    )
    distinct_identifier = Column("string", "distinct identification code of tissues and cells")
    manufacture_date = Column(DATE_TIME, "when it was made")
    expiration_date = Column(DATE_TIME, "until when it may be used")
    lot_number = Column("string", "lot")
    serial_number = Column("string", "serial number")
    device_name = Column("array<struct<name: string, type: string>>", "its names")

    @staticmethod
    def build(lines: EhrLine, moved: MovedResource) -> DataFrame:
        """Read the devices among the landed lines."""
        return read(lines, Device, moved)
