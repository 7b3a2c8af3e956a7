"""Contacts of persons with care."""

from __future__ import annotations

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.bronze.ehr.encounter import Encounter
from lakehouse.contract import Column, Table, expect, expect_or_drop
from lakehouse.keys import row_id
from lakehouse.silver.claims.claim_encounter import ClaimEncounter
from lakehouse.silver.clinical.concepts import (
    FACILITY_CLAIM_HEADER,
    INPATIENT_CLAIM_HEADER,
    LONG_TERM_CARE_VISIT,
    PROFESSIONAL_CLAIM_HEADER,
    VISIT_OF_SERVICE_CATEGORY,
    concept_of,
    place_of_discharge,
)
from lakehouse.silver.clinical.encounter_part import EncounterPart
from lakehouse.silver.clinical.recorded_visits import recorded_visits
from lakehouse.silver.clinical.same_visits import same_visits
from lakehouse.silver.identity.care_site_link import CareSiteLink
from lakehouse.silver.identity.provider_link import ProviderLink
from lakehouse.silver.known import first_known
from lakehouse.vault.patient_link import PatientLink

_TOOK_PLACE = "status not in ('planned', 'cancelled')"
_STARTS = "visit_start_date is not null"
_ENDS_AFTER_IT_STARTS = "visit_end_date >= visit_start_date"
_SOUND = f"coalesce({_TOOK_PLACE}, true) and {_STARTS} and {_ENDS_AFTER_IT_STARTS}"


class VisitOccurrence(Table):
    """Visits of persons, as hospital and payers know them (OMOP CDM 5.4 VISIT_OCCURRENCE; ids are 64-bit).

    A FHIR Encounter and an encounter of claims that are the same event (lakehouse.silver.clinical.same_visits) are one
    visit: what the hospital tells holds, and claims fill what it does not tell (end of a stay, practitioner, care site,
    origin and discharge, and whether an inpatient stay is one in a nursing facility). Every other encounter of either
    is a visit of its own. `known_by` tells the sources; a claim is for the visit with the `claim_encounter_id` of its
    encounter (silver.encounter_of_claim).

    An encounter that is a part of another is none of its own (silver.encounter_part): it is in silver.visit_detail.

    OMOP wants an end. Where nobody tells that of a stay in hospital yet, it is the day of the delivery that tells of
    it; any other visit without one ends on the day on which it starts.
    """

    layer = "silver"
    grain = (
        "one row per encounter of the hospital that is no part of another, and per encounter that only claims tell of"
    )
    key = ("visit_occurrence_id",)
    scope = "person_id"
    accounts_for = (Encounter,)

    visit_occurrence_id = Column("bigint", "id of the row", required=True)
    person_id = Column("bigint", "whose visit", required=True)
    visit_concept_id = Column("int", "setting: outpatient, emergency, inpatient, ...; 0 if unknown", required=True)
    visit_start_date = Column("date", "day of arriving, as the place counts days", required=True)
    visit_start_datetime = Column("timestamp", "time of arriving (UTC); null where no time is given")
    visit_end_date = Column("date", "day of leaving, as the place counts days", required=True)
    visit_end_datetime = Column("timestamp", "time of leaving (UTC); null where no time is given")
    visit_type_concept_id = Column("int", "EHR encounter record, or header of the kind of claim", required=True)
    provider_id = Column("bigint", "the primary performer, else the attending practitioner, else the first one named")
    care_site_id = Column("bigint", "the organisation in charge")
    visit_source_value = Column("string", "class of the encounter (HL7 v3 ActCode), else service category of claims")
    visit_source_concept_id = Column("int", "0: OMOP has no concepts for these codes", required=True)
    admitted_from_concept_id = Column("int", "0: where from is told only in the source's words", required=True)
    admitted_from_source_value = Column("string", "admitSource of the hospitalisation, else that of claims (UB-04)")
    discharged_to_concept_id = Column("int", "kind of place after leaving; 0 if home, unknown or none", required=True)
    discharged_to_source_value = Column("string", "dischargeDisposition, else discharge status of claims (UB-04)")
    preceding_visit_occurrence_id = Column("bigint", "the person's visit that started before this one")
    status = Column("string", "FHIR status: finished, in-progress, ...; null where only claims tell of it")
    known_by = Column("string", "ehr, claims or both", required=True)
    claim_encounter_id = Column("bigint", "the encounter of claims that it is, in silver.claim_encounter")
    line_id = Column("bigint", "the landed line of the Encounter that it was made from; null if only claims tell of it")
    delivery = Column("string", "dated directory of the landing zone that the line came in; null where there is none")

    expectations = (
        expect_or_drop("start date is known", _STARTS),
        expect_or_drop("ends no earlier than it starts", _ENDS_AFTER_IT_STARTS),
        expect_or_drop("took place", _TOOK_PLACE),
        expect("setting is known", "visit_concept_id != 0"),
        expect("lasts no longer than a year", "datediff(visit_end_date, visit_start_date) <= 365"),
    )

    @staticmethod
    def build(
        encounters: Encounter,
        parts: EncounterPart,
        links: PatientLink,
        providers: ProviderLink,
        care_sites: CareSiteLink,
        claim_encounters: ClaimEncounter,
    ) -> DataFrame:
        """Find the encounters that are one, and put together what is told of each visit."""
        every = recorded_visits(Encounter.current(encounters), links, providers, care_sites)
        are_parts = parts.select(F.col("encounter_key").alias("visit_occurrence_id"))
        recorded = every.join(are_parts, "visit_occurrence_id", "left_anti")
        end = F.coalesce("visit_end_date", "last_known_day")
        same = same_visits(recorded.withColumn("visit_end_date", end).filter(_SOUND), claim_encounters)
        told = recorded.drop("institution").unionByName(_billed(claim_encounters, same), allowMissingColumns=True)
        visit = ("visit_occurrence_id", "person_id")
        once = told.groupBy(*visit).agg(
            *(first_known(name, "trust") for name in told.columns if name not in (*visit, "trust"))
        )
        whole = once.withColumns({
            "visit_concept_id": F.when(F.col("encounter_type") == "skilled nursing", LONG_TERM_CARE_VISIT).otherwise(
                F.coalesce("visit_concept_id", F.lit(0))
            ),
            "visit_end_date": end,
            "visit_source_concept_id": F.lit(0),
            "admitted_from_concept_id": F.lit(0),
            "discharged_to_concept_id": place_of_discharge("discharged_to_source_value"),
            "known_by": F.expr(
                "case when line_id is null then 'claims' when claim_encounter_id is null then 'ehr' else 'both' end"
            ),
        })  # fmt: skip
        # A visit that goes to quarantine precedes none that stays.
        earlier = Window.partitionBy("person_id", F.expr(_SOUND)).orderBy(
            "visit_start_date", "visit_start_datetime", "visit_occurrence_id"
        )
        preceding = F.lag("visit_occurrence_id").over(earlier)
        return whole.withColumn("preceding_visit_occurrence_id", preceding).select(*VisitOccurrence.declared)


