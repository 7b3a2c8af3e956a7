"""What patients have or had."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.bronze.ehr.condition import Condition
from lakehouse.bronze.ehr.datatypes import date_of, timestamp_of
from lakehouse.contract import Column, Table, expect, expect_or_drop
from lakehouse.keys import row_id
from lakehouse.silver.clinical.concepts import EHR, EHR_ENCOUNTER_RECORD
from lakehouse.silver.clinical.events import first_dated, has_category, with_concept, with_provider, with_visit
from lakehouse.silver.identity.patient_link import PatientLink
from lakehouse.silver.identity.provider_link import ProviderLink
from lakehouse.silver.vocabulary.code_system import CodeSystem
from lakehouse.silver.vocabulary.source_to_concept import SourceToConcept

_PROBLEM_LIST = 32840


class ConditionOccurrence(Table):
    """Conditions of persons, from FHIR Condition resources (OMOP CDM 5.4 CONDITION_OCCURRENCE).

    Every Condition stays here, also where its standard concept belongs to another domain (a social
    finding is an Observation in OMOP): `condition_concept_id` tells. Where the onset is not given, the
    day of recording stands for it.
    """

    layer = "silver"
    grain = "one row per condition that a patient's record holds"
    key = ("condition_occurrence_id",)
    scope = "person_id"
    accounts_for = (Condition,)

    condition_occurrence_id = Column("bigint", "id of the row", required=True)
    person_id = Column("bigint", "who has it", required=True)
    condition_concept_id = Column("int", "standard concept; 0 where the code has none", required=True)
    condition_start_date = Column("date", "day it began or, if unknown, was recorded", required=True)
    condition_start_datetime = Column("timestamp", "the same as an instant (UTC); null where no time is given")
    condition_end_date = Column("date", "day it ended")
    condition_end_datetime = Column("timestamp", "the same as an instant (UTC)")
    condition_type_concept_id = Column("int", "EHR problem list, EHR encounter record, or EHR", required=True)
    condition_status_source_value = Column("string", "FHIR verificationStatus: confirmed, provisional, ...")
    provider_id = Column("bigint", "who recorded it")
    visit_occurrence_id = Column("bigint", "visit in which it was recorded")
    condition_source_value = Column("string", "the code as the source gives it, else the words")
    condition_source_concept_id = Column("int", "concept of that code; 0 where it is not known", required=True)
    line_id = Column("bigint", "the landed line that it was made from", required=True)

    expectations = (
        expect_or_drop("start date is known", "condition_start_date is not null"),
        expect_or_drop("is not refuted", "condition_status_source_value != 'refuted'"),
        expect("ends no earlier than it starts", "condition_end_date >= condition_start_date"),
        expect("has a standard concept", "condition_concept_id != 0"),
    )

    @staticmethod
    def build(
        conditions: Condition,
        links: PatientLink,
        providers: ProviderLink,
        systems: CodeSystem,
        codes: SourceToConcept,
    ) -> DataFrame:
        """Read the conditions that hold as OMOP rows."""
        current = Condition.current(conditions).withColumns({
            "start": first_dated("onset_date_time", "onset_period.start", "recorded_date"),
            "stop": first_dated("abatement_date_time", "abatement_period.end"),
        })  # fmt: skip
        coded = with_concept(current, "code", "condition", Condition.record, systems, codes)
        recorded = with_provider(coded, F.array("recorder"), providers)
        type_concept = (
            F.when(has_category("problem-list-item"), _PROBLEM_LIST)
            .when(has_category("encounter-diagnosis"), EHR_ENCOUNTER_RECORD)
            .otherwise(EHR)
        )
        return (
            with_visit(recorded, "encounter")
            .join(links.select("patient_id", "person_id"), "patient_id")
            .select(
                row_id("condition", "patient_id", "resource_id").alias("condition_occurrence_id"),
                "person_id",
                "condition_concept_id",
                date_of(F.col("start")).alias("condition_start_date"),
                timestamp_of(F.col("start")).alias("condition_start_datetime"),
                date_of(F.col("stop")).alias("condition_end_date"),
                timestamp_of(F.col("stop")).alias("condition_end_datetime"),
                type_concept.alias("condition_type_concept_id"),
                F.get("verification_status.coding", F.lit(0))["code"].alias("condition_status_source_value"),
                "provider_id",
                "visit_occurrence_id",
                "condition_source_value",
                "condition_source_concept_id",
                "line_id",
            )
        )
