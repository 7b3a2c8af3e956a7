"""Rows of persons of whom nobody can be told (k-anonymity: Samarati and Sweeney 1998)."""

from __future__ import annotations

import secrets

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F
from pyspark.sql.types import DateType, DoubleType, FloatType, StructType, TimestampType

from lakehouse.errors import UsageError
from lakehouse.release.asked import OLDEST, Asked, ReleasedColumn

_PARTS = 1_000


def coarse(rows: DataFrame, asked: Asked) -> DataFrame:
    """The persons who are drawn, with their columns as coarse as was asked, and the person_id.

    Raises UsageError where the query does not give what was asked for, or a column would be too fine.
    """
    missing = [name for name in ("person_id", *asked.columns) if name not in rows.columns]
    if missing:
        raise UsageError(f"the query gives no column {missing[0]}")
    drawn = rows.filter(F.pmod(F.xxhash64("person_id", F.lit(secrets.token_hex(32))), F.lit(_PARTS)) < _drawn(asked))
    columns = [_coarse(name, column, rows.schema).alias(name) for name, column in asked.columns.items()]
    return drawn.filter("person_id is not null").select("person_id", *columns)


def anonymous(rows: DataFrame, asked: Asked) -> DataFrame:
    """Rows of classes that have persons enough, without the person_id, in no order.

    rows: as `coarse` gives them. A class is what the known columns say. Of the other columns a value that fewer
    persons have is null, and one that all of a class have too: who is known to be in the class would have it.
    """
    others = [name for name in asked.columns if name not in asked.known]
    for name in others:
        rows = _without_rare(rows, name, asked.smallest_group)
    enough = _frequent(rows, asked.known, asked.smallest_group)
    same = [rows[name].eqNullSafe(enough[name]) for name in asked.known]
    of_class = Window.partitionBy(*asked.known)
    differs = {name: F.min(name).over(of_class) != F.max(name).over(of_class) for name in others}
    uncertain = {name: F.when(differs[name], F.col(name)) for name in others}
    return rows.join(enough, same, "left_semi").withColumns(uncertain).select(*asked.columns).orderBy(F.rand())


def _drawn(asked: Asked) -> int:
    """Of a thousand persons, how many are drawn."""
    return round(asked.share * _PARTS)


def _without_rare(rows: DataFrame, name: str, least: int) -> DataFrame:
    frequent = _frequent(rows.filter(F.col(name).isNotNull()), [name], least).withColumn("_frequent", F.lit(True))
    return (
        rows.join(F.broadcast(frequent), name, "left")
        .withColumn(name, F.when(F.col("_frequent"), F.col(name)))
        .drop("_frequent")
    )


def _frequent(rows: DataFrame, names: list[str], least: int) -> DataFrame:
    """The combinations of values that so many persons have."""
    return rows.groupBy(*names).agg(F.count_distinct("person_id").alias("_n")).filter(F.col("_n") >= least).drop("_n")


def _coarse(name: str, column: ReleasedColumn, schema: StructType) -> Column:
    kind, value = schema[name].dataType, F.col(name)
    if isinstance(kind, (DateType, TimestampType)) and column.form != "year":
        raise UsageError(f"{name} is a day or an instant: release its year, with as: year")
    if isinstance(kind, (FloatType, DoubleType)) and column.band is None and column.form != "age":
        raise UsageError(f"{name} is a number without end: release a band of it, as with band: 10")
    if column.form == "year":
        value = F.year(value)
    elif column.form == "age":
        value = F.least(F.floor(value), F.lit(OLDEST)).cast("int")
    if column.band:
        value = (F.floor(value / column.band) * column.band).cast("int")
    return value
