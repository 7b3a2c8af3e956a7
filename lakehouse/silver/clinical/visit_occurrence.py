"""Contacts of persons with the hospital."""

from __future__ import annotations

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.bronze.ehr.datatypes import date_of, timestamp_of
from lakehouse.bronze.ehr.encounter import Encounter
from lakehouse.contract import Column, Table, expect, expect_or_drop
from lakehouse.keys import row_id
from lakehouse.silver.clinical.concepts import (
    EHR_ENCOUNTER_RECORD,
    INPATIENT_VISIT,
    PLACE_OF_DISCHARGE,
    VISIT_OF_ACT_CODE,
    concept_of,
)
from lakehouse.silver.clinical.events import with_care_site, with_provider
from lakehouse.silver.identity.care_site_link import CareSiteLink
from lakehouse.silver.identity.patient_link import PatientLink
from lakehouse.silver.identity.provider_link import ProviderLink

_TOOK_PLACE = "status not in ('planned', 'cancelled')"
_STARTS = "visit_start_date is not null"
_ENDS_AFTER_IT_STARTS = "visit_end_date >= visit_start_date"
_SOUND = f"coalesce({_TOOK_PLACE}, true) and {_STARTS} and {_ENDS_AFTER_IT_STARTS}"

_INDIVIDUALS = """concat(
    filter(participant, p -> coalesce(exists(flatten(p.type.coding), c -> c.code = 'PPRF'), false)),
    filter(participant, p -> coalesce(exists(flatten(p.type.coding), c -> c.code = 'ATND'), false)),
    participant).individual"""


class VisitOccurrence(Table):
    """Visits of persons, one for each FHIR Encounter (OMOP CDM 5.4 VISIT_OCCURRENCE; ids are 64-bit).

    OMOP wants an end. Where a stay in hospital has none yet, it is the day of the delivery that tells of it;
    any other visit without one ends on the day on which it starts.
    """

    layer = "silver"
    grain = "one row per encounter"
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
    visit_type_concept_id = Column("int", "EHR encounter record", required=True)
    provider_id = Column("bigint", "the primary performer, else the attending practitioner, else the first one named")
    care_site_id = Column("bigint", "the organisation in charge")
    visit_source_value = Column("string", "class of the encounter (HL7 v3 ActCode)")
    visit_source_concept_id = Column("int", "0: OMOP has no concepts for these codes", required=True)
    admitted_from_concept_id = Column("int", "0: where from is told only in the source's words", required=True)
    admitted_from_source_value = Column("string", "admitSource of the hospitalisation")
    discharged_to_concept_id = Column("int", "kind of place after leaving; 0 if home, unknown or none", required=True)
    discharged_to_source_value = Column("string", "dischargeDisposition of the hospitalisation")
    preceding_visit_occurrence_id = Column("bigint", "the person's visit that started before this one")
    status = Column("string", "FHIR status: finished, in-progress, ...")
    line_id = Column("bigint", "the landed line that it was made from", required=True)

    expectations = (
        expect_or_drop("start date is known", _STARTS),
        expect_or_drop("ends no earlier than it starts", _ENDS_AFTER_IT_STARTS),
        expect_or_drop("took place", _TOOK_PLACE),
        expect("setting is known", "visit_concept_id != 0"),
        expect("lasts no longer than a year", "datediff(visit_end_date, visit_start_date) <= 365"),
    )

    @staticmethod
    def build(
        encounters: Encounter, links: PatientLink, providers: ProviderLink, care_sites: CareSiteLink
    ) -> DataFrame:
        """Read the encounters that hold as OMOP rows."""
        told = Encounter.current(encounters).join(links, "patient_id")
        performed = with_provider(told, F.expr(_INDIVIDUALS), providers)
        visits = with_care_site(performed, F.col("service_provider.reference"), care_sites).withColumns({
            "visit_occurrence_id": row_id("visit", "patient_id", "resource_id"),
            "visit_concept_id": concept_of(F.col("class_.code"), VISIT_OF_ACT_CODE),
            "visit_start_date": date_of(F.col("period.start")),
            "visit_start_datetime": timestamp_of(F.col("period.start")),
            "visit_end_datetime": timestamp_of(F.col("period.end")),
            "visit_type_concept_id": F.lit(EHR_ENCOUNTER_RECORD),
            "visit_source_value": F.col("class_.code"),
            "visit_source_concept_id": F.lit(0),
            "admitted_from_concept_id": F.lit(0),
            "admitted_from_source_value": _first_code("hospitalization.admitSource"),
            "discharged_to_source_value": _first_code("hospitalization.dischargeDisposition"),
        })  # fmt: skip
        whole = visits.withColumns({
            "visit_end_date": F.coalesce(date_of(F.col("period.end")), _last_known_day()),
            "discharged_to_concept_id": concept_of(F.lpad("discharged_to_source_value", 2, "0"), PLACE_OF_DISCHARGE),
        })  # fmt: skip
        # A visit that goes to quarantine precedes none that stays.
        earlier = Window.partitionBy("person_id", F.expr(_SOUND)).orderBy(
            "visit_start_date", "visit_start_datetime", "visit_occurrence_id"
        )
        preceding = F.lag("visit_occurrence_id").over(earlier)
        return whole.withColumn("preceding_visit_occurrence_id", preceding).select(*VisitOccurrence.declared)


def _last_known_day() -> SparkColumn:
    """The last day of which is known that the visit went on, where no end is told."""
    goes_on = F.col("visit_concept_id") == INPATIENT_VISIT
    return F.greatest("visit_start_date", F.when(goes_on, date_of(F.col("delivery"))))


def _first_code(codeable_concept: str) -> SparkColumn:
    first = F.get(f"{codeable_concept}.coding", F.lit(0))
    return F.coalesce(first["code"], f"{codeable_concept}.text")
