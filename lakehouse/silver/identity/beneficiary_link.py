"""Beneficiaries of the payer as persons."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.bronze.claims.beneficiary import Beneficiary
from lakehouse.bronze.claims.claims_line import ClaimsLine
from lakehouse.bronze.ehr.patient import Patient
from lakehouse.contract import Column, Table
from lakehouse.keys import row_id
from lakehouse.silver.identity.matching import same_persons
from lakehouse.silver.identity.patient_link import PatientLink


class BeneficiaryLink(Table):
    """Which person a beneficiary is: that of the patient he is (lakehouse.silver.identity.matching), or his own."""

    layer = "silver"
    grain = "one row per beneficiary id that a claim or an enrolment names"
    key = ("bene_id",)
    changes_by = "person_id"

    bene_id = Column("string", "BENE_ID", required=True)
    person_id = Column("bigint", "the person", required=True)

    @staticmethod
    def build(lines: ClaimsLine, beneficiaries: Beneficiary, patients: Patient, links: PatientLink) -> DataFrame:
        """Give each beneficiary his person."""
        named = lines.filter("defect is null and bene_id is not null").select("bene_id").distinct()
        matched = same_persons(patients, beneficiaries).join(links, "patient_id")
        person = F.coalesce("person_id", row_id("beneficiary", "bene_id"))
        return named.join(matched, "bene_id", "left").select("bene_id", person.alias("person_id"))
