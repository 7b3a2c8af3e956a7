"""Eras: spans of time over which a person has a condition or takes a drug, without a longer break."""

from __future__ import annotations

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

PERSISTENCE_DAYS = 30
"""OMOP CDM 5.4: an era begins "with at least 31 days since" the day up to which the one before it lasted."""


def in_eras(
    rows: DataFrame, of: tuple[str, ...], start: str, end: str, persistence: int = PERSISTENCE_DAYS
) -> DataFrame:
    """The eras of what `of` names: `era_start`, `era_end`, `records` and `gap_days`, days on which no record lay.

    The next record begins another era where it starts more than `persistence` days after the last day that is covered:
    with 1 there is no day between the records of an era. Records follow each other by their start. What a record covers
    is not moved by an earlier one that lasts longer: OMOP takes it that what is left of a supply is abandoned, and not
    stockpiled, when the next begins.
    """
    by_start = Window.partitionBy(*of).orderBy(start, end)
    before = by_start.rowsBetween(Window.unboundedPreceding, -1)
    so_far = by_start.rowsBetween(Window.unboundedPreceding, Window.currentRow)
    return (
        rows.withColumn("_apart", F.datediff(start, F.max(end).over(before)))
        .withColumn("_begins", F.col("_apart") > persistence)
        .withColumn("_era", F.count_if(F.coalesce("_begins", F.lit(True))).over(so_far))
        .withColumn("_gap", F.when(~F.col("_begins"), F.greatest(F.col("_apart") - 1, F.lit(0))))
        .groupBy(*of, "_era")
        .agg(
            F.min(start).alias("era_start"),
            F.max(end).alias("era_end"),
            F.count("*").cast("int").alias("records"),
            F.coalesce(F.sum("_gap"), F.lit(0)).cast("int").alias("gap_days"),
        )
        .drop("_era")
    )
