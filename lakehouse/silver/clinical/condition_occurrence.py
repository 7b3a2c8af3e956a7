"""What patients have or had."""

from __future__ import annotations

from pyspark.sql import DataFrame

from lakehouse.bronze.ehr.condition import Condition
from lakehouse.bronze.ehr.procedure import Procedure
from lakehouse.contract import Column, Table, expect, expect_or_drop
from lakehouse.silver.clinical.coded_event import CodedEvent
from lakehouse.silver.clinical.events import NEVER_WAS, of_domain


class ConditionOccurrence(Table):
    """Conditions of persons, from FHIR and from the diagnoses of claims (OMOP CDM 5.4 CONDITION_OCCURRENCE).

    What silver.coded_event sends here: of Conditions, Procedures and claims what is a condition by its standard
    concept, and diagnoses whose code has none. A diagnosis that hospital and payer tell is two rows, told apart by
    `condition_type_concept_id`: count persons or visits, or one kind at a time.
    """

    layer = "silver"
    grain = "one row per condition that a patient's record holds, and per claim and diagnosis"
    key = ("condition_occurrence_id",)
    scope = "person_id"
    accounts_for = (Condition, Procedure)

    condition_occurrence_id = Column("bigint", "id of the row", required=True)
    person_id = Column("bigint", "who has it", required=True)
    condition_concept_id = Column("int", "standard concept; 0 where the code has none", required=True)
    condition_start_date = Column(
        "date", "day it began or, if unknown, was recorded; of claims the first that the claim covers", required=True
    )
    condition_start_datetime = Column("timestamp", "the same as an instant (UTC); null where no time is given")
    condition_end_date = Column("date", "day it ended")
    condition_end_datetime = Column("timestamp", "the same as an instant (UTC)")
    condition_type_concept_id = Column(
        "int", "EHR problem list, EHR encounter record, EHR, or header of the kind of claim", required=True
    )
    condition_status_concept_id = Column(
        "int", "of claims: primary discharge (of stays), primary or admission diagnosis; else 0", required=True
    )
    condition_status_source_value = Column("string", "FHIR verificationStatus: confirmed, provisional, ...")
    provider_id = Column("bigint", "who recorded it; of claims the attending, else the rendering practitioner")
    visit_occurrence_id = Column("bigint", "visit in which it was recorded")
    visit_detail_id = Column("bigint", "part of the visit in which that was")
    condition_source_value = Column("string", "the code as the source gives it, else the words")
    condition_source_concept_id = Column("int", "concept of that code; 0 where it is not known", required=True)
    line_id = Column("bigint", "the landed line that it was made from", required=True)
    delivery = Column("string", "dated directory of the landing zone that the line came in", required=True)

    expectations = (
        expect_or_drop("start date is known", "condition_start_date is not null"),
        expect_or_drop("is not refuted", f"condition_status_source_value not in ({NEVER_WAS})"),
        expect("ends no earlier than it starts", "condition_end_date >= condition_start_date"),
        expect("has a standard concept", "condition_concept_id != 0"),
    )

    @staticmethod
    def build(events: CodedEvent) -> DataFrame:
        """Take the conditions among the coded events."""
        return (
            of_domain(events, "Condition", "condition_occurrence", "condition_start")
            .withColumnsRenamed({
                "end_date": "condition_end_date",
                "end_datetime": "condition_end_datetime",
                "status_concept_id": "condition_status_concept_id",
                "source_status": "condition_status_source_value",
            })
            .select(*ConditionOccurrence.declared)
        )  # fmt: skip
