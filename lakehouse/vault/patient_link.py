"""Patients of the hospital as persons."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.bronze.ehr.ehr_line import EhrLine
from lakehouse.bronze.ehr.patient import Patient
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
    names = Column("array<string>", "family and given names of all versions of his record; null where there is none")

    @staticmethod
    def build(lines: EhrLine, index: MasterPersonIndex, patients: Patient) -> DataFrame:
        """Give each patient his person, and the names that he has or had."""
        named = lines.filter("defect is null and patient_id is not null").select("patient_id").distinct()
        return persons_of(named, EHR, index).join(_names(patients), "patient_id", "left")


def _names(patients: DataFrame) -> DataFrame:
    each = F.transform("name", lambda name: F.array_append(F.coalesce(name["given"], F.array()), name["family"]))
    names = patients.select("patient_id", F.explode(F.flatten(each)).alias("name"))
    return names.groupBy("patient_id").agg(F.array_sort(F.collect_set("name")).alias("names"))
