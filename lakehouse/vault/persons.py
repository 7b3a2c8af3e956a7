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
    registrations = named.withColumn("registration_id", F.concat_ws("|", F.lit(source), name))
    return with_person(registrations, index.filter(F.col("source") == source)).select(name, "person_id")


def with_person(rows: DataFrame, index: DataFrame) -> DataFrame:
    """Rows that have a `registration_id`, each with its `person_id` as above, and whether it `is_registered`."""
    known = index.select(
        F.concat_ws("|", "source", "source_id").alias("registration_id"), F.col("person_id").alias("known")
    )
    return (
        rows.join(known, "registration_id", "left")
        .withColumn("person_id", F.coalesce("known", row_id("person", "registration_id")))
        .withColumn("is_registered", F.col("known").isNotNull())
        .drop("known")
    )
