"""Spans of time over which persons have a condition."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.contract import Column, Table, expect, expect_or_fail
from lakehouse.keys import row_id
from lakehouse.silver.clinical.condition_occurrence import ConditionOccurrence
from lakehouse.silver.clinical.eras import in_eras


class ConditionEra(Table):
    """Occurrences of one condition with breaks of up to 30 days, as one span (OMOP CDM 5.4 CONDITION_ERA).

    An occurrence without an end, or with one before its start, covers the day on which it starts. Occurrences without
    a standard concept are in no era, since different conditions would share concept 0.
    """

    layer = "silver"
    grain = "one row per person, condition and span without a break of more than 30 days"
    key = ("condition_era_id",)
    scope = "person_id"

    condition_era_id = Column("bigint", "id of the row", required=True)
    person_id = Column("bigint", "who has it", required=True)
    condition_concept_id = Column("int", "standard concept of the condition", required=True)
    condition_era_start_date = Column("date", "first day of the first occurrence", required=True)
    condition_era_end_date = Column("date", "last day that an occurrence covers", required=True)
    condition_occurrence_count = Column("int", "occurrences that make the era", required=True)

    expectations = (
        expect_or_fail("ends no earlier than it starts", "condition_era_end_date >= condition_era_start_date"),
        expect_or_fail("is made of occurrences", "condition_occurrence_count > 0"),
        expect("starts after 1900", "condition_era_start_date >= date '1900-01-01'"),
    )

    @staticmethod
    def build(conditions: ConditionOccurrence) -> DataFrame:
        """Join the occurrences of each condition that follow each other."""
        known = conditions.filter("condition_concept_id != 0").withColumn(
            "last_day", F.greatest("condition_start_date", "condition_end_date")
        )
        eras = in_eras(known, ("person_id", "condition_concept_id"), "condition_start_date", "last_day")
        return eras.select(
            row_id("condition_era", "person_id", "condition_concept_id", "era_start").alias("condition_era_id"),
            "person_id",
            "condition_concept_id",
            F.col("era_start").alias("condition_era_start_date"),
            F.col("era_end").alias("condition_era_end_date"),
            F.col("records").alias("condition_occurrence_count"),
        )
