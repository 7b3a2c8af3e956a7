"""What was measured, as Observations tell it: codes, units, ranges of normal, and profiles of US Core."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.synthetic.ehr.blood_pressure import PANEL, UNIT, panel
from lakehouse.synthetic.ehr.datatypes import LOINC, US_CORE, coding, concept, known, number, translated

_PROFILE_OF_CATEGORY = {
    "laboratory": "us-core-observation-lab",
    "vital-signs": "us-core-vital-signs",
    "social-history": "us-core-simple-observation",
    "survey": "us-core-observation-screening-assessment",
}
_PROFILE_OF_MEASURE = {
    PANEL: "us-core-blood-pressure",
    "heart_rate": "us-core-heart-rate",
    "respiratory_rate": "us-core-respiratory-rate",
    "body_temperature": "us-core-body-temperature",
    "oxygen_saturation": "us-core-pulse-oximetry",
    "weight": "us-core-body-weight",
    "height": "us-core-body-height",
    "bmi": "us-core-bmi",
    "smoking_status": "us-core-smokingstatus",
}
_OXYGEN_SATURATION = "2708-6"
"""The code that US Core wants beside that of pulse oximetry."""


def measures(knowledge: Mapping[str, DataFrame]) -> DataFrame:
    """Per measure: `key`, `concept`, `unit`, `category`, `low`, `high`, `profiles`, and `steps_per_unit`.

    A value is rounded to whole steps: there are 10 per unit where one decimal is kept.
    """
    also = F.when(F.col("key") == "oxygen_saturation", F.lit(_OXYGEN_SATURATION))
    singles = knowledge["measures"].select(
        "key",
        concept(coding(LOINC, F.col("loinc"), F.col("name")), coding(LOINC, also), text=F.col("name")).alias("concept"),
        known(F.col("unit")).alias("unit"),
        "category",
        number(F.col("reference_low")).alias("low"),
        number(F.col("reference_high")).alias("high"),
        F.pow(F.lit(10.0), F.coalesce(number(F.col("decimals")), F.lit(0.0))).alias("steps_per_unit"),
    )
    return singles.unionByName(_blood_pressure(knowledge["measures"])).withColumn("profiles", F.array(_profile()))


def answers(knowledge: Mapping[str, DataFrame]) -> DataFrame:
    """`key` and `concept` of answers that are no numbers."""
    known_as = F.struct(F.col("system"), F.col("code"), F.col("display"))
    meaning = F.struct(F.array(known_as).alias("coding"), F.col("display").alias("text"))
    return knowledge["answers"].select("key", meaning.alias("concept"))


def _blood_pressure(rows: DataFrame) -> DataFrame:
    return rows.filter("key = 'sbp'").select(
        F.lit(PANEL).alias("key"), panel().alias("concept"), F.lit(UNIT).alias("unit"), "category",
        F.lit(None).cast("double").alias("low"), F.lit(None).cast("double").alias("high"),
        F.lit(1.0).alias("steps_per_unit"),
    )  # fmt: skip


def _profile() -> Column:
    of_measure = translated(F.col("key"), _PROFILE_OF_MEASURE)
    return F.concat(F.lit(US_CORE), F.coalesce(of_measure, translated(F.col("category"), _PROFILE_OF_CATEGORY)))
