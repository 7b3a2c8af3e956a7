"""Patients of the hospital as persons."""

from __future__ import annotations

from pyspark.sql import DataFrame

from lakehouse.bronze.ehr.ehr_line import EhrLine
from lakehouse.contract import Column, Table
from lakehouse.vault.codes import EHR
from lakehouse.vault.master_person_index import MasterPersonIndex
from lakehouse.vault.persons import persons_of


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
        return persons_of(named, EHR, index)
