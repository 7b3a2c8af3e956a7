"""Made-up stays: who was in hospital often comes back, and nothing else matters."""

from __future__ import annotations

import random
from datetime import date

from pyspark.sql import DataFrame, SparkSession

from lakehouse.gold.readmission.readmission_features import ReadmissionFeatures
from lakehouse.models.readmission import FEATURES, OUTCOME
from tests.support import rows_of


def stays(spark: SparkSession, persons: int, per_person: int = 1) -> DataFrame:
    """Features of so many stays, always the same."""
    rng = random.Random(persons)
    rows = []
    for number in range(persons * per_person):
        features = {name: float(rng.randrange(5)) for name in FEATURES}
        rows.append({
            "visit_occurrence_id": number, "person_id": number // per_person, "discharge_date": date(2025, 1, 1),
            **features, OUTCOME: float(rng.random() < features["inpatient_visits_365d"] / 5),
        })  # fmt: skip
    return rows_of(spark, ReadmissionFeatures, *rows)
