"""FHIR DiagnosticReport: panels of laboratory values, and readings of images."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.synthetic.ehr import concepts
from lakehouse.synthetic.ehr.datatypes import (
    LOINC,
    US_CORE,
    coding,
    concept,
    fixed,
    list_of,
    reference,
    subject,
    uuid,
)
from lakehouse.synthetic.ehr.filing import filed
from lakehouse.synthetic.ehr.lags import LABORATORY_DAYS, known_on
from lakehouse.synthetic.ehr.versions import once, written
from lakehouse.synthetic.frames import MEASUREMENT, REPORT
from lakehouse.synthetic.sources import Sources

_LABORATORY_PROFILE = f"{US_CORE}us-core-diagnosticreport-lab"
_NOTE_PROFILE = f"{US_CORE}us-core-diagnosticreport-note"
_SECTION = "http://terminology.hl7.org/CodeSystem/v2-0074"


def diagnostic_report(sources: Sources) -> DataFrame:
    """One DiagnosticReport per panel, with its values as results, and per reading of an image."""
    rows = filed(sources.seen(REPORT), sources, F.col("encounter")).withColumnRenamed("id", "report")
    meant = concepts.with_concept(rows, "panel_key", _reported(sources.knowledge), "code")
    whole = meant.join(_results(sources), "report", "left").withColumn(
        "resource_id", uuid("DiagnosticReport", F.col("report"))
    )
    return written(
        once(whole, known_on(F.to_date("start_time"), F.col("resource_id"), LABORATORY_DAYS)),
        "DiagnosticReport",
        F.array(F.when(F.col("is_image"), _NOTE_PROFILE).otherwise(_LABORATORY_PROFILE)),
        status=F.lit("final"),
        category=F.array(_category()),
        code=F.col("code"),
        subject=subject(),
        encounter=reference("Encounter", F.col("encounter")),
        effectiveDateTime=F.col("start_time"),
        issued=F.col("start_time"),
        performer=list_of(reference("Practitioner", F.col("practitioner"))),
        result=F.col("result"),
    )


def _reported(knowledge: Mapping[str, DataFrame]) -> DataFrame:
    """`key`, `concept` and `is_image` of panels and of imaging procedures."""
    panel = concept(coding(LOINC, F.col("loinc"), F.col("name")), text=F.col("name"))
    panels = knowledge["panels"].select("key", panel.alias("concept"), F.lit(False).alias("is_image"))
    images = concepts.procedures(knowledge).filter("modality != ''")
    return panels.unionByName(images.select("key", "concept", F.lit(True).alias("is_image")))


def _results(sources: Sources) -> DataFrame:
    observed = reference("Observation", F.col("id"))
    values = sources.seen(MEASUREMENT).filter("report is not null")
    return values.groupBy("report").agg(F.sort_array(F.collect_list(observed)).alias("result"))


def _category() -> Column:
    radiology = fixed(LOINC, "LP29684-5", "Radiology")
    return F.when(F.col("is_image"), radiology).otherwise(fixed(_SECTION, "LAB", "Laboratory"))
