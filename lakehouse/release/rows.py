"""Rows of persons of whom nobody can be told (k-anonymity: Samarati and Sweeney 1998)."""

from __future__ import annotations

import secrets

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F
from pyspark.sql.types import DateType, DecimalType, DoubleType, FloatType, StructType, TimestampNTZType, TimestampType

from lakehouse.errors import UsageError
from lakehouse.release.asked import OLDEST, Asked, ReleasedColumn

_PARTS = 1_000
_MOMENTS = (DateType, TimestampType, TimestampNTZType)
_FRACTIONS = (FloatType, DoubleType, DecimalType)


def coarse(rows: DataFrame, asked: Asked) -> DataFrame:
    """The persons who are drawn, with their columns as coarse as was asked, and the person_id.

    Raises UsageError where the query does not give what was asked for, or a column would be too fine.
    """
    missing = [name for name in ("person_id", *asked.columns) if name not in rows.columns]
    if missing:
        raise UsageError(f"the query gives no column {missing[0]}")
    drawn = F.pmod(F.xxhash64("person_id", F.lit(secrets.token_hex(32))), F.lit(_PARTS)) < round(asked.share * _PARTS)
    columns = [_coarse(name, column, rows.schema).alias(name) for name, column in asked.columns.items()]
    return rows.filter(drawn).select("person_id", *columns)


def anonymous(rows: DataFrame, asked: Asked) -> DataFrame:
    """Rows of classes that have persons enough, without the person_id, in no order.

    rows: as `coarse` gives them. A class is what the known columns say. Of the other columns a value that fewer
    persons have is null, and one that all of a class have too: who is known to be in the class would have it.
    Raises UsageError where a person has several rows, which together might tell him.
    """
    if rows.groupBy("person_id").count().filter("count > 1").limit(1).count():
        raise UsageError("the query gives a person several rows: give one, or count persons with counts: true")
    enough = _frequent(rows, asked.known, asked.smallest_group)
    same = [rows[name].eqNullSafe(enough[name]) for name in asked.known]
    left = rows.join(enough, same, "left_semi").localCheckpoint()
    others = [name for name in asked.columns if name not in asked.known]
    while True:
        fewer = _without_telling(left, others, asked).localCheckpoint()
        if _values(fewer, others) == _values(left, others):
            return left.select(*asked.columns).orderBy(F.rand())
        left = fewer


def _without_telling(rows: DataFrame, names: list[str], asked: Asked) -> DataFrame:
    """Without values of those columns that few persons have, or all of a class: what is left may be such a value."""
    for name in names:
        frequent = _frequent(rows.filter(F.col(name).isNotNull()), [name], asked.smallest_group)
        told = F.broadcast(frequent.withColumn("_told", F.lit(True)))
        rows = rows.join(told, name, "left").withColumn(name, F.when(F.col("_told"), F.col(name))).drop("_told")
    of_class = Window.partitionBy(*asked.known)
    differs = {name: F.min(name).over(of_class) != F.max(name).over(of_class) for name in names}
    return rows.withColumns({name: F.when(differs[name], F.col(name)) for name in names})


def _values(rows: DataFrame, names: list[str]) -> list[int]:
    """How many rows have a value, by column."""
    row = rows.agg(F.count(F.lit(1)), *(F.count(name) for name in names)).first()
    return [*row] if row else []


def _frequent(rows: DataFrame, names: list[str], least: int) -> DataFrame:
    """The combinations of values that so many persons have."""
    return rows.groupBy(*names).agg(F.count_distinct("person_id").alias("_n")).filter(F.col("_n") >= least).drop("_n")


def _coarse(name: str, column: ReleasedColumn, schema: StructType) -> Column:
    kind, value = schema[name].dataType, F.col(name)
    if isinstance(kind, _MOMENTS) and column.form != "year":
        raise UsageError(f"{name} is a day or an instant: release its year, with as: year")
    if isinstance(kind, _FRACTIONS) and column.band is None and column.form != "age":
        raise UsageError(f"{name} is a number without end: release a band of it, as with band: 10")
    if column.form == "year":
        value = F.year(value)
    elif column.form == "age":
        value = F.least(F.floor(value), F.lit(OLDEST)).cast("int")
    if column.band:
        value = (F.floor(value / column.band) * column.band).cast("int")
    return value
