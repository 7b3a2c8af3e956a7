"""Records and their versions: which of the lines that landed for one record is the one that holds."""

from __future__ import annotations

from typing import ClassVar

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.bronze.landed_line import PLACE, FromLine
from lakehouse.contract import Column

DELIVERED = ("delivery", *PLACE)
"""The order in which lines were delivered."""


class SourceRecord(FromLine):
    """A typed bronze table: each row is one version of a record of the source.

    record: the columns that name the record, its scope first: lines that agree in them are its versions.
    newer: SQL expressions that order the versions, the most telling first; the place of the line comes last.
    retracted: SQL predicate of a version by which the source takes the record back.
    """

    record: ClassVar[tuple[str, ...]]
    newer: ClassVar[tuple[str, ...]] = ()
    retracted: ClassVar[str] = "false"

    content = Column("bigint", "hash of the line as it landed: equal lines say the same", required=True)

    @classmethod
    def latest(cls, rows: DataFrame) -> DataFrame:
        """The rows that hold for each record, retracted ones included.

        A line that was delivered again unchanged is taken from its first delivery, so that repeating what holds changes
        nothing. What is told again after another version holds again.
        """
        versions = Window.partitionBy(*cls.record).orderBy(
            *(F.expr(order).desc_nulls_last() for order in cls.newer), *(F.desc(column) for column in DELIVERED)
        )
        repetitions = Window.partitionBy(*cls.record, "content").orderBy(*DELIVERED)
        return (
            rows.withColumn("_holds", F.first("content").over(versions) == F.col("content"))
            .withColumn("_repetition", F.row_number().over(repetitions))
            .filter("_holds and _repetition = 1")
            .drop("_holds", "_repetition")
        )

    @classmethod
    def current(cls, rows: DataFrame) -> DataFrame:
        """The rows that hold and were not retracted: what silver is made from."""
        return cls.latest(rows).filter(f"not coalesce({cls.retracted}, false)")
