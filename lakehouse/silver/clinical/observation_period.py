"""The time over which a person is observed."""

from __future__ import annotations

from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.contract import Column, Table, expect_or_fail
from lakehouse.keys import row_id
from lakehouse.silver.clinical.concepts import STANDARD_ALGORITHM
from lakehouse.silver.clinical.condition_occurrence import ConditionOccurrence
from lakehouse.silver.clinical.drug_exposure import DrugExposure
from lakehouse.silver.clinical.measurement import Measurement
from lakehouse.silver.clinical.observation import Observation
from lakehouse.silver.clinical.procedure_occurrence import ProcedureOccurrence
from lakehouse.silver.clinical.visit_occurrence import VisitOccurrence


class ObservationPeriod(Table):
    """From the first to the last event that hospital or payers tell of a person (OMOP CDM 5.4 OBSERVATION_PERIOD).

    One period a person: a hospital's record does not tell of the times at which it would have missed what happened.
    Of which times payers would know is in silver.payer_plan_period.
    """

    layer = "silver"
    grain = "one row per person with an event"
    key = ("observation_period_id",)
    scope = "person_id"

    observation_period_id = Column("bigint", "id of the row", required=True)
    person_id = Column("bigint", "who is observed", required=True)
    observation_period_start_date = Column("date", "day of the first event", required=True)
    observation_period_end_date = Column("date", "day of the last event or end of a visit", required=True)
    period_type_concept_id = Column("int", "standard algorithm", required=True)

    expectations = (
        expect_or_fail(
            "ends no earlier than it starts", "observation_period_end_date >= observation_period_start_date"
        ),
    )

    @staticmethod
    def build(
        visits: VisitOccurrence,
        conditions: ConditionOccurrence,
        drugs: DrugExposure,
        procedures: ProcedureOccurrence,
        measurements: Measurement,
        observations: Observation,
    ) -> DataFrame:
        """Span the days of each person's events."""
        days = [
            visits.select("person_id", F.col("visit_start_date").alias("day")),
            visits.select("person_id", F.col("visit_end_date").alias("day")),
            conditions.select("person_id", F.col("condition_start_date").alias("day")),
            drugs.select("person_id", F.col("drug_exposure_start_date").alias("day")),
            procedures.select("person_id", F.col("procedure_date").alias("day")),
            measurements.select("person_id", F.col("measurement_date").alias("day")),
            observations.select("person_id", F.col("observation_date").alias("day")),
        ]
        span = reduce(DataFrame.unionAll, days).groupBy("person_id").agg(F.min("day"), F.max("day"))
        return span.select(
            row_id("observation_period", "person_id").alias("observation_period_id"),
            "person_id",
            F.col("min(day)").alias("observation_period_start_date"),
            F.col("max(day)").alias("observation_period_end_date"),
            F.lit(STANDARD_ALGORITHM).alias("period_type_concept_id"),
        )
