"""FHIR MedicationRequest: orders of drugs to be taken at home."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.synthetic.ehr import concepts
from lakehouse.synthetic.ehr.datatypes import (
    UCUM,
    US_CORE,
    fixed,
    list_of,
    number,
    period,
    reference,
    subject,
    uuid,
)
from lakehouse.synthetic.ehr.filing import filed
from lakehouse.synthetic.ehr.lags import RECORD_DAYS, known_on
from lakehouse.synthetic.ehr.versions import versions, written
from lakehouse.synthetic.frames import PRESCRIPTION
from lakehouse.synthetic.sources import Sources

_PROFILE = f"{US_CORE}us-core-medicationrequest"
_CATEGORY = "http://terminology.hl7.org/CodeSystem/medicationrequest-category"


def medication_request(sources: Sources) -> DataFrame:
    """One MedicationRequest per order: active until it ends, then with the status that it ended with."""
    rows = filed(sources.seen(PRESCRIPTION), sources, F.col("encounter"))
    meant = concepts.with_concept(rows, "drug_key", concepts.drugs(sources.knowledge), "medication")
    meant = concepts.with_concept(meant, "reason_key", concepts.conditions(sources.knowledge), "reason")
    meant = meant.withColumn("resource_id", uuid("MedicationRequest", F.col("id")))
    id_, end = F.col("resource_id"), F.when(F.col("status") != "active", F.col("end_date"))
    told = versions(
        meant, known_on(F.col("start_date"), id_, RECORD_DAYS), ended=known_on(end, id_, RECORD_DAYS)
    )  # fmt: skip
    return written(
        told,
        "MedicationRequest",
        F.array(F.lit(_PROFILE)),
        status=F.when(F.col("ended"), F.col("status")).otherwise("active"),
        intent=F.lit("order"),
        category=F.array(fixed(_CATEGORY, "community", "Community")),
        medicationCodeableConcept=F.col("medication"),
        subject=subject(),
        encounter=reference("Encounter", F.col("encounter")),
        authoredOn=F.col("start_date"),
        requester=reference("Practitioner", F.col("practitioner")),
        reasonCode=list_of(F.col("reason")),
        dosageInstruction=F.array(_dosage()),
        dispenseRequest=_dispensing(),
    )


def _dosage() -> Column:
    """How much a day, from when, and until when once that is known."""
    daily = number(F.col("units_per_day"))
    bounds = period(F.col("start_date"), F.when(F.col("ended"), F.col("end_date")))
    repeat = F.struct(
        bounds.alias("boundsPeriod"),
        F.lit(1).alias("frequency"),
        F.lit(1.0).alias("period"),
        F.lit("d").alias("periodUnit"),
    )
    dose = F.struct(F.struct(daily.alias("value")).alias("doseQuantity"))
    return F.struct(
        F.concat(F.col("units_per_day"), F.lit(" a day")).alias("text"),
        F.struct(repeat.alias("repeat")).alias("timing"),
        F.when(daily.isNotNull(), F.array(dose)).alias("doseAndRate"),
    )


def _dispensing() -> Column:
    days = F.struct(
        F.col("days_supply").cast("double").alias("value"),
        F.lit("days").alias("unit"),
        F.lit(UCUM).alias("system"),
        F.lit("d").alias("code"),
    )
    return F.struct(
        F.col("refills").alias("numberOfRepeatsAllowed"),
        F.when(F.col("quantity").isNotNull(), F.struct(F.col("quantity").alias("value"))).alias("quantity"),
        F.when(F.col("days_supply").isNotNull(), days).alias("expectedSupplyDuration"),
    )
