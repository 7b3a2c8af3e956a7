"""Resources that were recorded for the wrong patient, and moved to another."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.bronze.ehr.ehr_line import EhrLine
from lakehouse.bronze.ehr.resource import Resource
from lakehouse.bronze.record import DELIVERED
from lakehouse.contract import Column, Table


class MovedResource(Table):
    """Patients whose record a resource has left: its newest version names another patient.

    A FHIR server has one resource of a type and id (FHIR R4, Resource.id), whoever its subject is. The newest version
    is that which holds in every table of resources.
    """

    layer = "bronze"
    grain = "one row per resource and patient whose record it has left"
    key = ("resource_type", "resource_id", "patient_id")
    changes_by = "patient_id"

    resource_type = Column("string", "FHIR resourceType", required=True)
    resource_id = Column("string", "FHIR logical id of the resource", required=True)
    patient_id = Column("string", "FHIR id of the patient whose record it has left", required=True)

    @staticmethod
    def build(lines: EhrLine) -> DataFrame:
        """Find the resources of several patients by hashes, and among these the newest version."""
        named = lines.filter("resource_id is not null and patient_id is not null and resource_type != 'Patient'")
        hashed = named.withColumns({
            "_resource": F.xxhash64("resource_type", "resource_id"), "_patient": F.xxhash64("patient_id")
        })  # fmt: skip
        first, last = F.min("_patient").alias("_first"), F.max("_patient").alias("_last")
        several = hashed.groupBy("_resource").agg(first, last).filter("_first != _last").select("_resource")
        versions = hashed.join(F.broadcast(several), "_resource", "left_semi")
        newest = F.max_by("patient_id", F.struct(*Resource.newer, *DELIVERED))
        owners = versions.groupBy("resource_type", "resource_id").agg(newest.alias("_owner"))
        left = versions.join(owners, ["resource_type", "resource_id"]).filter("patient_id != _owner")
        return left.select(*MovedResource.key).distinct()
