"""What patients were ordered and given."""

from __future__ import annotations

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.bronze.ehr.condition import Condition
from lakehouse.bronze.ehr.datatypes import date_of, referenced_id, timestamp_of
from lakehouse.bronze.ehr.immunization import Immunization
from lakehouse.bronze.ehr.medication import Medication
from lakehouse.bronze.ehr.medication_administration import MedicationAdministration
from lakehouse.bronze.ehr.medication_request import MedicationRequest
from lakehouse.bronze.ehr.procedure import Procedure
from lakehouse.contract import Column, Table, expect, expect_or_drop
from lakehouse.keys import row_id
from lakehouse.silver.clinical.coded_event import CodedEvent
from lakehouse.silver.clinical.concepts import EHR
from lakehouse.silver.clinical.deidentified import of_persons
from lakehouse.silver.clinical.encounter_part import EncounterPart
from lakehouse.silver.clinical.events import (
    NEVER_WAS,
    first_dated,
    of_domain,
    with_concept,
    with_provider,
    with_visit,
)
from lakehouse.silver.identity.provider_link import ProviderLink
from lakehouse.silver.vocabulary.code_system import CodeSystem
from lakehouse.silver.vocabulary.source_to_concept import SourceToConcept
from lakehouse.vault.patient_link import PatientLink

_ADMINISTRATION, _PRESCRIPTION = 32818, 32838


class DrugExposure(Table):
    """Drugs and vaccines that were ordered, given and dispensed, from FHIR and claims (OMOP CDM 5.4 DRUG_EXPOSURE).

    An order (MedicationRequest), what was given by it (MedicationAdministration), what a pharmacy dispensed by it
    (Part D event), and a drug on a line of a claim are all here; `drug_type_concept_id` tells them apart, so count one
    kind at a time. Of silver.coded_event: what is a drug by its concept, and dispensed drugs of unknown code.

    `drug_exposure_end_date`, which OMOP requires, is the day that the source states, else the last of the days
    supplied, else the first day; `verbatim_end_date` is only what the source states.
    """

    layer = "silver"
    grain = (
        "one row per order, administration or immunization that a patient's record holds, dispensed drug, and line of "
        "a claim for a drug"
    )
    key = ("drug_exposure_id",)
    scope = "person_id"
    accounts_for = (MedicationRequest, MedicationAdministration, Immunization, Condition, Procedure)

    drug_exposure_id = Column("bigint", "id of the row", required=True)
    person_id = Column("bigint", "for whom it is", required=True)
    drug_concept_id = Column("int", "standard concept; 0 where the code has none", required=True)
    drug_exposure_start_date = Column("date", "day it was given or ordered", required=True)
    drug_exposure_start_datetime = Column("timestamp", "the same as an instant (UTC); null where no time is given")
    drug_exposure_end_date = Column("date", "last day of the exposure, as far as is known", required=True)
    drug_exposure_end_datetime = Column("timestamp", "the end that the source states, as an instant (UTC)")
    verbatim_end_date = Column("date", "last day that the source states")
    drug_type_concept_id = Column(
        "int", "EHR prescription, administration record, EHR, or kind of claim", required=True
    )
    refills = Column(
        "int",
        "of orders the repeats allowed after the first dispensing; of what was dispensed which fill it is, 0 the first",
    )
    quantity = Column("double", "how much, in the units of the source")
    days_supply = Column("int", "how long what is dispensed lasts", unit="days")
    sig = Column("string", "instructions in words")
    route_concept_id = Column(
        "int", "standard concept of the route; 0 where it is not given or has none", required=True
    )
    lot_number = Column("string", "lot of the vaccine")
    provider_id = Column("bigint", "who ordered, prescribed or gave it")
    visit_occurrence_id = Column("bigint", "visit in which it was ordered or given; null for what a pharmacy dispensed")
    visit_detail_id = Column("bigint", "part of the visit in which that was")
    drug_source_value = Column("string", "the code as the source gives it, else the words")
    drug_source_concept_id = Column("int", "concept of that code; 0 where it is not known", required=True)
    route_source_value = Column("string", "the route as the source gives it")
    dose_unit_source_value = Column("string", "unit of the quantity as the source gives it")
    source_status = Column("string", "FHIR status; of a request that orders nothing, its intent or do-not-perform")
    line_id = Column("bigint", "the landed line that it was made from", required=True)
    delivery = Column("string", "dated directory of the landing zone that the line came in", required=True)

    expectations = (
        expect_or_drop("start date is known", "drug_exposure_start_date is not null"),
        expect_or_drop(
            "was ordered or given",
            f"source_status not in ({NEVER_WAS}, 'cancelled', 'draft', 'do-not-perform', 'proposal', 'plan', 'option')",
        ),
        expect("ends no earlier than it starts", "drug_exposure_end_date >= drug_exposure_start_date"),
        expect("has a standard concept", "drug_concept_id != 0"),
    )

    @staticmethod
    def build(
        requests: MedicationRequest,
        administrations: MedicationAdministration,
        immunizations: Immunization,
        medications: Medication,
        links: PatientLink,
        providers: ProviderLink,
        systems: CodeSystem,
        codes: SourceToConcept,
        events: CodedEvent,
        parts: EncounterPart,
    ) -> DataFrame:
        """Read the orders, administrations and immunizations that hold, and add the drugs among the coded events."""
        referred = Medication.current(medications).selectExpr("resource_id as medication_id", "code as referred")
        exposures = (
            _requested(MedicationRequest.current(requests), referred)
            .unionByName(_administered(MedicationAdministration.current(administrations), referred))
            .unionByName(_immunized(Immunization.current(immunizations)))
        )
        key = ("patient_id", "resource_type", "resource_id")
        coded = with_concept(exposures, "medication", "drug", key, systems, codes)
        routed = with_concept(coded, "route", "route", key, systems, codes)
        first_day, stated_end = date_of(F.col("start")), date_of(F.col("stop"))
        dosed = routed.withColumn("dose_unit_words", F.when(F.col("amount.code").isNull(), F.col("amount.unit")))
        performed = with_visit(with_provider(dosed, F.col("by"), providers), "encounter", parts)
        recorded = (
            of_persons(performed, links, "drug_words", "route_words", "dose_unit_words", "sig")
            .withColumns({
                "drug_source_value": F.coalesce("drug_source_value", "drug_words"),
                "route_source_value": F.coalesce("route_source_value", "route_words"),
                "drug_exposure_id": row_id("drug", *key),
                "drug_exposure_start_date": first_day,
                "drug_exposure_start_datetime": timestamp_of(F.col("start")),
                "drug_exposure_end_date": F.coalesce(stated_end, _end_of_supply(first_day), first_day),
                "drug_exposure_end_datetime": timestamp_of(F.col("stop")),
                "verbatim_end_date": stated_end,
                "quantity": F.col("amount.value"),
                "dose_unit_source_value": F.coalesce("amount.code", "dose_unit_words"),
            })
            .select(*DrugExposure.declared)
        )  # fmt: skip
        return recorded.unionByName(_routed(events), allowMissingColumns=True).select(*DrugExposure.declared)


