"""What did not come through: unreadable, in quarantine, read by no column, without a concept."""

from __future__ import annotations

from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from rich.console import Console

from lakehouse.bronze.unreadable import Unreadable
from lakehouse.lake import Lake
from lakehouse.quality import REASONS
from lakehouse.report.summary import print_counts
from lakehouse.silver.vocabulary.unmapped_code import UnmappedCode
from lakehouse.storage import Storage


def show(console: Console, lake: Lake) -> None:
    """All of it, the most frequent of each kind."""
    show_unreadable(console, lake.storage)
    print_counts(console, "refused, kept in quarantine.LAYER_TABLE", _refused(lake))
    print_counts(console, "landed, and read by no column", _unread(lake))
    codes = lake.storage.read(UnmappedCode).select("clinical_table", "field", "source_code", "rows")
    print_counts(console, "without a standard concept, in silver.unmapped_code", codes)


def show_unreadable(console: Console, storage: Storage) -> None:
    """The reasons for which files and lines could not be read, each with the file of it that came last."""
    counts = (
        storage.read(Unreadable)
        .groupBy("world", "reason")
        .agg(
            F.count_distinct("file").alias("files"),
            F.max_by("file", F.struct("delivery", "arrived_at")).alias("newest file"),
            F.count("*").alias("rows"),
        )
    )
    print_counts(console, "unreadable, kept in bronze.unreadable", counts)


def _refused(lake: Lake) -> DataFrame:
    """The expectations that rows broke, by table."""
    broken = [
        lake.storage.read(table, quarantine=True).select(
            F.lit(table.full_name()).alias("table"), F.explode(REASONS).alias("reason")
        )
        for table in lake.catalog
        if lake.storage.exists(table, quarantine=True)
    ]
    none = lake.spark.createDataFrame([], "table string, reason string")
    return reduce(DataFrame.unionAll, broken, none).groupBy("table", "reason").agg(F.count("*").alias("rows"))


def _unread(lake: Lake) -> DataFrame:
    """Fields of the sources that no table reads, by the table of their resource or file."""
    fields = [
        lake.storage.read(table).select(
            F.lit(table.full_name()).alias("table"), F.explode("unread_fields").alias("field")
        )
        for table in lake.catalog
        if "unread_fields" in table.declared
    ]
    return reduce(DataFrame.unionAll, fields).groupBy("table", "field").agg(F.count("*").alias("rows"))
