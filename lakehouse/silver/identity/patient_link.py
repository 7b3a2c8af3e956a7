"""Patients of the hospital as persons."""

from __future__ import annotations

from pyspark.sql import DataFrame

from lakehouse.bronze.ehr.ehr_line import EhrLine
from lakehouse.contract import Column, Table
from lakehouse.keys import row_id


class PatientLink(Table):
    """Which person a patient is. A patient whose own record has not come yet, but another record of his, is there.

    The hospital is believed to know its patients apart: each is a person of his own.
    """

    layer = "silver"
    grain = "one row per patient id that a record names"
    key = ("patient_id",)
    changes_by = "person_id"

    patient_id = Column("string", "FHIR id of the patient", required=True)
    person_id = Column("bigint", "the person", required=True)

    @staticmethod
    def build(lines: EhrLine) -> DataFrame:
        """Give each patient his person."""
        named = lines.filter("defect is null and patient_id is not null").select("patient_id").distinct()
        return named.withColumn("person_id", row_id("person", "patient_id"))
