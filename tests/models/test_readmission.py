from __future__ import annotations

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lakehouse.models.readmission import FEATURES, OUTCOME, TooFewStaysError, train
from tests.models.stays import stays


def test_learns_which_feature_matters_and_in_which_direction(spark: SparkSession) -> None:
    trained = train(stays(spark, 300).cache())
    odds = dict(zip(FEATURES, trained.model.stages[-1].coefficients, strict=True))  # type: ignore[attr-defined]
    assert max(odds, key=lambda name: abs(odds[name])) == "inpatient_visits_365d"
    assert odds["inpatient_visits_365d"] > 0
    assert 0.7 < trained.metrics["auroc"] <= 1


def test_the_stays_of_a_person_are_never_on_both_sides(spark: SparkSession) -> None:
    metrics = train(stays(spark, 20, per_person=11).cache()).metrics
    assert metrics["stays_train"] + metrics["stays_test"] == 220
    assert 0 < metrics["stays_test"] < 110
    assert metrics["stays_test"] % 11 == 0


def test_does_not_judge_on_stays_of_one_outcome(spark: SparkSession) -> None:
    alike = F.when(F.expr("pmod(xxhash64(person_id), 5) = 0"), 0.0).otherwise(F.col(OUTCOME))
    metrics = train(stays(spark, 60).withColumn(OUTCOME, alike).cache()).metrics
    assert metrics["stays_train"] == 60
    assert "auroc" not in metrics
    assert "auroc_train" in metrics


@pytest.mark.parametrize(("rows", "told"), [(0, "0 stays"), (7, "7 stays")])
def test_says_so_where_there_is_nothing_to_learn_from(spark: SparkSession, rows: int, told: str) -> None:
    with pytest.raises(TooFewStaysError, match=f"{told} to learn from, and not both outcomes"):
        train(stays(spark, 7).withColumn(OUTCOME, F.lit(1.0)).limit(rows))
