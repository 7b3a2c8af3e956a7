"""What was found, done and given, by a code: each coded once, and sent to the table that its meaning belongs to."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.bronze.ehr.condition import Condition
from lakehouse.bronze.ehr.datatypes import date_of, timestamp_of
from lakehouse.bronze.ehr.procedure import Procedure
from lakehouse.contract import Column, Table
from lakehouse.keys import row_id
from lakehouse.silver.claims.encounter_of_claim import EncounterOfClaim
from lakehouse.silver.claims.medical_claim import MedicalClaim
from lakehouse.silver.claims.pharmacy_claim import PharmacyClaim
from lakehouse.silver.clinical.billed import LINE, billed, visits_of_claims
from lakehouse.silver.clinical.concepts import EHR, EHR_ENCOUNTER_RECORD
from lakehouse.silver.clinical.deidentified import of_persons
from lakehouse.silver.clinical.encounter_part import EncounterPart
from lakehouse.silver.clinical.events import (
    first_dated,
    has_category,
    with_code,
    with_concept,
    with_provider,
    with_visit,
)
from lakehouse.silver.clinical.visit_occurrence import VisitOccurrence
from lakehouse.silver.identity.provider_link import ProviderLink
from lakehouse.silver.vocabulary.code_system import CodeSystem
from lakehouse.silver.vocabulary.source_to_concept import SourceToConcept
from lakehouse.vault.patient_link import PatientLink

_PROBLEM_LIST = 32840

_WITH_A_TABLE = ("Condition", "Procedure", "Measurement", "Observation", "Drug", "Device")


class CodedEvent(Table):
    """FHIR Conditions and Procedures, and the codes on claims, before they are OMOP's conditions, procedures and so on.

    OMOP puts an event into the table of its concept's domain, whatever kind of record it is from: a social finding on
    the problem list is an observation, a laboratory test that a procedure code bills is a measurement. `domain_id` is
    that of the standard concept, where the code has one and the domain has a table; of a line of a claim also that of
    the code's own concept; else the usual one of the kind of record. Everything is here, also what a table refuses.

    The same event from hospital and payer is two rows, which `type_concept_id` tells apart, with one visit.
    """

    layer = "silver"
    grain = (
        "one row per Condition and Procedure that a patient's record holds, diagnosis and procedure of a claim, "
        "line of a claim that names a service or drug, and dispensed drug"
    )
    key = ("coded_event_id",)
    scope = "person_id"

    coded_event_id = Column("bigint", "id of the row, here and in the table of its domain", required=True)
    person_id = Column("bigint", "whom it is about", required=True)
    kind = Column(
        "string",
        "Condition, Procedure, claim diagnosis, claim procedure, claim line or pharmacy claim",
        required=True,
    )
    domain_id = Column("string", "domain of the table that it belongs to", required=True)
    concept_id = Column("int", "standard concept; 0 where the code has none", required=True)
    source_concept_id = Column("int", "concept of the code; 0 where it is not known", required=True)
    source_value = Column("string", "the code as the source gives it, else the words")
    type_concept_id = Column("int", "kind of record", required=True)
    start_date = Column("date", "day it began, was done or was given; else of recording, else the claim's first")
    start_datetime = Column("timestamp", "the same as an instant (UTC); null where no time is given")
    end_date = Column("date", "day it ended; of lines of claims the last day of the line, else of the claim")
    end_datetime = Column("timestamp", "the same as an instant (UTC)")
    status_concept_id = Column("int", "whether a diagnosis is the principal one; 0 if not", required=True)
    status_source_value = Column("string", "FHIR verificationStatus of a Condition, status of a Procedure")
    quantity = Column("double", "how much, in the units of the source")
    days_supply = Column("int", "how long what was dispensed lasts", "days")
    refills = Column("int", "which fill of the prescription it is; 0 is the first")
    provider_id = Column("bigint", "who recorded, did, prescribed or ordered it")
    visit_occurrence_id = Column("bigint", "visit in which it was found, done or given")
    visit_detail_id = Column("bigint", "part of the visit in which that was")
    line_id = Column("bigint", "the landed line that it was made from; of a claim's header its first", required=True)
    delivery = Column("string", "dated directory of the landing zone that the line came in", required=True)

    @staticmethod
    def build(
        conditions: Condition,
        procedures: Procedure,
        medical: MedicalClaim,
        pharmacy: PharmacyClaim,
        encounters_of_claims: EncounterOfClaim,
        visits: VisitOccurrence,
        parts: EncounterPart,
        links: PatientLink,
        providers: ProviderLink,
        systems: CodeSystem,
        codes: SourceToConcept,
    ) -> DataFrame:
        """Bring the sources into one shape, find what their codes mean, and where that belongs."""
        of_hospital = _found(Condition.current(conditions)).unionByName(_done(Procedure.current(procedures)))
        recorded = _recorded(of_hospital, parts, links, providers, systems, codes)
        of_payer = billed(medical, pharmacy, visits_of_claims(encounters_of_claims, visits))
        every = recorded.unionByName(
            with_code(of_payer, "vocabulary_id", "code", "event", codes), allowMissingColumns=True
        )
        is_known = (F.col("event_concept_id") > 0) | (F.col("kind") == LINE)
        domain = F.when(is_known & F.col("event_domain_id").isin(*_WITH_A_TABLE), F.col("event_domain_id"))
        return every.withColumns({
            "domain_id": F.coalesce(domain, "usual_domain_id"),
            "concept_id": F.col("event_concept_id"),
            "source_concept_id": F.col("event_source_concept_id"),
            "source_value": F.coalesce("event_source_value", "event_words"),
        }).select(*CodedEvent.declared)  # fmt: skip


def _found(conditions: DataFrame) -> DataFrame:
    return conditions.select(
        F.lit("Condition").alias("kind"), "patient_id", "resource_id", "line_id", "delivery", "code", "encounter",
        F.array("recorder").alias("by"),
        first_dated("onset_date_time", "onset_period.start", "recorded_date").alias("start"),
        first_dated("abatement_date_time", "abatement_period.end").alias("stop"),
        F.when(has_category("problem-list-item"), _PROBLEM_LIST)
        .when(has_category("encounter-diagnosis"), EHR_ENCOUNTER_RECORD)
        .otherwise(EHR)
        .alias("type_concept_id"),
        F.get("verification_status.coding", F.lit(0))["code"].alias("status_source_value"),
    )  # fmt: skip


def _done(procedures: DataFrame) -> DataFrame:
    return procedures.select(
        F.lit("Procedure").alias("kind"), "patient_id", "resource_id", "line_id", "delivery", "code", "encounter",
        F.col("performer.actor").alias("by"),
        first_dated("performed_date_time", "performed_period.start").alias("start"),
        first_dated("performed_period.end").alias("stop"),
        F.lit(EHR).alias("type_concept_id"),
        F.col("status").alias("status_source_value"),
    )  # fmt: skip


def _recorded(
    resources: DataFrame,
    parts: DataFrame,
    links: DataFrame,
    providers: DataFrame,
    systems: DataFrame,
    codes: DataFrame,
) -> DataFrame:
    coded = with_concept(resources, "code", "event", ("patient_id", "kind", "resource_id"), systems, codes).drop("code")
    performed = with_visit(with_provider(coded, F.col("by"), providers), "encounter", parts)
    of_kind = F.when(F.col("kind") == "Condition", row_id("condition", "patient_id", "resource_id"))
    return of_persons(performed, links, "event_words").withColumns({
        "coded_event_id": of_kind.otherwise(row_id("procedure", "patient_id", "resource_id")),
        "usual_domain_id": F.col("kind"),
        "start_date": date_of(F.col("start")),
        "start_datetime": timestamp_of(F.col("start")),
        "end_date": date_of(F.col("stop")),
        "end_datetime": timestamp_of(F.col("stop")),
        "status_concept_id": F.lit(0),
    })  # fmt: skip
