"""FHIR Encounters as OMOP tells visits: what visits and parts of visits are both made from."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.bronze.ehr.datatypes import date_of, timestamp_of
from lakehouse.keys import row_id
from lakehouse.silver.clinical.concepts import EHR_ENCOUNTER_RECORD, INPATIENT_VISIT, VISIT_OF_ACT_CODE, concept_of
from lakehouse.silver.clinical.deidentified import of_persons
from lakehouse.silver.clinical.events import with_care_site, with_provider

_INDIVIDUALS = """concat(
    filter(participant, p -> coalesce(exists(flatten(p.type.coding), c -> c.code = 'PPRF'), false)),
    filter(participant, p -> coalesce(exists(flatten(p.type.coding), c -> c.code = 'ATND'), false)),
    participant).individual"""


def recorded_visits(encounters: DataFrame, links: DataFrame, providers: DataFrame, care_sites: DataFrame) -> DataFrame:
    """What the hospital tells of each encounter, be it a visit or a part of one; null is what it does not tell.

    encounters: rows of bronze.encounter that hold. links: rows of vault.patient_link.
    """
    told = encounters.withColumns({
        "from_words": F.col("hospitalization.admitSource.text"),
        "to_words": F.col("hospitalization.dischargeDisposition.text"),
    })  # fmt: skip
    performed = with_provider(of_persons(told, links, "from_words", "to_words"), F.expr(_INDIVIDUALS), providers)
    placed = with_care_site(performed, F.col("service_provider.reference"), care_sites)
    start, end = F.col("period.start"), F.col("period.end")
    concept = concept_of(F.col("class_.code"), VISIT_OF_ACT_CODE)
    goes_on = concept == INPATIENT_VISIT
    return placed.select(
        row_id("visit", "patient_id", "resource_id").alias("visit_occurrence_id"),
        "person_id",
        F.lit(1).alias("trust"),
        F.nullif(concept, F.lit(0)).alias("visit_concept_id"),
        date_of(start).alias("visit_start_date"),
        timestamp_of(start).alias("visit_start_datetime"),
        F.coalesce(date_of(end), F.when(~goes_on, date_of(start))).alias("visit_end_date"),
        timestamp_of(end).alias("visit_end_datetime"),
        F.greatest(date_of(start), date_of(F.col("delivery"))).alias("last_known_day"),
        F.lit(EHR_ENCOUNTER_RECORD).alias("visit_type_concept_id"),
        "provider_id",
        "care_site_id",
        "institution",
        F.col("class_.code").alias("visit_source_value"),
        F.coalesce(_first_code("hospitalization.admitSource"), "from_words").alias("admitted_from_source_value"),
        F.coalesce(_first_code("hospitalization.dischargeDisposition"), "to_words").alias("discharged_to_source_value"),
        "status",
        "line_id",
        "delivery",
    )


def _first_code(codeable_concept: str) -> Column:
    return F.get(f"{codeable_concept}.coding", F.lit(0))["code"]
