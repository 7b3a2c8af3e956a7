"""What visits consist of."""

from __future__ import annotations

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.bronze.ehr.datatypes import date_of, timestamp_of
from lakehouse.bronze.ehr.encounter import Encounter
from lakehouse.contract import Column, Table, expect, expect_or_drop
from lakehouse.keys import row_id
from lakehouse.silver.claims.days import FIRST_DAY, LAST_DAY
from lakehouse.silver.claims.encounter_of_claim import EncounterOfClaim
from lakehouse.silver.claims.medical_claim import MedicalClaim
from lakehouse.silver.clinical.billed import HEADER, visits_of_claims
from lakehouse.silver.clinical.concepts import (
    EHR_ENCOUNTER_RECORD,
    VISIT_OF_ACT_CODE,
    VISIT_OF_SERVICE_CATEGORY,
    concept_of,
    place_of_discharge,
)
from lakehouse.silver.clinical.deidentified import of_persons
from lakehouse.silver.clinical.encounter_part import EncounterPart
from lakehouse.silver.clinical.events import with_care_site
from lakehouse.silver.clinical.recorded_visits import recorded_visits
from lakehouse.silver.clinical.visit_occurrence import VisitOccurrence
from lakehouse.silver.identity.care_site_link import CareSiteLink
from lakehouse.silver.identity.provider_link import ProviderLink
from lakehouse.vault.patient_link import PatientLink

_TOOK_PLACE = "status not in ('planned', 'cancelled', 'reserved')"
_STARTS = "visit_detail_start_date is not null"
_ENDS_AFTER_IT_STARTS = "visit_detail_end_date >= visit_detail_start_date"


class VisitDetail(Table):
    """The parts of visits (OMOP CDM 5.4 VISIT_DETAIL), as the hospital records them and as they are billed.

    Parts are the FHIR Encounters that are parts of a stay (silver.encounter_part), the places in which a patient was in
    the course of an Encounter (its locations that have a start), and the medical claims for a visit. They overlap: what
    the hospital tells of a day and the claims for it are both here, told apart by `visit_detail_type_concept_id`. What
    has no end ends with its encounter or else with the visit.
    """

    layer = "silver"
    grain = "one row per encounter that is a part of a stay, per dated place of an encounter, and per medical claim"
    key = ("visit_detail_id",)
    scope = "person_id"
    accounts_for = (Encounter,)

    visit_detail_id = Column("bigint", "id of the row", required=True)
    person_id = Column("bigint", "whose visit", required=True)
    visit_detail_concept_id = Column("int", "setting: that of the encounter or the claim; 0 if unknown", required=True)
    visit_detail_start_date = Column("date", "first day, as the place counts days", required=True)
    visit_detail_start_datetime = Column("timestamp", "time of arriving (UTC); null where no time is given")
    visit_detail_end_date = Column("date", "last day", required=True)
    visit_detail_end_datetime = Column("timestamp", "time of leaving (UTC); null where no time is given")
    visit_detail_type_concept_id = Column("int", "EHR encounter record, or header of the kind of claim", required=True)
    provider_id = Column("bigint", "of an encounter as in visit_occurrence; of a claim the attending or rendering one")
    care_site_id = Column("bigint", "the organisation of the place, in charge of the encounter, or that billed")
    visit_detail_source_value = Column("string", "class of the encounter, name of the place, service category of claim")
    visit_detail_source_concept_id = Column("int", "0: OMOP has no concepts for these codes", required=True)
    admitted_from_concept_id = Column("int", "0: where from is told only in the source's words", required=True)
    admitted_from_source_value = Column("string", "admitSource of the encounter, or that of the claim (UB-04)")
    discharged_to_concept_id = Column("int", "kind of place after leaving; 0 if home, unknown or none", required=True)
    discharged_to_source_value = Column("string", "dischargeDisposition, or discharge status of the claim (UB-04)")
    preceding_visit_detail_id = Column("bigint", "the person's part of a visit that started before this one")
    parent_visit_detail_id = Column("bigint", "the part of a visit that this is a part of; null where none is between")
    visit_occurrence_id = Column("bigint", "the visit that it is a part of", required=True)
    status = Column("string", "FHIR status of the encounter, or of its being in that place; null for claims")
    line_id = Column("bigint", "the landed line that it was made from; of a claim its first", required=True)
    delivery = Column("string", "dated directory of the landing zone that the line came in", required=True)

    expectations = (
        expect_or_drop("start date is known", _STARTS),
        expect_or_drop("ends no earlier than it starts", _ENDS_AFTER_IT_STARTS),
        expect_or_drop("took place", _TOOK_PLACE),
        expect("setting is known", "visit_detail_concept_id != 0"),
    )

    @staticmethod
    def build(
        encounters: Encounter,
        parts: EncounterPart,
        visits: VisitOccurrence,
        medical: MedicalClaim,
        encounters_of_claims: EncounterOfClaim,
        links: PatientLink,
        providers: ProviderLink,
        care_sites: CareSiteLink,
    ) -> DataFrame:
        """Bring parts, places and claims into one shape, and put them in order."""
        current = Encounter.current(encounters)
        said_to_be_parts = recorded_visits(current.filter("part_of is not null"), links, providers, care_sites)
        recorded = _parts(said_to_be_parts, parts).unionByName(
            _places(current, parts, links, care_sites), allowMissingColumns=True
        )
        billed = _claims(medical, visits_of_claims(encounters_of_claims, visits))
        every = _ended(recorded, visits).unionByName(billed, allowMissingColumns=True)
        # A part that goes to quarantine precedes none that stays.
        sound = F.expr(f"coalesce({_TOOK_PLACE}, true) and {_STARTS} and {_ENDS_AFTER_IT_STARTS}")
        earlier = Window.partitionBy("person_id", sound).orderBy(
            "visit_detail_start_date", "visit_detail_start_datetime", "visit_detail_id"
        )
        return every.withColumns({
            "visit_detail_source_concept_id": F.lit(0),
            "admitted_from_concept_id": F.lit(0),
            "discharged_to_concept_id": place_of_discharge("discharged_to_source_value"),
            "preceding_visit_detail_id": F.lag("visit_detail_id").over(earlier),
        }).select(*VisitDetail.declared)  # fmt: skip


