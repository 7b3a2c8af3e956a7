"""Where facilities are: addresses as FHIR tells them."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.synthetic.ehr.datatypes import known, list_of, number
from lakehouse.synthetic.sources import Sources


def located(facilities: DataFrame, sources: Sources) -> DataFrame:
    """Add `city`, `state`, `latitude` and `longitude` (degrees) of the place of each row."""
    places = sources.knowledge["places"].select(
        F.col("key").alias("place_key"), "city", "state", number(F.col("latitude")).alias("latitude"),
        number(F.col("longitude")).alias("longitude"),
    )  # fmt: skip
    return facilities.join(F.broadcast(places), "place_key", "left")


def address(use: str) -> Column:
    """An Address of `line`, `city`, `state` and `place_key`, the ZIP code; null where line and ZIP are not known."""
    written = F.struct(
        F.lit(use).alias("use"),
        list_of(known(F.col("line"))).alias("line"),
        F.col("city").alias("city"),
        F.col("state").alias("state"),
        known(F.col("place_key")).alias("postalCode"),
        F.lit("US").alias("country"),
    )
    return F.when(F.coalesce(known(F.col("line")), known(F.col("place_key"))).isNotNull(), written)
