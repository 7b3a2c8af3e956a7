"""FHIR Coverage: the insurance that patients showed."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.synthetic.ehr.datatypes import (
    US_CORE,
    V3_ACT_CODE,
    fixed,
    list_of,
    period,
    reference,
    subject,
    translated,
    uuid,
)
from lakehouse.synthetic.ehr.filing import filed
from lakehouse.synthetic.ehr.lags import EHR_BEGAN
from lakehouse.synthetic.ehr.versions import versions, written
from lakehouse.synthetic.frames import COVERAGE
from lakehouse.synthetic.sources import Sources

_PROFILE = f"{US_CORE}us-core-coverage"
_POLICIES = {"medicare": "PUBLICPOL", "medicaid": "PUBLICPOL", "commercial": "EHCPOL"}
_RELATIONSHIP = "http://terminology.hl7.org/CodeSystem/subscriber-relationship"
_CLASS = "http://terminology.hl7.org/CodeSystem/coverage-class"


def coverage(sources: Sources) -> DataFrame:
    """One Coverage per span of insurance, known from its first day; its end is known on the day after."""
    rows = filed(sources.frames[COVERAGE], sources).withColumn("resource_id", uuid("Coverage", F.col("id")))
    start, end = F.col("start_date"), F.col("end_date")
    told = versions(rows, F.greatest(start, F.lit(EHR_BEGAN)), ended=F.date_add(end, 1))
    return written(
        told,
        "Coverage",
        F.array(F.lit(_PROFILE)),
        status=F.lit("active"),
        type=fixed(V3_ACT_CODE, translated(F.col("payer"), _POLICIES)),
        subscriberId=F.col("member_id"),
        beneficiary=subject(),
        relationship=fixed(_RELATIONSHIP, _relationship()),
        period=period(start, F.when(F.col("ended"), end)),
        payor=F.array(reference("Organization", F.col("payer"))),
        class_=list_of(_plan()),
    )


def _relationship() -> Column:
    """Whether the patient is the subscriber; how others are related to him the EHR does not ask."""
    is_other = F.col("subscriber").isNotNull() & (F.col("subscriber") != F.col("person"))
    return F.when(is_other, "other").otherwise("self")


def _plan() -> Column:
    plan = F.struct(fixed(_CLASS, "plan", "Plan").alias("type"), F.col("plan").alias("value"))
    return F.when(F.col("plan").isNotNull(), plan)
