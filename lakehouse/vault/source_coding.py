"""The codings that records use."""

from __future__ import annotations

from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.bronze.ehr.condition import Condition
from lakehouse.bronze.ehr.device import Device
from lakehouse.bronze.ehr.immunization import Immunization
from lakehouse.bronze.ehr.medication_administration import MedicationAdministration
from lakehouse.bronze.ehr.medication_request import MedicationRequest
from lakehouse.bronze.ehr.observation import Observation
from lakehouse.bronze.ehr.procedure import Procedure
from lakehouse.bronze.ehr.specimen import Specimen
from lakehouse.contract import Column, Table

_OF_OBSERVATION = """concat(
    coalesce(code.coding, array()), coalesce(value_codeable_concept.coding, array()),
    coalesce(flatten(transform(component, part -> concat(
        coalesce(part.code.coding, array()), coalesce(part.valueCodeableConcept.coding, array())))), array()))"""


class SourceCoding(Table):
    """By which systems and codes the hospital's records say what was found, done and given, and in which words.

    The words may tell of whom it is said. All versions in bronze tell, also those that were replaced later or that
    silver refuses. Patients are counted and not records, so that what is delivered again changes nothing.
    """

    layer = "vault"
    grain = "one row per code system, code and words for it"
    key = ("system", "code", "display")
    adds_up_by = "patient_id"

    system = Column("string", "FHIR's address of the code system; empty where none is given", required=True)
    code = Column("string", "the code; empty where there are only words", required=True)
    display = Column("string", "what the record says that it means; empty where it does not", required=True)
    patients = Column("bigint", "of how many it is said", required=True)

    @staticmethod
    def build(
        conditions: Condition,
        procedures: Procedure,
        devices: Device,
        observations: Observation,
        requests: MedicationRequest,
        administrations: MedicationAdministration,
        immunizations: Immunization,
        specimens: Specimen,
    ) -> DataFrame:
        """Count the patients by the codings of what their records are about, and of coded values."""
        told = [
            conditions.selectExpr("patient_id", "code.coding"),
            procedures.selectExpr("patient_id", "code.coding"),
            devices.selectExpr("patient_id", "type.coding"),
            observations.selectExpr("patient_id", f"{_OF_OBSERVATION} as coding"),
            requests.selectExpr("patient_id", "medication_codeable_concept.coding"),
            administrations.selectExpr("patient_id", "medication_codeable_concept.coding"),
            immunizations.selectExpr("patient_id", "vaccine_code.coding"),
            specimens.selectExpr("patient_id", "type.coding"),
        ]
        codings = reduce(DataFrame.unionByName, told).select("patient_id", F.explode("coding").alias("coding"))
        return (
            codings.select(
                "patient_id", *(F.coalesce(f"coding.{name}", F.lit("")).alias(name) for name in SourceCoding.key)
            )
            .groupBy(*SourceCoding.key)
            .agg(F.count_distinct("patient_id").alias("patients"))
        )
