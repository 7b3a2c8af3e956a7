"""Counts of persons of whom nobody can be told: small cells left out, and those that would give them away."""

from __future__ import annotations

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.release.asked import Asked


def counted(rows: DataFrame, asked: Asked) -> DataFrame:
    """Persons by the columns, in cells that are large enough; `persons` is null in cells that are left out.

    rows: as `release.rows.coarse` gives them. Where a line of the table has one cell alone that is left out, the
    total of the line would tell it: the smallest of its other cells is left out too (complementary suppression).
    """
    columns = list(asked.columns)
    cells = rows.groupBy(*columns).agg(F.count_distinct("person_id").alias("n"))
    cells = cells.withColumn("hidden", F.col("n") < asked.smallest_group).localCheckpoint()
    while True:
        wider = _with_complements(cells, columns).localCheckpoint()
        if wider.filter("hidden").count() == cells.filter("hidden").count():
            return cells.select(*columns, F.when(~F.col("hidden"), F.col("n")).alias("persons")).orderBy(*columns)
        cells = wider


def _with_complements(cells: DataFrame, columns: list[str]) -> DataFrame:
    """Hide one more cell of each line that has one hidden cell: a line is what all columns but one have in common."""
    for name in columns:
        others = [other for other in columns if other != name]
        line = Window.partitionBy(*others)
        smallest_first = Window.partitionBy(*others, "hidden").orderBy("n", name)
        alone = F.count_if("hidden").over(line) == 1
        cells = (
            cells.withColumns({"alone": alone, "place": F.row_number().over(smallest_first)})
            .withColumn("hidden", F.col("hidden") | (F.col("alone") & (F.col("place") == 1)))
            .drop("alone", "place")
        )
    return cells
