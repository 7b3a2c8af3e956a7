"""Where care is given, and where persons live."""

from __future__ import annotations

from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.bronze.claims.beneficiary import Beneficiary
from lakehouse.bronze.ehr.location import Location as LocationResource
from lakehouse.bronze.ehr.organization import Organization
from lakehouse.bronze.ehr.patient import Patient
from lakehouse.contract import Column, Table, expect, expect_or_fail
from lakehouse.silver.clinical.places import IS_NO_HOME, PARTS, area_of, place_of, with_location_id
from lakehouse.vault.latest_year import latest_year


class Location(Table):
    """Addresses of organisations and places of care, and the areas in which persons live (OMOP CDM 5.4 LOCATION).

    Of a person's address only the state and three digits of the ZIP code are here: more would tell who he is.
    """

    layer = "silver"
    grain = "one row per address or area"
    key = ("location_id",)

    location_id = Column("bigint", "id of the row", required=True)
    address_1 = Column("string", "first line of the address; null for an area")
    address_2 = Column("string", "second line of the address")
    city = Column("string", "city; null for an area")
    state = Column("string", "state, as the source writes it: two letters in the United States")
    zip = Column("string", "postal code; of an area the first three digits, 000 where few people live")
    county = Column("string", "county or district")
    location_source_value = Column("string", "the address in one line")
    country_concept_id = Column("int", "0: the packaged vocabulary has no concepts of countries", required=True)
    country_source_value = Column("string", "country, as the source writes it")
    latitude = Column("double", "latitude (WGS84), where a place is known to lie at the address", "degrees")
    longitude = Column("double", "longitude (WGS84), where a place is known to lie at the address", "degrees")

    expectations = (
        expect_or_fail("an area is no address", "length(zip) != 3 or address_1 is null"),
        expect("is on the globe", "abs(latitude) <= 90 and abs(longitude) <= 180"),
        expect("state is of two letters", r"state rlike '^[A-Z]{2}$'"),
    )

    @staticmethod
    def build(
        organizations: Organization, places: LocationResource, patients: Patient, beneficiaries: Beneficiary
    ) -> DataFrame:
        """Gather the addresses, each once."""
        first = F.get("address", F.lit(0))
        told = [
            Organization.current(organizations).select(place_of(first).alias("place")),
            LocationResource.current(places)
            .filter(IS_NO_HOME)
            .select(place_of(F.col("address")).alias("place"), "position"),
            Patient.current(patients).select(
                area_of(first["state"], first["postalCode"], first["country"]).alias("place")
            ),
            latest_year(beneficiaries).select(
                area_of(F.col("state_cd"), F.col("bene_zip_cd"), F.lit("US")).alias("place")
            ),
        ]
        gathered = reduce(lambda one, other: one.unionByName(other, allowMissingColumns=True), told)
        return (
            with_location_id(gathered.filter("place is not null"), "place")
            .groupBy("location_id")
            .agg(F.first("place").alias("place"), F.min("position").alias("position"))
            .select(
                "location_id",
                "place.*",
                F.nullif(F.array_join(F.array(*(f"place.{part}" for part in PARTS)), ", "), F.lit("")).alias(
                    "location_source_value"
                ),
                F.lit(0).alias("country_concept_id"),
                "position.latitude",
                "position.longitude",
            )
        )
