"""What was done to patients."""

from __future__ import annotations

from pyspark.sql import DataFrame

from lakehouse.bronze.ehr.condition import Condition
from lakehouse.bronze.ehr.procedure import Procedure
from lakehouse.contract import Column, Table, expect, expect_or_drop
from lakehouse.silver.clinical.coded_event import CodedEvent
from lakehouse.silver.clinical.events import NEVER_WAS, of_domain


class ProcedureOccurrence(Table):
    """Procedures on persons, from FHIR and from claims (OMOP CDM 5.4 PROCEDURE_OCCURRENCE).

    What silver.coded_event sends here: of Conditions, Procedures and claims what is a procedure by its standard
    concept, and procedures and services whose code has none. Codes of claims are ICD-10-PCS of stays, and HCPCS and CPT
    of lines. What hospital and payer both tell is two rows, told apart by `procedure_type_concept_id`.
    """

    layer = "silver"
    grain = "one row per procedure that a patient's record holds, procedure of a claim, and line of a claim"
    key = ("procedure_occurrence_id",)
    scope = "person_id"
    accounts_for = (Procedure, Condition)

    procedure_occurrence_id = Column("bigint", "id of the row", required=True)
    person_id = Column("bigint", "to whom it was done", required=True)
    procedure_concept_id = Column("int", "standard concept; 0 where the code has none", required=True)
    procedure_date = Column("date", "day it was done or begun", required=True)
    procedure_datetime = Column("timestamp", "the same as an instant (UTC); null where no time is given")
    procedure_end_date = Column("date", "day it was over; of lines of claims the last day of the line or the claim")
    procedure_end_datetime = Column("timestamp", "the same as an instant (UTC)")
    procedure_type_concept_id = Column("int", "EHR, or header or line of the kind of claim", required=True)
    quantity = Column("double", "how often: units of the line of a claim")
    provider_id = Column("bigint", "who did it")
    visit_occurrence_id = Column("bigint", "visit in which it was done")
    visit_detail_id = Column("bigint", "part of the visit in which that was")
    procedure_source_value = Column("string", "the code as the source gives it, else the words")
    procedure_source_concept_id = Column("int", "concept of that code; 0 where it is not known", required=True)
    source_status = Column("string", "FHIR status of the procedure")
    line_id = Column("bigint", "the landed line that it was made from", required=True)
    delivery = Column("string", "dated directory of the landing zone that the line came in", required=True)

    expectations = (
        expect_or_drop("date is known", "procedure_date is not null"),
        expect_or_drop("was done or begun", f"source_status not in ({NEVER_WAS})"),
        expect("ends no earlier than it starts", "procedure_end_date >= procedure_date"),
        expect("has a standard concept", "procedure_concept_id != 0"),
    )

    @staticmethod
    def build(events: CodedEvent) -> DataFrame:
        """Take the procedures among the coded events."""
        return (
            of_domain(events, "Procedure", "procedure_occurrence", "procedure")
            .withColumnsRenamed({
                "end_date": "procedure_end_date",
                "end_datetime": "procedure_end_datetime",
            })
            .select(*ProcedureOccurrence.declared)
        )  # fmt: skip
