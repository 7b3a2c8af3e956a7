"""Dated directories of the landing zone."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F


def day_of(delivery: str) -> Column:
    """The day that the name of a delivery begins with; null where it begins with none."""
    return F.try_to_timestamp(F.substring(delivery, 1, 10), F.lit("yyyy-MM-dd")).cast("date")
