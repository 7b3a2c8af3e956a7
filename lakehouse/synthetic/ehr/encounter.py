"""FHIR Encounter."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.synthetic.ehr import concepts
from lakehouse.synthetic.ehr.datatypes import (
    US_CORE,
    V3_ACT_CODE,
    coding,
    fixed,
    period,
    reference,
    subject,
    translated,
    uuid,
)
from lakehouse.synthetic.ehr.filing import filed
from lakehouse.synthetic.ehr.lags import RECORD_DAYS, known_on
from lakehouse.synthetic.ehr.versions import once, written
from lakehouse.synthetic.frames import ENCOUNTER
from lakehouse.synthetic.sources import Sources

_PROFILE = f"{US_CORE}us-core-encounter"
_PARTICIPATION = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
_PRIORITY = "http://terminology.hl7.org/CodeSystem/v3-ActPriority"
_POINT_OF_ORIGIN = "https://www.nubc.org/CodeSystem/PointOfOrigin"
_DISCHARGE = "https://www.nubc.org/CodeSystem/PatDischargeStatus"
_READMISSION = "http://terminology.hl7.org/CodeSystem/v2-0092"
_PRIORITY_OF_ADMISSION_TYPE = {"1": "EM", "2": "UR", "3": "EL"}


def encounter(sources: Sources) -> DataFrame:
    """One Encounter per contact that the EHR has; it is known some days after its end."""
    rows = filed(sources.seen(ENCOUNTER), sources, F.col("id"))
    kinds = concepts.encounters(sources.knowledge)
    reasons = concepts.conditions(sources.knowledge)
    meant = concepts.with_concept(rows, "encounter_key", kinds, "kind")
    meant = concepts.with_concept(meant, "reason_key", reasons, "reason")
    meant = meant.withColumn("resource_id", uuid("Encounter", F.col("id")))
    last_day = F.to_date(F.coalesce("end_time", "start_time"))
    return written(
        once(meant, known_on(last_day, F.col("resource_id"), RECORD_DAYS)),
        "Encounter",
        F.array(F.lit(_PROFILE)),
        status=F.when(F.col("end_time").isNull(), "in-progress").otherwise("finished"),
        class_=coding(V3_ACT_CODE, F.col("class")),
        type=F.array("kind"),
        priority=_priority(),
        subject=subject(),
        participant=_participants(),
        period=period(F.col("start_time"), F.col("end_time")),
        reasonCode=F.when(F.col("reason").isNotNull(), F.array("reason")),
        hospitalization=_hospitalization(),
        location=_locations(),
        serviceProvider=reference("Organization", F.col("facility")),
    )


def _priority() -> Column:
    code = translated(F.col("admission_type"), _PRIORITY_OF_ADMISSION_TYPE)
    return F.when(code.isNotNull(), fixed(_PRIORITY, code))


def _participants() -> Column:
    participant = F.struct(
        F.array(fixed(_PARTICIPATION, "PPRF", "primary performer")).alias("type"),
        period(F.col("start_time"), F.col("end_time")).alias("period"),
        reference("Practitioner", F.col("practitioner")).alias("individual"),
    )
    return F.when(F.col("practitioner").isNotNull(), F.array(participant))


def _locations() -> Column:
    location = F.struct(reference("Location", F.col("facility")).alias("location"))
    return F.when(F.col("facility").isNotNull(), F.array(location))


def _hospitalization() -> Column:
    """How a stay began and ended; null for what was no stay."""
    source, status = F.col("admission_source"), F.col("discharge_status")
    returned = F.col("readmission_of").isNotNull()
    stay = F.struct(
        F.when(source.isNotNull(), fixed(_POINT_OF_ORIGIN, source)).alias("admitSource"),
        F.when(returned, fixed(_READMISSION, "R", "Re-admission")).alias("reAdmission"),
        F.when(status.isNotNull(), fixed(_DISCHARGE, status)).alias("dischargeDisposition"),
    )
    return F.when(source.isNotNull() | status.isNotNull() | returned, stay)
