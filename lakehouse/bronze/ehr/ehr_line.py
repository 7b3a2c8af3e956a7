"""Lines of FHIR bulk export files."""

from __future__ import annotations

from lakehouse.bronze.landed_line import PLACE, LandedLine
from lakehouse.contract import Column


class EhrLine(LandedLine):
    """Every line of every FHIR R4 bulk export file (NDJSON, plain or gzip), with what all resources share."""

    layer = "bronze"
    grain = "one row per line that landed"
    key = PLACE
    partition = "resource_type"
    scope = "patient_id"

    resource_type = Column("string", "FHIR resourceType; null where the line cannot be read")
    resource_id = Column("string", "FHIR logical id of the resource")
    patient_id = Column("string", "FHIR id of the patient whose record it is: the resource's subject or patient")
    version_id = Column("string", "meta.versionId")
    last_updated = Column("timestamp", "meta.lastUpdated (UTC)")
