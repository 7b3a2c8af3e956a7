"""Patients of the hospital as persons."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.bronze.ehr.ehr_line import EhrLine
from lakehouse.contract import Column, Table
from lakehouse.keys import row_id
from lakehouse.vault.codes import EHR
from lakehouse.vault.master_person_index import MasterPersonIndex


class PatientLink(Table):
    """Which person a patient is: as the index says, or one of his own where only records that name him have come."""

    layer = "vault"
    grain = "one row per patient id that a record names"
    key = ("patient_id",)
    changes_by = "person_id"

    patient_id = Column("string", "FHIR id of the patient", required=True)
    person_id = Column("bigint", "the person", required=True)

    @staticmethod
    def build(lines: EhrLine, index: MasterPersonIndex) -> DataFrame:
        """Give each patient his person."""
        named = lines.filter("defect is null and patient_id is not null").select("patient_id").distinct()
        known = index.filter(F.col("source") == EHR).selectExpr("source_id as patient_id", "person_id as known")
        unregistered = F.concat_ws("|", F.lit(EHR), "patient_id")
        return (
            named.join(known, "patient_id", "left")
            .withColumn("registration_id", unregistered)
            .select("patient_id", F.coalesce("known", row_id("person", "registration_id")).alias("person_id"))
        )
