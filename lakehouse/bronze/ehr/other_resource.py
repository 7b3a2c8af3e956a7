"""FHIR resources of all other types."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.bronze.ehr.condition import Condition
from lakehouse.bronze.ehr.coverage import Coverage
from lakehouse.bronze.ehr.device import Device
from lakehouse.bronze.ehr.document_reference import DocumentReference
from lakehouse.bronze.ehr.ehr_line import EhrLine
from lakehouse.bronze.ehr.encounter import Encounter
from lakehouse.bronze.ehr.immunization import Immunization
from lakehouse.bronze.ehr.location import Location
from lakehouse.bronze.ehr.medication import Medication
from lakehouse.bronze.ehr.medication_administration import MedicationAdministration
from lakehouse.bronze.ehr.medication_request import MedicationRequest
from lakehouse.bronze.ehr.moved_resource import MovedResource
from lakehouse.bronze.ehr.observation import Observation
from lakehouse.bronze.ehr.organization import Organization
from lakehouse.bronze.ehr.patient import Patient
from lakehouse.bronze.ehr.practitioner import Practitioner
from lakehouse.bronze.ehr.practitioner_role import PractitionerRole
from lakehouse.bronze.ehr.procedure import Procedure
from lakehouse.bronze.ehr.resource import LEGIBLE, MISREAD, STAYS, Resource, TypedResource, with_moved
from lakehouse.bronze.ehr.specimen import Specimen
from lakehouse.bronze.ehr.supply_delivery import SupplyDelivery
from lakehouse.bronze.landed_line import PLACE
from lakehouse.contract import Column, expect

TYPED: tuple[type[TypedResource], ...] = (
    Condition,
    Coverage,
    Device,
    DocumentReference,
    Encounter,
    Immunization,
    Location,
    Medication,
    MedicationAdministration,
    MedicationRequest,
    Observation,
    Organization,
    Patient,
    Practitioner,
    PractitionerRole,
    Procedure,
    Specimen,
    SupplyDelivery,
)
"""The resource types that have a table of their own."""


class OtherResource(Resource):
    """Every readable resource whose type has no table of its own, types that FHIR does not know included."""

    layer = "bronze"
    grain = "one row per version of a resource that landed"
    key = PLACE
    record = ("patient_id", "resource_type", "resource_id")

    resource_type = Column("string", "FHIR resourceType", required=True)
    raw = Column("string", "the resource as it landed (JSON)", required=True)

    expectations = (expect(LEGIBLE.name, f"not raw rlike '{MISREAD}'"), STAYS)

    @staticmethod
    def build(lines: EhrLine, moved: MovedResource) -> DataFrame:
        """Keep the lines that no typed table reads."""
        names = [table.__name__ for table in TYPED]
        others = lines.filter(F.col("defect").isNull() & ~F.col("resource_type").isin(names))
        return with_moved(others, moved).withColumn("content", F.xxhash64("raw")).select(*OtherResource.declared)
