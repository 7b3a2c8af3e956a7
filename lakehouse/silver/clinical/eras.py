"""Eras: spans of time over which a person has a condition or takes a drug, without a longer break."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.silver.spans import with_span

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
    uncovered = F.when(F.col("days_apart") <= persistence, F.greatest(F.col("days_apart") - 1, F.lit(0)))
    return (
        with_span(rows, of, (start, end), end, persistence)
        .groupBy(*of, "span")
        .agg(
            F.min(start).alias("era_start"),
            F.max(end).alias("era_end"),
            F.count("*").cast("int").alias("records"),
            F.coalesce(F.sum(uncovered), F.lit(0)).cast("int").alias("gap_days"),
        )
        .drop("span")
    )
