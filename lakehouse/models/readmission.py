"""Readmission within 30 days: a logistic regression on what is known at discharge."""

from __future__ import annotations

from dataclasses import dataclass

from pyspark.ml import Pipeline, PipelineModel
from pyspark.ml.classification import LogisticRegression
from pyspark.ml.evaluation import BinaryClassificationEvaluator
from pyspark.ml.feature import StandardScaler, VectorAssembler
from pyspark.sql import DataFrame

from lakehouse.errors import LakehouseError
from lakehouse.gold.readmission.readmission_features import ReadmissionFeatures

NAME = "readmission-30d"
OUTCOME = "readmitted_within_30_days"
FEATURES = (
    "age_at_admission", "is_male", "length_of_stay", "emergency_visits_365d",
    "inpatient_visits_365d", "conditions_365d", "drugs_90d",
)  # fmt: skip
TABLE = ReadmissionFeatures
RIDGE = 0.1
"""A firm ridge penalty: with few readmissions an unpenalised fit separates the stays and its odds run away."""

_BOTH = {0.0, 1.0}
_TEST_FIFTHS = "pmod(xxhash64(person_id), 5) = 0"


@dataclass(frozen=True)
class Trained:
    """A fitted pipeline and how it was judged."""

    model: PipelineModel
    metrics: dict[str, float]


class TooFewStaysError(LakehouseError):
    """The stays of one outcome are missing, so that nothing can be learned."""


def train(features: DataFrame) -> Trained:
    """Fit on four fifths of the persons, judge on the others. Raises TooFewStaysError where an outcome is missing.

    All stays of a person are on the same side, so that nobody is recognised rather than predicted. Where one
    side lacks an outcome the model is fitted on all persons, and `auroc` is not given; `auroc_train`, which
    flatters, always is.
    """
    training, test = features.filter(f"not ({_TEST_FIFTHS})"), features.filter(_TEST_FIFTHS)
    counts = {"train": _outcomes(training), "test": _outcomes(test)}
    if any(set(of_side) != _BOTH for of_side in counts.values()):
        training, counts = features, {"train": _outcomes(features), "test": {}}
    if set(counts["train"]) != _BOTH:
        raise TooFewStaysError(f"{sum(counts['train'].values())} stays to learn from, and not both outcomes among them")
    assembler = VectorAssembler(inputCols=list(FEATURES), outputCol="assembled")
    scaler = StandardScaler(inputCol="assembled", outputCol="features", withMean=True)
    regression = LogisticRegression(labelCol=OUTCOME, regParam=RIDGE)
    model = Pipeline(stages=[assembler, scaler, regression]).fit(training)
    metrics = {
        f"{outcome}_{side}": float(n)
        for side, of_side in counts.items()
        for outcome, n in (("stays", sum(of_side.values())), ("readmissions", of_side.get(1.0, 0)))
    }
    metrics["auroc_train"] = _auroc(model, training)
    if counts["test"]:
        metrics["auroc"] = _auroc(model, test)
    return Trained(model, metrics)


def _outcomes(rows: DataFrame) -> dict[float, int]:
    return {row[OUTCOME]: row["count"] for row in rows.groupBy(OUTCOME).count().collect()}


def _auroc(model: PipelineModel, rows: DataFrame) -> float:
    return float(BinaryClassificationEvaluator(labelCol=OUTCOME).evaluate(model.transform(rows)))
