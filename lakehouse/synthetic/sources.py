"""What files are written from: the frames, the tables of knowledge, the directory of care, founder haplotypes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pyspark.sql import DataFrame, SparkSession

from lakehouse.synthetic.frames import Frame
from lakehouse.synthetic.knowledge import table


@dataclass(frozen=True)
class Sources:
    """The inputs of every kind of file.

    frames: the rows of each frame. knowledge: the tables that the files need by name, all columns text.
    facilities, practitioners: the directory of care, one row each, with the columns of its arrays.
    panels: the folder of the founder haplotypes.
    """

    frames: Mapping[Frame, DataFrame]
    knowledge: Mapping[str, DataFrame]
    facilities: DataFrame
    practitioners: DataFrame
    panels: str = ""

    def seen(self, frame: Frame) -> DataFrame:
        """The rows of a frame that the EHR has a record of."""
        return self.frames[frame].filter("in_ehr")


def knowledge_tables(spark: SparkSession, names: Iterable[str]) -> dict[str, DataFrame]:
    """The tables of knowledge as DataFrames; every column is text, empty where there is no value."""
    return {name: _text(spark, name) for name in names}


def _text(spark: SparkSession, name: str) -> DataFrame:
    rows = table(name)
    columns = list(rows[0])
    if name == "conditions":
        rows = (*rows, *table("defective_codes"))  # what is planted in the place of a condition
    schema = ", ".join(f"`{column}` string" for column in columns)
    # One task, not one a core, for each of the many joins that it takes part in.
    return spark.createDataFrame([tuple(row[column] for column in columns) for row in rows], schema).coalesce(1)
