"""Who the population is."""

from __future__ import annotations

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, Window, WindowSpec
from pyspark.sql import functions as F

from lakehouse.bronze.claims.beneficiary import Beneficiary
from lakehouse.bronze.ehr.datatypes import date_of
from lakehouse.bronze.ehr.patient import Patient
from lakehouse.contract import Column, Table, expect, expect_or_drop
from lakehouse.silver.clinical.concepts import (
    ETHNICITY_OF_RIF,
    ETHNICITY_OF_US_CORE,
    GENDER_OF_FHIR,
    GENDER_OF_RIF,
    RACE_OF_RIF,
    RACE_OF_US_CORE,
    concept_of,
)
from lakehouse.silver.clinical.events import with_care_site, with_provider
from lakehouse.silver.clinical.places import area_of, with_location_id
from lakehouse.silver.identity.care_site_link import CareSiteLink
from lakehouse.silver.identity.provider_link import ProviderLink
from lakehouse.vault.beneficiary_link import BeneficiaryLink
from lakehouse.vault.latest_year import latest_year
from lakehouse.vault.marks import birth_date
from lakehouse.vault.patient_link import PatientLink


class Person(Table):
    """Persons of whom a hospital or a payer keeps a record (OMOP CDM 5.4 PERSON; ids are 64-bit).

    What the hospital says goes before what the payer says, and the payer fills what the hospital leaves open.
    `person_source_value` of OMOP is left out: the ids of the sources identify a person, and stay in bronze.
    """

    layer = "silver"
    grain = "one row per person"
    key = ("person_id",)
    scope = "person_id"
    accounts_for = (Patient,)

    person_id = Column("bigint", "the person", required=True)
    gender_concept_id = Column("int", "sex: male or female; 0 where neither", required=True)
    year_of_birth = Column("int", "year of birth", required=True)
    month_of_birth = Column("int", "month of birth; null where only the year is known")
    day_of_birth = Column("int", "day of birth; null where only the month is known")
    birth_datetime = Column("timestamp", "midnight of the day of birth; null where the day is not known")
    race_concept_id = Column("int", "OMB race; 0 where none or several are given", required=True)
    ethnicity_concept_id = Column("int", "Hispanic or not; 0 where it is not known", required=True)
    location_id = Column("bigint", "the area where he lives or last lived, in silver.location")
    provider_id = Column("bigint", "his general practitioner")
    care_site_id = Column("bigint", "the practice that he names as his general practitioner")
    gender_source_value = Column("string", "FHIR gender, or BENE_SEX_IDENT_CD")
    race_source_value = Column("string", "US Core race, several with commas between, or BENE_RACE_CD")
    ethnicity_source_value = Column("string", "US Core ethnicity, or BENE_RACE_CD")
    line_id = Column("bigint", "landed line of the first record that speaks of the person", required=True)
    delivery = Column("string", "dated directory of the landing zone that the line came in", required=True)

    expectations = (
        expect_or_drop("year of birth is known", "year_of_birth is not null"),
        expect("sex is known", "gender_concept_id != 0"),
        expect("race is known", "race_concept_id != 0"),
    )

    @staticmethod
    def build(
        patients: Patient,
        patient_links: PatientLink,
        beneficiaries: Beneficiary,
        beneficiary_links: BeneficiaryLink,
        providers: ProviderLink,
        care_sites: CareSiteLink,
    ) -> DataFrame:
        """Put together what the sources say of each person."""
        of_hospital = (
            _said_by_hospital(patients, providers, care_sites).join(patient_links, "patient_id").drop("patient_id")
        )
        of_payer = _said_by_payer(beneficiaries).join(beneficiary_links, "bene_id").drop("bene_id")
        by_trust = Window.partitionBy("person_id").orderBy("trust", F.desc("is_dated"), "line_id")
        all_of_person = by_trust.rowsBetween(Window.unboundedPreceding, Window.unboundedFollowing)
        told = of_hospital.unionByName(of_payer, allowMissingColumns=True)
        return (
            with_location_id(told, "area")
            .withColumn("place", F.row_number().over(by_trust))
            .withColumns({c: F.first(c, ignorenulls=True).over(all_of_person) for c in _FIRST_TOLD})
            .withColumns({c: _first_known(c, all_of_person) for c in ("gender", "race", "ethnicity")})
            .filter("place = 1")
            .select(
                "person_id",
                F.coalesce("gender.concept", F.lit(0)).alias("gender_concept_id"),
                F.col("born.year").alias("year_of_birth"),
                F.col("born.month").alias("month_of_birth"),
                F.col("born.day").alias("day_of_birth"),
                F.expr("make_timestamp(born.year, born.month, born.day, 0, 0, 0)").alias("birth_datetime"),
                F.coalesce("race.concept", F.lit(0)).alias("race_concept_id"),
                F.coalesce("ethnicity.concept", F.lit(0)).alias("ethnicity_concept_id"),
                "location_id",
                "provider_id",
                "care_site_id",
                F.col("gender.code").alias("gender_source_value"),
                F.col("race.code").alias("race_source_value"),
                F.col("ethnicity.code").alias("ethnicity_source_value"),
                "line_id",
                "delivery",
            )
        )


