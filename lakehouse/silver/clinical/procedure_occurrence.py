"""What was done to patients."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.bronze.ehr.datatypes import date_of, timestamp_of
from lakehouse.bronze.ehr.procedure import Procedure
from lakehouse.contract import Column, Table, expect, expect_or_drop
from lakehouse.keys import row_id
from lakehouse.silver.clinical.concepts import EHR
from lakehouse.silver.clinical.events import first_dated, with_concept, with_provider, with_visit
from lakehouse.silver.identity.patient_link import PatientLink
from lakehouse.silver.identity.provider_link import ProviderLink
from lakehouse.silver.vocabulary.code_system import CodeSystem
from lakehouse.silver.vocabulary.source_to_concept import SourceToConcept


class ProcedureOccurrence(Table):
    """Procedures on persons, from FHIR Procedure resources (OMOP CDM 5.4 PROCEDURE_OCCURRENCE).

    Every Procedure stays here, also where its standard concept belongs to another domain (a test that
    was run is a Measurement in OMOP): `procedure_concept_id` tells.
    """

    layer = "silver"
    grain = "one row per procedure that a patient's record holds"
    key = ("procedure_occurrence_id",)
    scope = "person_id"
    accounts_for = (Procedure,)

    procedure_occurrence_id = Column("bigint", "id of the row", required=True)
    person_id = Column("bigint", "to whom it was done", required=True)
    procedure_concept_id = Column("int", "standard concept; 0 where the code has none", required=True)
    procedure_date = Column("date", "day it was done or begun", required=True)
    procedure_datetime = Column("timestamp", "the same as an instant (UTC); null where no time is given")
    procedure_end_date = Column("date", "day it was over")
    procedure_end_datetime = Column("timestamp", "the same as an instant (UTC)")
    procedure_type_concept_id = Column("int", "EHR", required=True)
    provider_id = Column("bigint", "who did it")
    visit_occurrence_id = Column("bigint", "visit in which it was done")
    procedure_source_value = Column("string", "the code as the source gives it, else the words")
    procedure_source_concept_id = Column("int", "concept of that code; 0 where it is not known", required=True)
    source_status = Column("string", "FHIR status of the procedure")
    line_id = Column("bigint", "the landed line that it was made from", required=True)

    expectations = (
        expect_or_drop("date is known", "procedure_date is not null"),
        expect_or_drop("was done or begun", "source_status not in ('not-done', 'preparation')"),
        expect("ends no earlier than it starts", "procedure_end_date >= procedure_date"),
        expect("has a standard concept", "procedure_concept_id != 0"),
    )

    @staticmethod
    def build(
        procedures: Procedure,
        links: PatientLink,
        providers: ProviderLink,
        systems: CodeSystem,
        codes: SourceToConcept,
    ) -> DataFrame:
        """Read the procedures that hold as OMOP rows."""
        current = Procedure.current(procedures).withColumns({
            "start": first_dated("performed_date_time", "performed_period.start"),
            "stop": first_dated("performed_period.end"),
        })  # fmt: skip
        coded = with_concept(current, "code", "procedure", Procedure.record, systems, codes)
        performed = with_provider(coded, F.col("performer.actor"), providers)
        return (
            with_visit(performed, "encounter")
            .join(links.select("patient_id", "person_id"), "patient_id")
            .select(
                row_id("procedure", "patient_id", "resource_id").alias("procedure_occurrence_id"),
                "person_id",
                "procedure_concept_id",
                date_of(F.col("start")).alias("procedure_date"),
                timestamp_of(F.col("start")).alias("procedure_datetime"),
                date_of(F.col("stop")).alias("procedure_end_date"),
                timestamp_of(F.col("stop")).alias("procedure_end_datetime"),
                F.lit(EHR).alias("procedure_type_concept_id"),
                "provider_id",
                "visit_occurrence_id",
                "procedure_source_value",
                "procedure_source_concept_id",
                F.col("status").alias("source_status"),
                "line_id",
            )
        )
