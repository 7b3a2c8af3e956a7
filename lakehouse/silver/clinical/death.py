"""When persons died."""

from __future__ import annotations

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.bronze.claims.beneficiary import Beneficiary
from lakehouse.bronze.ehr.datatypes import date_of, timestamp_of
from lakehouse.bronze.ehr.patient import Patient
from lakehouse.contract import Column, Table, expect_or_drop
from lakehouse.silver.clinical.concepts import CLAIM_ENROLMENT_RECORD, EHR, SOCIAL_SECURITY_DEATH_MASTER_FILE
from lakehouse.vault.beneficiary_link import BeneficiaryLink
from lakehouse.vault.latest_year import latest_year
from lakehouse.vault.patient_link import PatientLink


class Death(Table):
    """Deaths that the hospital or the payer knows of (OMOP CDM 5.4 DEATH; no source here tells a cause).

    The hospital's day goes before the payer's. That somebody died without a day goes to quarantine.
    """

    layer = "silver"
    grain = "one row per person who died"
    key = ("person_id",)
    scope = "person_id"

    person_id = Column("bigint", "who died", required=True)
    death_date = Column("date", "day of death; the first day where only its month or year is known", required=True)
    death_datetime = Column("timestamp", "time of death (UTC); null where no time is given")
    death_type_concept_id = Column("int", "EHR, claim enrolment record, or Social Security's file", required=True)
    line_id = Column("bigint", "landed line that tells of it", required=True)
    delivery = Column("string", "dated directory of the landing zone that the line came in", required=True)

    expectations = (expect_or_drop("day of death is known", "death_date is not null"),)

    @staticmethod
    def build(
        patients: Patient, patient_links: PatientLink, beneficiaries: Beneficiary, beneficiary_links: BeneficiaryLink
    ) -> DataFrame:
        """Take each person's death from the source that goes first among those that know the day."""
        told = _told_by_hospital(patients, patient_links).unionByName(_told_by_payer(beneficiaries, beneficiary_links))
        by_trust = Window.partitionBy("person_id").orderBy(F.col("death_date").isNull(), "trust", "line_id")
        first = told.withColumn("place", F.row_number().over(by_trust)).filter("place = 1")
        return first.select(*Death.declared)


def _told_by_hospital(patients: DataFrame, links: DataFrame) -> DataFrame:
    died = Patient.current(patients).filter("deceased_date_time is not null or deceased_boolean")
    return died.join(links, "patient_id").select(
        "person_id",
        date_of(F.col("deceased_date_time")).alias("death_date"),
        timestamp_of(F.col("deceased_date_time")).alias("death_datetime"),
        F.lit(EHR).alias("death_type_concept_id"),
        "line_id",
        "delivery",
        F.lit(1).alias("trust"),
    )


def _told_by_payer(beneficiaries: DataFrame, links: DataFrame) -> DataFrame:
    verified = F.col("v_dod_sw") == "V"
    return (
        latest_year(beneficiaries)
        .filter("death_dt is not null")
        .join(links, "bene_id")
        .select(
            "person_id",
            F.col("death_dt").alias("death_date"),
            F.lit(None).cast("timestamp").alias("death_datetime"),
            F.when(verified, SOCIAL_SECURITY_DEATH_MASTER_FILE)
            .otherwise(CLAIM_ENROLMENT_RECORD)
            .alias("death_type_concept_id"),
            "line_id",
            "delivery",
            F.lit(2).alias("trust"),
        )
    )
