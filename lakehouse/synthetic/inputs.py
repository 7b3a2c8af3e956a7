"""What is the same for every batch that is written: the tables of knowledge, and the directory of care."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import types as T

from lakehouse.synthetic import claims, ehr
from lakehouse.synthetic.directory import Directory
from lakehouse.synthetic.frames import Frame
from lakehouse.synthetic.sources import Sources, knowledge_tables
from lakehouse.synthetic.world import World

_TYPES = {"O": T.StringType(), "i": T.LongType(), "f": T.DoubleType(), "b": T.BooleanType()}


def inputs(spark: SparkSession, world: World, frames: Mapping[Frame, DataFrame], panels: str = "") -> Sources:
    """The inputs of every builder of files: the frames of a batch, and what is known of the whole world.

    panels: the folder of the founder haplotypes.
    """
    directory = Directory.of(world.seed)
    return Sources(
        frames,
        knowledge_tables(spark, sorted({*ehr.KNOWLEDGE, *claims.KNOWLEDGE})),
        _small(spark, directory.facilities),
        _small(spark, directory.practitioners),
        panels,
    )


def _small(spark: SparkSession, columns: dict[str, Any]) -> DataFrame:
    """A few rows, held in memory."""
    schema = T.StructType([T.StructField(name, _TYPES[values.dtype.kind]) for name, values in columns.items()])
    rows = zip(*(values.tolist() for values in columns.values()), strict=True)
    return spark.createDataFrame(list(rows), schema)
