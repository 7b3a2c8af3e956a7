"""Results in the usual unit of their test."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

STATED, BY_RANGE = "stated", "recognised by range"


def in_usual_unit(rows: DataFrame, units: DataFrame) -> DataFrame:
    """Convert numbers, and the limits of normal beside them, to the usual unit of the test, where that can be done.

    Adds `unit_evidence`, `unit_source_concept_id`, `value_source_number`, `is_in_usual_unit` and `is_plausible`. What
    the source gives no unit for is converted where its range tells the unit; what is in a unit that cannot be
    converted stays as it is.
    """
    number, unit = F.col("value_as_number"), F.col("unit_concept_id")
    is_stated = F.col("unit_source_value").isNotNull()

    def fits(possible: Column) -> Column:
        told = possible["is_told_by_range"] & number.between(possible["plausible_low"], possible["plausible_high"])
        return F.when(is_stated, possible["unit_concept_id"] == unit).otherwise(told)

    of_test = units.groupBy(F.col("measurement_concept_id").alias("event_concept_id")).agg(
        F.collect_list(F.struct(*units.columns)).alias("_possible")
    )
    known = rows.join(F.broadcast(of_test), "event_concept_id", "left").withColumn(
        "_unit", F.get(F.filter("_possible", fits), F.lit(0))
    )
    plausible = number.between(F.col("_unit.plausible_low"), F.col("_unit.plausible_high"))
    return known.withColumns({
        "unit_evidence": F.when(is_stated, STATED).when(F.col("_unit").isNotNull(), BY_RANGE),
        "unit_source_concept_id": unit,
        "value_source_number": number,
        "is_in_usual_unit": F.when(F.col("_possible").isNotNull() & is_stated, F.col("_unit").isNotNull())
        .when(F.col("_unit").isNotNull(), True),
        "is_plausible": plausible,
        "unit_concept_id": F.coalesce("_unit.usual_unit_concept_id", unit),
        **{name: _converted(F.col(name)) for name in ("value_as_number", "range_low", "range_high")},
    }).drop("_possible", "_unit")  # fmt: skip


def _converted(number: Column) -> Column:
    return F.coalesce(number * F.col("_unit.factor") + F.col("_unit.addend"), number)
