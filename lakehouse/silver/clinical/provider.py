"""Who gives care."""

from __future__ import annotations

from functools import reduce

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.bronze.ehr.datatypes import date_of
from lakehouse.bronze.ehr.practitioner import Practitioner
from lakehouse.contract import Column, Table, expect, expect_or_fail
from lakehouse.keys import row_id
from lakehouse.silver.claims.medical_claim import MedicalClaim
from lakehouse.silver.claims.pharmacy_claim import PharmacyClaim
from lakehouse.silver.clinical.concepts import GENDER_OF_FHIR, concept_of
from lakehouse.silver.clinical.provider_role import ProviderRole
from lakehouse.silver.identity.provider_link import ProviderLink
from lakehouse.silver.known import first_known
from lakehouse.silver.vocabulary.source_to_concept import SourceToConcept
from lakehouse.terminology.codes import normalised

_SPECIALTY = "Medicare Specialty"


class Provider(Table):
    """Practitioners of the hospital's records and of claims, one by NPI (OMOP CDM 5.4 PROVIDER).

    The specialty and the care site are those of the hospital's record of his roles, of several the most frequent; where
    it has none, those of the most lines of claims that he gave the service of. Names stay in bronze; no source here
    tells a number of the DEA.
    """

    layer = "silver"
    grain = "one row per provider"
    key = ("provider_id",)

    provider_id = Column("bigint", "id of the row", required=True)
    npi = Column("string", "National Provider Identifier")
    specialty_concept_id = Column("int", "standard concept; 0 where it has none or is not told", required=True)
    care_site_id = Column("bigint", "where he works")
    year_of_birth = Column("int", "year of birth")
    gender_concept_id = Column("int", "male or female; 0 where neither is told", required=True)
    provider_source_value = Column("string", "NPI, else FHIR id of his record", required=True)
    specialty_source_value = Column("string", "specialty by NUCC or CMS, as the source gives it")
    specialty_source_concept_id = Column("int", "concept of that code; 0 where it is not known", required=True)
    gender_source_value = Column("string", "FHIR gender")
    gender_source_concept_id = Column("int", "0: OMOP has no concepts for these codes", required=True)

    expectations = (
        expect_or_fail("is named as his NPI", "npi = provider_source_value"),
        expect("an NPI has ten digits", r"npi rlike '^[0-9]{10}$'"),
        expect("specialty is known", "specialty_concept_id != 0"),
    )

    @staticmethod
    def build(
        practitioners: Practitioner,
        links: ProviderLink,
        roles: ProviderRole,
        medical: MedicalClaim,
        pharmacy: PharmacyClaim,
        codes: SourceToConcept,
    ) -> DataFrame:
        """Gather who is registered and who is on claims, and what is told of each."""
        told = _registered(practitioners, links).unionByName(_billed(medical, pharmacy), allowMissingColumns=True)
        names = ("npi", "year_of_birth", "gender_source_value", "provider_source_value")
        providers = told.groupBy("provider_id").agg(*(first_known(name, "trust") for name in names))
        work = _in_roles(roles).unionByName(_in_claims(medical, codes))
        specialty = F.col("specialty")
        return (
            providers.join(_usual(work, "specialty"), "provider_id", "left")
            .join(_usual(work, "care_site_id"), "provider_id", "left")
            .withColumns({
                "specialty_concept_id": F.coalesce(specialty["concept"], F.lit(0)),
                "specialty_source_value": specialty["code"],
                "specialty_source_concept_id": F.coalesce(specialty["source_concept"], F.lit(0)),
                "gender_concept_id": concept_of(F.col("gender_source_value"), GENDER_OF_FHIR),
                "gender_source_concept_id": F.lit(0),
            })
            .select(*Provider.declared)
        )  # fmt: skip


def _registered(practitioners: DataFrame, links: DataFrame) -> DataFrame:
    providers = links.selectExpr("named_by as resource_id", "provider_id", "npi")
    return (
        Practitioner.current(practitioners)
        .join(providers, "resource_id")
        .select(
            "provider_id",
            "npi",
            F.lit(1).alias("trust"),
            F.coalesce("npi", "resource_id").alias("provider_source_value"),
            F.year(date_of(F.col("birth_date"))).alias("year_of_birth"),
            F.col("gender").alias("gender_source_value"),
        )
    )


def _billed(medical: DataFrame, pharmacy: DataFrame) -> DataFrame:
    """Everybody whom a claim names by NPI."""
    on_claims = ("rendering_npi", "attending_npi", "operating_npi", "referring_npi")
    named = [medical.select(F.col(name).alias("npi")) for name in on_claims]
    named.append(pharmacy.select(F.col("prescribing_provider_npi").alias("npi")))
    return (
        reduce(DataFrame.unionAll, named)
        .filter("npi is not null")
        .distinct()
        .select(
            row_id("provider", "npi").alias("provider_id"),
            "npi",
            F.lit(2).alias("trust"),
            F.col("npi").alias("provider_source_value"),
        )
    )


def _in_roles(roles: DataFrame) -> DataFrame:
    concept, source_concept = F.col("specialty_concept_id"), F.col("specialty_source_concept_id")
    specialty = _specialty(F.col("specialty_source_value"), concept, source_concept)
    return roles.select("provider_id", F.lit(1).alias("trust"), "care_site_id", specialty.alias("specialty"))


def _in_claims(medical: DataFrame, codes: DataFrame) -> DataFrame:
    """As what, and for whom, those who are on lines of claims gave services."""
    specialties = codes.filter(F.col("source_vocabulary_id") == _SPECIALTY)
    code = normalised(F.lit(_SPECIALTY), F.col("rendering_specialty_code"))
    specialty = _specialty(F.col("rendering_specialty_code"), F.col("target_concept_id"), F.col("source_concept_id"))
    return (
        medical.withColumn("source_code", code)
        .withColumn("npi", F.coalesce("rendering_npi", "attending_npi"))
        .withColumn("number", F.coalesce("facility_npi", "provider_number"))
        .filter("npi is not null")
        .join(F.broadcast(specialties), "source_code", "left")
        .select(
            row_id("provider", "npi").alias("provider_id"),
            F.lit(2).alias("trust"),
            row_id("care_site", "number").alias("care_site_id"),
            specialty.alias("specialty"),
        )
    )


def _specialty(code: SparkColumn, concept: SparkColumn, source_concept: SparkColumn) -> SparkColumn:
    specialty = F.struct(code.alias("code"), concept.alias("concept"), source_concept.alias("source_concept"))
    return F.when(code.isNotNull(), specialty)


def _usual(work: DataFrame, what: str) -> DataFrame:
    """The most frequent value of each provider in the most trusted source that has one; among equals the lowest."""
    counted = (
        work.filter(F.col(what).isNotNull()).groupBy("provider_id", "trust", what).agg(F.count("*").alias("times"))
    )
    usual = F.min_by(what, F.struct("trust", -F.col("times"), what))
    return counted.groupBy("provider_id").agg(usual.alias(what))