def _parts(recorded: DataFrame, parts: DataFrame) -> DataFrame:
    """Encounters that are parts of stays."""
    own = parts.withColumnRenamed("visit_occurrence_id", "whole").drop("person_id")
    return recorded.join(own, F.col("visit_occurrence_id") == F.col("encounter_key")).select(
        "visit_detail_id",
        "person_id",
        F.coalesce("visit_concept_id", F.lit(0)).alias("visit_detail_concept_id"),
        F.col("visit_start_date").alias("visit_detail_start_date"),
        F.col("visit_start_datetime").alias("visit_detail_start_datetime"),
        F.col("visit_end_date").alias("visit_detail_end_date"),
        F.col("visit_end_datetime").alias("visit_detail_end_datetime"),
        "provider_id",
        "care_site_id",
        F.col("visit_source_value").alias("visit_detail_source_value"),
        "admitted_from_source_value",
        "discharged_to_source_value",
        "parent_visit_detail_id",
        F.col("whole").alias("visit_occurrence_id"),
        "status",
        "line_id",
        "delivery",
    )


def _places(current: DataFrame, parts: DataFrame, links: DataFrame, care_sites: DataFrame) -> DataFrame:
    """Where patients were in the course of encounters."""
    dated = (
        current.select("*", F.posexplode("location").alias("place", "there"))
        .filter("there.period.start is not null")
        .withColumn("encounter_key", row_id("visit", "patient_id", "resource_id"))
        .withColumn("place_name", F.col("there.location.display"))
    )
    own = parts.selectExpr("encounter_key", "visit_occurrence_id as whole", "visit_detail_id as parent_visit_detail_id")
    placed = with_care_site(
        of_persons(dated, links, "place_name"), F.col("there.location.reference"), care_sites, "Location"
    )
    start, end = F.col("there.period.start"), F.col("there.period.end")
    return placed.join(own, "encounter_key", "left").select(
        row_id("visit place", "patient_id", "resource_id", "place").alias("visit_detail_id"),
        "person_id",
        concept_of(F.col("class_.code"), VISIT_OF_ACT_CODE).alias("visit_detail_concept_id"),
        date_of(start).alias("visit_detail_start_date"),
        timestamp_of(start).alias("visit_detail_start_datetime"),
        F.coalesce(date_of(end), date_of(F.col("period.end"))).alias("visit_detail_end_date"),
        timestamp_of(end).alias("visit_detail_end_datetime"),
        "care_site_id",
        F.coalesce("place_name", "there.location.reference").alias("visit_detail_source_value"),
        "parent_visit_detail_id",
        F.coalesce("whole", "encounter_key").alias("visit_occurrence_id"),
        F.col("there.status").alias("status"),
        "line_id",
        "delivery",
    )


def _ended(recorded: DataFrame, visits: DataFrame) -> DataFrame:
    """What the hospital tells of visits that are there, each with an end."""
    start, end = "visit_detail_start_date", "visit_detail_end_date"
    return (
        recorded.join(
            visits.select("person_id", "visit_occurrence_id", "visit_end_date"), ["person_id", "visit_occurrence_id"]
        )
        .withColumn(end, F.coalesce(end, F.greatest(start, "visit_end_date")))
        .withColumn("visit_detail_type_concept_id", F.lit(EHR_ENCOUNTER_RECORD))
        .drop("visit_end_date")
    )


def _claims(medical: DataFrame, visits_of_claims: DataFrame) -> DataFrame:
    """The claims of which a visit was put together."""
    headers = medical.filter("is_first_line").withColumn("place", F.coalesce("facility_npi", "provider_number"))
    return (
        headers.withColumn("practitioner", F.coalesce("attending_npi", "rendering_npi"))
        .join(visits_of_claims, ["person_id", "claim_id"])
        .select(
            "visit_detail_id",
            "person_id",
            concept_of(F.col("service_category"), VISIT_OF_SERVICE_CATEGORY).alias("visit_detail_concept_id"),
            F.expr(FIRST_DAY).alias("visit_detail_start_date"),
            F.expr(LAST_DAY).alias("visit_detail_end_date"),
            F.expr(HEADER).alias("visit_detail_type_concept_id"),
            row_id("provider", "practitioner").alias("provider_id"),
            row_id("care_site", "place").alias("care_site_id"),
            F.col("service_category").alias("visit_detail_source_value"),
            F.col("admit_source_code").alias("admitted_from_source_value"),
            F.col("discharge_disposition_code").alias("discharged_to_source_value"),
            "visit_occurrence_id",
            "line_id",
            "delivery",
        )
    )
