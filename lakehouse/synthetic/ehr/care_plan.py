"""FHIR CarePlan."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.synthetic.ehr import concepts
from lakehouse.synthetic.ehr.datatypes import US_CORE, fixed, period, reference, subject, uuid
from lakehouse.synthetic.ehr.filing import filed
from lakehouse.synthetic.ehr.lags import RECORD_DAYS, known_on
from lakehouse.synthetic.ehr.versions import versions, written
from lakehouse.synthetic.frames import CARE_PLAN
from lakehouse.synthetic.sources import Sources

_PROFILE = f"{US_CORE}us-core-careplan"
_CATEGORY = "http://hl7.org/fhir/us/core/CodeSystem/careplan-category"


def care_plan(sources: Sources) -> DataFrame:
    """One CarePlan per plan; it is active until it ends."""
    rows = filed(sources.seen(CARE_PLAN), sources, F.col("encounter"))
    meant = concepts.with_concept(rows, "condition_key", concepts.conditions(sources.knowledge), "condition")
    meant = meant.withColumn("resource_id", uuid("CarePlan", F.col("id")))
    id_, start, end = F.col("resource_id"), F.col("start_date"), F.col("end_date")
    told = versions(meant, known_on(start, id_, RECORD_DAYS), ended=known_on(end, id_, RECORD_DAYS))
    return written(
        told,
        "CarePlan",
        F.array(F.lit(_PROFILE)),
        text=_narrative(),
        status=F.when(F.col("ended"), "completed").otherwise("active"),
        intent=F.lit("plan"),
        category=F.array(fixed(_CATEGORY, "assess-plan")),
        title=_title(),
        subject=subject(),
        encounter=reference("Encounter", F.col("encounter")),
        period=period(start, F.when(F.col("ended"), end)),
        addresses=F.array(F.struct(F.col("condition.text").alias("display"))),
        activity=F.array(_activity()),
    )


def _title() -> Column:
    return F.concat(F.lit("Care plan: "), F.col("condition.text"))


def _narrative() -> Column:
    """The words that US Core requires; the names of conditions have no character that HTML would escape."""
    div = F.concat(F.lit('<div xmlns="http://www.w3.org/1999/xhtml">'), _title(), F.lit("</div>"))
    return F.struct(F.lit("generated").alias("status"), div.alias("div"))


def _activity() -> Column:
    status = F.when(F.col("ended"), "completed").otherwise("in-progress")
    detail = F.struct(F.array("condition").alias("reasonCode"), status.alias("status"))
    return F.struct(detail.alias("detail"))