_FIRST_TOLD = ("born", "location_id", "provider_id", "care_site_id")


def _said_by_hospital(patients: DataFrame, providers: DataFrame, care_sites: DataFrame) -> DataFrame:
    practitioners, address = F.col("general_practitioner"), F.get("address", F.lit(0))
    cared_for = with_provider(Patient.current(patients), practitioners, providers)
    practices = F.filter(practitioners, lambda reference: reference["reference"].contains("Organization"))
    return with_care_site(cared_for, F.get(practices, F.lit(0))["reference"], care_sites).select(
        "patient_id",
        F.lit(1).alias("trust"),
        birth_date(F.when(F.length("birth_date") == 10, date_of(F.col("birth_date")))).isNotNull().alias("is_dated"),
        _born(date_of(F.col("birth_date")), F.length("birth_date")).alias("born"),
        _coded(F.col("gender"), concept_of(F.col("gender"), GENDER_OF_FHIR)).alias("gender"),
        _coded(_us_core("race"), concept_of(_us_core("race"), RACE_OF_US_CORE)).alias("race"),
        _coded(_us_core("ethnicity"), concept_of(_us_core("ethnicity"), ETHNICITY_OF_US_CORE)).alias("ethnicity"),
        area_of(address["state"], address["postalCode"], address["country"]).alias("area"),
        "provider_id",
        "care_site_id",
        "line_id",
        "delivery",
    )


def _said_by_payer(beneficiaries: DataFrame) -> DataFrame:
    sex, race = F.col("bene_sex_ident_cd"), F.col("bene_race_cd")
    return latest_year(beneficiaries).select(
        "bene_id",
        F.lit(2).alias("trust"),
        F.lit(True).alias("is_dated"),
        _born(F.col("bene_birth_dt"), F.lit(10)).alias("born"),
        _coded(sex, concept_of(sex, GENDER_OF_RIF)).alias("gender"),
        _coded(race, concept_of(race, RACE_OF_RIF)).alias("race"),
        _coded(F.when(race == "5", race), concept_of(race, ETHNICITY_OF_RIF)).alias("ethnicity"),
        area_of(F.col("state_cd"), F.col("bene_zip_cd"), F.lit("US")).alias("area"),
        "line_id",
        "delivery",
    )


def _born(day: SparkColumn, written: SparkColumn) -> SparkColumn:
    """Year, month and day of birth, as far as they were written: `2021`, `2021-05` or `2021-05-03`."""
    parts = F.struct(
        F.year(day).alias("year"),
        F.when(written >= 7, F.month(day)).alias("month"),
        F.when(written >= 10, F.day(day)).alias("day"),
    )
    return F.when(day.isNotNull(), parts)


def _coded(code: SparkColumn, concept: SparkColumn) -> SparkColumn:
    """A code with its concept; null where there is no code."""
    return F.when(code.isNotNull(), F.struct(code.alias("code"), concept.alias("concept")))


def _first_known(name: str, window: WindowSpec) -> SparkColumn:
    """What the most trusted source says that has a concept, else what the most trusted says at all."""
    known = F.when(F.col(f"{name}.concept") != 0, F.col(name))
    return F.coalesce(F.first(known, ignorenulls=True).over(window), F.first(name, ignorenulls=True).over(window))


def _us_core(extension: str) -> SparkColumn:
    """The OMB categories of a US Core extension, with commas between; null where there is none."""
    categories = F.expr(
        f"transform(filter(flatten(transform(filter(extension, e -> e.url like '%/us-core-{extension}'), "
        "e -> e.extension)), e -> e.url = 'ombCategory'), e -> e.valueCoding.code)"
    )
    return F.nullif(F.array_join(categories, ","), F.lit(""))
