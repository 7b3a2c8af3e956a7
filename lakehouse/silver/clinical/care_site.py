"""Where care is given."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.bronze.ehr.location import Location
from lakehouse.bronze.ehr.organization import Organization
from lakehouse.contract import Column, Table, expect
from lakehouse.keys import row_id
from lakehouse.silver.claims.medical_claim import MedicalClaim
from lakehouse.silver.clinical.concepts import PLACE_OF_RIF, PLACE_OF_ROLE_CODE, concept_of
from lakehouse.silver.clinical.places import IS_NO_HOME, place_of, with_location_id
from lakehouse.silver.identity.care_site_link import CareSiteLink
from lakehouse.silver.known import first_known


class CareSite(Table):
    """Organisations that give care: those of the hospital's records, and those of claims (OMOP CDM 5.4 CARE_SITE).

    They are one where their NPI is one. Of an organisation that only claims know there is neither name nor address.
    """

    layer = "silver"
    grain = "one row per organisation, and per place of care that no organisation runs"
    key = ("care_site_id",)

    care_site_id = Column("bigint", "id of the row", required=True)
    care_site_name = Column("string", "its name")
    place_of_service_concept_id = Column("int", "kind of place; 0 where it is not told or is another", required=True)
    location_id = Column("bigint", "its address in silver.location")
    care_site_source_value = Column("string", "NPI, else CMS certification number, else FHIR id", required=True)
    place_of_service_source_value = Column("string", "v3 RoleCode of the place, or RIF file of its claims")

    expectations = (
        expect("kind of place is known", "place_of_service_concept_id != 0"),
        expect("its address is known", "location_id is not null"),
    )

    @staticmethod
    def build(organizations: Organization, locations: Location, links: CareSiteLink, claims: MedicalClaim) -> DataFrame:
        """Put together what organisations, places and claims tell of each care site."""
        told = (
            _organizations(organizations, links)
            .unionByName(_places(locations, links), allowMissingColumns=True)
            .unionByName(_billed(claims), allowMissingColumns=True)
        )
        known = ("care_site_name", "care_site_source_value", "location_id")
        return (
            told.groupBy("care_site_id")
            .agg(
                *(first_known(name, "trust") for name in known),
                first_known("kind"),
                F.bool_or("only_pays").alias("only_pays"),
            )
            .filter("not coalesce(only_pays, false)")
            .withColumn("place_of_service_concept_id", F.coalesce("kind.concept", F.lit(0)))
            .withColumn("place_of_service_source_value", F.col("kind.code"))
            .select(*CareSite.declared)
        )


def _organizations(organizations: DataFrame, links: DataFrame) -> DataFrame:
    current = Organization.current(organizations).withColumn("place", place_of(F.get("address", F.lit(0))))
    codes = F.transform(F.flatten("type.coding"), lambda coding: coding["code"])
    pays, gives = F.arrays_overlap(codes, _array("pay", "ins")), F.arrays_overlap(codes, _array("prov", "dept"))
    return _linked(current, "Organization", links).select(
        *_SHARED, F.lit(1).alias("trust"), (pays & ~gives).alias("only_pays")
    )


def _places(locations: DataFrame, links: DataFrame) -> DataFrame:
    # Of the home of a patient neither name nor street.
    current = Location.current(locations).withColumns({
        name: F.when(F.expr(IS_NO_HOME), told)
        for name, told in (("place", place_of(F.col("address"))), ("name", F.col("name")))
    })  # fmt: skip
    code = F.get(F.get("type.coding", F.lit(0)), F.lit(0))["code"]
    return _linked(current, "Location", links).select(
        *_SHARED, F.lit(2).alias("trust"), _kind(code, PLACE_OF_ROLE_CODE).alias("kind")
    )


def _billed(claims: DataFrame) -> DataFrame:
    number = F.coalesce("facility_npi", "provider_number")
    named = claims.select(number.alias("care_site_source_value"), "source_file").distinct()
    return named.filter("care_site_source_value is not null").select(
        row_id("care_site", "care_site_source_value").alias("care_site_id"),
        "care_site_source_value",
        F.lit(3).alias("trust"),
        _kind(F.col("source_file"), PLACE_OF_RIF).alias("kind"),
    )


_SHARED = ("care_site_id", "care_site_source_value", "care_site_name", "location_id")


def _linked(resources: DataFrame, resource_type: str, links: DataFrame) -> DataFrame:
    """Add the care site and the address of organisations or places."""
    of_type = links.filter(F.col("resource_type") == resource_type).selectExpr(
        "named_by as resource_id", "care_site_id", "source_value as care_site_source_value"
    )
    known = with_location_id(resources, "place").join(of_type, "resource_id")
    return known.withColumnRenamed("name", "care_site_name")


def _kind(code: SparkColumn, concepts: Mapping[str, int]) -> SparkColumn:
    """A kind of place, such that those that have a concept sort first."""
    concept = concept_of(code, concepts)
    kind = F.struct((concept == 0).alias("unknown"), concept.alias("concept"), code.alias("code"))
    return F.when(code.isNotNull(), kind)


def _array(*texts: str) -> SparkColumn:
    return F.array(*map(F.lit, texts))
