"""Which person an id of a source is."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.keys import row_id


def persons_of(named: DataFrame, source: str, index: DataFrame) -> DataFrame:
    """The ids, each with its `person_id`: as the index says, or one of its own where nobody is registered under it.

    named: one column, the ids. source: one of lakehouse.vault.codes. index: rows of vault.master_person_index.
    """
    (name,) = named.columns
    known = index.filter(F.col("source") == source).select(
        F.col("source_id").alias(name), F.col("person_id").alias("known")
    )
    registration = F.concat_ws("|", F.lit(source), name)
    return (
        named.join(known, name, "left")
        .withColumn("registration_id", registration)
        .select(name, F.coalesce("known", row_id("person", "registration_id")).alias("person_id"))
    )
