"""Spans of time that follow each other: which rows of a group are one span."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F


def with_span(
    rows: DataFrame, of: tuple[str, ...], order: tuple[str, ...], end: str, most_apart: Column | int
) -> DataFrame:
    """Add `span`, the number of a row's span in its group, and `days_apart`, from the last day covered before it.

    of: the columns of a group. order: in which its rows follow each other, the day on which they start first. A row
    begins another span where it starts more than `most_apart` days after the last day that any row before it covers.
    `days_apart` is null in the first row of a group, and less than 1 where rows touch or overlap.
    """
    in_order = Window.partitionBy(*of).orderBy(*order)
    before = in_order.rowsBetween(Window.unboundedPreceding, -1)
    so_far = in_order.rowsBetween(Window.unboundedPreceding, Window.currentRow)
    return (
        rows.withColumn("days_apart", F.datediff(order[0], F.max(end).over(before)))
        .withColumn("_begins", F.coalesce(F.col("days_apart") > most_apart, F.lit(True)))
        .withColumn("span", F.count_if("_begins").over(so_far))
        .drop("_begins")
    )