def _routed(events: DataFrame) -> DataFrame:
    """Drugs that were dispensed, and those on claims and other records."""
    rows = of_domain(events, "Drug", "drug_exposure", "drug_exposure_start")
    first_day = F.col("drug_exposure_start_date")
    return rows.withColumns({
        "drug_exposure_end_date": F.coalesce("end_date", _end_of_supply(first_day), first_day),
        "drug_exposure_end_datetime": F.col("end_datetime"),
        "verbatim_end_date": F.col("end_date"),
        "route_concept_id": F.lit(0),
    })  # fmt: skip


def _end_of_supply(first_day: SparkColumn) -> SparkColumn:
    return F.when(F.col("days_supply") > 0, F.date_add(first_day, F.col("days_supply") - 1))


def _requested(requests: DataFrame, referred: DataFrame) -> DataFrame:
    supply = F.col("dispense_request.expectedSupplyDuration")
    in_days = F.coalesce(supply["code"], supply["unit"]).isin("d", "day", "days")
    dosage = F.get("dosage_instruction", F.lit(0))
    orders_nothing = F.when(F.col("do_not_perform"), "do-not-perform").when(
        F.col("intent").isin("proposal", "plan", "option"), F.col("intent")
    )
    return (
        _with_medication(requests, referred)
        .withColumn("bounds_end", dosage["timing"]["repeat"]["boundsPeriod"]["end"])
        .select(
            *_shared("MedicationRequest", "encounter"),
            F.array("requester").alias("by"),
            "medication",
            first_dated("authored_on").alias("start"),
            first_dated("bounds_end").alias("stop"),
            F.lit(_PRESCRIPTION).alias("drug_type_concept_id"),
            F.col("dispense_request.numberOfRepeatsAllowed").alias("refills"),
            F.col("dispense_request.quantity").alias("amount"),
            F.when(in_days, supply["value"].cast("int")).alias("days_supply"),
            dosage["text"].alias("sig"),
            dosage["route"].alias("route"),
            F.lit(None).cast("string").alias("lot_number"),
            F.coalesce(orders_nothing, "status").alias("source_status"),
        )
    )


def _administered(administrations: DataFrame, referred: DataFrame) -> DataFrame:
    return _with_medication(administrations, referred).select(
        *_shared("MedicationAdministration", "context"),
        F.col("performer.actor").alias("by"),
        "medication",
        first_dated("effective_date_time", "effective_period.start").alias("start"),
        first_dated("effective_period.end").alias("stop"),
        F.lit(_ADMINISTRATION).alias("drug_type_concept_id"),
        F.lit(None).cast("int").alias("refills"),
        F.col("dosage.dose").alias("amount"),
        F.lit(None).cast("int").alias("days_supply"),
        F.col("dosage.text").alias("sig"),
        F.col("dosage.route").alias("route"),
        F.lit(None).cast("string").alias("lot_number"),
        F.col("status").alias("source_status"),
    )


def _immunized(immunizations: DataFrame) -> DataFrame:
    return immunizations.select(
        *_shared("Immunization", "encounter"),
        F.col("performer.actor").alias("by"),
        F.col("vaccine_code").alias("medication"),
        first_dated("occurrence_date_time").alias("start"),
        F.lit(None).cast("string").alias("stop"),
        F.lit(EHR).alias("drug_type_concept_id"),
        F.lit(None).cast("int").alias("refills"),
        F.col("dose_quantity").alias("amount"),
        F.lit(None).cast("int").alias("days_supply"),
        F.lit(None).cast("string").alias("sig"),
        "route",
        "lot_number",
        F.col("status").alias("source_status"),
    )


def _shared(resource_type: str, encounter: str) -> list[SparkColumn]:
    return [
        F.lit(resource_type).alias("resource_type"),
        F.col("patient_id"),
        F.col("resource_id"),
        F.col("line_id"),
        F.col("delivery"),
        F.col(encounter).alias("encounter"),
    ]


def _with_medication(rows: DataFrame, referred: DataFrame) -> DataFrame:
    """Add the medication's code: in place, or that of the Medication resource which the row refers to."""
    return (
        rows.withColumn("medication_id", referenced_id(F.col("medication_reference.reference"), "Medication"))
        .join(referred, "medication_id", "left")
        .withColumn("medication", F.coalesce("medication_codeable_concept", "referred"))
    )
