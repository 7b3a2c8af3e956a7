"""Counts of persons of whom nobody can be told: small cells left out, and those that would give them away."""

from __future__ import annotations

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.release.asked import Asked

ROUNDED_TO = 5
"""What counts are rounded to: a sum of cells and of what is left out does not add up to the person."""


def counted(rows: DataFrame, asked: Asked) -> DataFrame:
    """Persons by the columns, rounded; cells that are not there have fewer persons than the smallest group, or none.

    rows: as `release.rows.coarse` gives them. Left out are also the smallest other cell of a line of the table that
    has one small cell alone, whose size the line's total would tell (complementary suppression), and a cell that all
    of a class are in, a class being what the known columns say: who is in the class is known to be in the cell.
    """
    columns = list(asked.columns)
    cells = rows.groupBy(*columns).agg(F.count_distinct("person_id").alias("n"))
    alone = F.count("*").over(Window.partitionBy(*asked.known)) == 1 if _tells_more(asked) else F.lit(False)
    hidden = (F.col("n") < asked.smallest_group) | alone
    cells = cells.withColumn("hidden", hidden).localCheckpoint()
    while True:
        wider = _with_complements(cells, columns).localCheckpoint()
        if wider.filter("hidden").count() == cells.filter("hidden").count():
            rounded = (F.round(F.col("n") / ROUNDED_TO) * ROUNDED_TO).cast("bigint")
            return cells.filter("not hidden").select(*columns, rounded.alias("persons")).orderBy(*columns)
        cells = wider


def _tells_more(asked: Asked) -> bool:
    """Whether a cell tells more of a person than others may know."""
    return 0 < len(asked.known) < len(asked.columns)


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
