"""Blood pressures: two values that were taken together are one Observation with two components (US Core)."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.synthetic.ehr.datatypes import LOINC, coding, fixed, quantity, uuid

PANEL = "blood_pressure"
"""The measure that a pair of pressures is."""

UNIT = "mm[Hg]"


def readings(measurements: DataFrame) -> DataFrame:
    """The pairs: systolic as `value`, diastolic as `diastolic`; other columns as in a single measurement."""
    systolic, diastolic = F.col("measure_key") == "sbp", F.col("measure_key") == "dbp"
    pairs = (
        measurements.filter(systolic | diastolic)
        .groupBy("person", "encounter", "start_time")
        .agg(
            F.max(F.when(systolic, F.col("id"))).alias("id"),
            F.max(F.when(systolic, F.col("value"))).alias("value"),
            F.max(F.when(diastolic, F.col("value"))).alias("diastolic"),
        )
        .filter("value is not null and diastolic is not null")
    )
    return pairs.select(
        "person", "encounter", F.lit(PANEL).alias("measure_key"), "start_time", "value",
        F.lit(None).cast("string").alias("value_key"), "diastolic",
        uuid("Observation", F.col("id")).alias("resource_id"),
    )  # fmt: skip


def panel() -> Column:
    """The concept of the pair."""
    return F.struct(
        F.array(coding(LOINC, "85354-9", "Blood pressure panel with all children optional")).alias("coding"),
        F.lit("Blood pressure").alias("text"),
    )


def components() -> Column:
    """The two pressures; null where the row is no pair."""
    pair = F.array(
        _component("8480-6", "Systolic blood pressure", F.col("value")),
        _component("8462-4", "Diastolic blood pressure", F.round("diastolic")),
    )
    return F.when(F.col("diastolic").isNotNull(), pair)


def _component(loinc: str, display: str, value: Column) -> Column:
    return F.struct(
        fixed(LOINC, loinc, display).alias("code"), quantity(value, F.lit(UNIT)).alias("valueQuantity")
    )  # fmt: skip