def _billed(encounters: DataFrame, same: DataFrame) -> DataFrame:
    """What claims tell, of the visit that they share with the hospital or of one of their own."""
    kind = F.when(F.col("encounter_type").isin("inpatient", "skilled nursing"), INPATIENT_CLAIM_HEADER)
    visits = encounters.withColumn("place", F.coalesce("facility_npi", "provider_number"))
    return visits.join(same, "encounter_id", "left").select(
        F.coalesce("visit_occurrence_id", row_id("claim visit", "encounter_id")).alias("visit_occurrence_id"),
        "person_id",
        F.lit(2).alias("trust"),
        concept_of(F.col("encounter_type"), VISIT_OF_SERVICE_CATEGORY).alias("visit_concept_id"),
        F.col("encounter_start_date").alias("visit_start_date"),
        F.col("encounter_end_date").alias("visit_end_date"),
        kind.when(F.col("institutional_claims") > 0, FACILITY_CLAIM_HEADER)
        .otherwise(PROFESSIONAL_CLAIM_HEADER)
        .alias("visit_type_concept_id"),
        row_id("provider", "rendering_npi").alias("provider_id"),
        row_id("care_site", "place").alias("care_site_id"),
        "encounter_type",
        F.col("encounter_type").alias("visit_source_value"),
        F.col("admit_source_code").alias("admitted_from_source_value"),
        F.col("discharge_disposition_code").alias("discharged_to_source_value"),
        F.col("encounter_id").alias("claim_encounter_id"),
    )
