"""Which claims are of one encounter."""

from __future__ import annotations

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.contract import Column, Table
from lakehouse.keys import row_id
from lakehouse.silver.claims.days import FIRST_DAY, LAST_DAY
from lakehouse.silver.claims.medical_claim import MedicalClaim
from lakehouse.silver.spans import with_span


class EncounterOfClaim(Table):
    """The encounter that a medical claim is for: one stay or visit is billed in several claims.

    Claims of one institution for stays (inpatient, skilled nursing) are one stay where a claim begins before the
    stay's end or on the day of it, or on the day after it if the claim before says that the patient is still there
    (status 30). Other claims of institutions are one encounter where institution, service category and first day are
    the same. A practitioner's claim joins the stay in whose days its service was given to an inpatient (place 21, 51,
    61; 31 for skilled nursing), a service in the emergency department (23) the visit to one on that day, else the stay
    that begins on that day or the next, a service in a hospital's outpatient department (19, 22) the visit on that day.
    Where there is none, and for every other place, it is an encounter with the practice or practitioner on that day.
    After the encounter grouper of the Tuva data model (2024), by institution.
    """

    layer = "silver"
    grain = "one row per medical claim"
    key = ("claim_id",)
    scope = "person_id"

    claim_id = Column("bigint", "the claim", required=True)
    person_id = Column("bigint", "whose claim it is", required=True)
    encounter_id = Column("bigint", "the encounter that it is for", required=True)
    encounter_type = Column("string", "service category of the encounter", required=True)

    @staticmethod
    def build(lines: MedicalClaim) -> DataFrame:
        """Group the claims of institutions, and let those of practitioners join them."""
        claims = lines.groupBy("person_id", "claim_id").agg(
            *(F.max(name).alias(name) for name in ("claim_type", "service_category", "discharge_disposition_code")),
            F.max(F.coalesce("provider_number", "facility_npi", "rendering_npi", F.lit("unknown"))).alias("giver"),
            F.expr(f"min({FIRST_DAY})").alias("first_day"),
            F.expr(f"max({LAST_DAY})").alias("last_day"),
            F.collect_set("place_of_service_code").alias("places"),
        )
        institutional = claims.filter("claim_type = 'institutional'")
        hosts = _stays(institutional.filter(_IS_STAY)).unionByName(_visits(institutional.filter(f"not {_IS_STAY}")))
        guests = _joined(claims.filter("claim_type = 'professional'"), hosts)
        return hosts.select(*EncounterOfClaim.declared).unionByName(guests.select(*EncounterOfClaim.declared))


_IS_STAY = "service_category in ('inpatient', 'skilled nursing')"
_STILL_PATIENT = "30"

_HOST = """case
    when host.encounter_type = 'inpatient' and arrays_overlap(places, array('21', '51', '61'))
        and first_day between host.begins and host.ends then 1
    when host.encounter_type = 'skilled nursing' and array_contains(places, '31')
        and first_day between host.begins and host.ends then 2
    when host.encounter_type = 'emergency department' and array_contains(places, '23')
        and first_day = host.begins then 3
    when host.encounter_type = 'inpatient' and array_contains(places, '23')
        and datediff(host.begins, first_day) in (0, 1) then 4
    when host.encounter_type in ('outpatient', 'emergency department') and arrays_overlap(places, array('19', '22'))
        and first_day = host.begins then 5 end"""
"""How well an encounter with an institution fits a practitioner's claim: 1 is best, null not at all."""


def _stays(claims: DataFrame) -> DataFrame:
    """Claims for stays, each with the stay that it continues or begins."""
    of_institution, in_order = ("person_id", "service_category", "giver"), ("first_day", "last_day", "claim_id")
    status_before = F.lag("discharge_disposition_code").over(Window.partitionBy(*of_institution).orderBy(*in_order))
    most_apart = F.when(status_before == _STILL_PATIENT, 1).otherwise(0)
    stays = with_span(claims, of_institution, in_order, "last_day", most_apart)
    of_stay = Window.partitionBy(*of_institution, "span")
    return _identified(
        stays.withColumns({"begins": F.min("first_day").over(of_stay), "ends": F.max("last_day").over(of_stay)}).drop(
            "span", "days_apart"
        )
    )


def _visits(claims: DataFrame) -> DataFrame:
    """Other claims of institutions: one encounter a day."""
    of_day = Window.partitionBy("person_id", "service_category", "giver", "first_day")
    return _identified(claims.withColumns({"begins": F.col("first_day"), "ends": F.max("last_day").over(of_day)}))


def _joined(claims: DataFrame, hosts: DataFrame) -> DataFrame:
    """Claims of practitioners, with the institution's encounter that fits best, or one of their own."""
    encounters = hosts.select("person_id", "encounter_id", "encounter_type", "begins", "ends").distinct()
    host = F.struct("encounter_id", "encounter_type", "begins", "ends").alias("host")
    fitting = (
        claims.join(encounters.select("person_id", host), "person_id")
        .withColumn("fit", F.expr(_HOST))
        .filter("fit is not null")
        .groupBy("claim_id")
        .agg(F.min(F.struct("fit", "host.begins", "host.encounter_id", "host.encounter_type")).alias("host"))
    )
    own = _identified(claims.withColumn("begins", F.col("first_day"))).join(fitting, "claim_id", "left")
    return own.withColumns({
        name: F.coalesce(f"host.{name}", name) for name in ("encounter_id", "encounter_type")
    })  # fmt: skip


def _identified(claims: DataFrame) -> DataFrame:
    return claims.withColumn("encounter_type", F.col("service_category")).withColumn(
        "encounter_id", row_id("claim encounter", "person_id", "encounter_type", "giver", "begins")
    )
