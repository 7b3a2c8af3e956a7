"""Train every model on the tables as they are, and log each in MLflow."""

from __future__ import annotations

from collections.abc import Iterator

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse import tracking
from lakehouse.contract import Table
from lakehouse.lake import Lake
from lakehouse.models import readmission
from lakehouse.storage import Commit


def train_all(lake: Lake) -> Iterator[tuple[str, tracking.Logged | str, dict[str, float]]]:
    """Each model's name, what was logged (or why nothing was) and its metrics."""
    last = lake.storage.last_commit(readmission.TABLE)
    features = lake.storage.read(readmission.TABLE, last.readable if last else None).cache()
    try:
        trained = readmission.train(features)
        logged = tracking.log_model(
            lake.storage,
            lake.conf,
            readmission.NAME,
            trained.model,
            versions=_versions(readmission.TABLE, last),
            example=_of_nobody(features),
            params={"model": "logistic regression", "ridge": readmission.RIDGE, "features": len(readmission.FEATURES)},
            metrics=trained.metrics,
        )
        yield readmission.NAME, logged, trained.metrics
    except readmission.TooFewStaysError as error:
        yield readmission.NAME, str(error), {}
    finally:
        features.unpersist()


def _of_nobody(features: DataFrame) -> DataFrame:
    """One row of the median of each feature: an example is kept with the model, and is to be no person's."""
    medians = [F.percentile_approx(name, 0.5).alias(name) for name in readmission.FEATURES]
    return features.agg(*medians)


def _versions(table: type[Table], commit: Commit | None) -> dict[type[Table], int]:
    """The version of a table at that commit, and those of its inputs that its rows were built from."""
    if commit is None:
        return {}
    recorded = commit.record.inputs if commit.record else {}
    inputs = {source: recorded.get(source.full_name(), -1) for source in table.inputs().values()}
    return {table: commit.rows_version, **{source: version for source, version in inputs.items() if version >= 0}}
