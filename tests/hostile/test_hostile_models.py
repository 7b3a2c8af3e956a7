"""A pickled model runs what its maker wants when it is read: none is, wherever it lies."""

from __future__ import annotations

import pickle
import shlex
from pathlib import Path

import mlflow
import pytest
from pyspark.sql import SparkSession

from lakehouse import config, tracking
from lakehouse.bronze.landed_file import LandedFile
from lakehouse.bronze.unreadable import Unreadable
from lakehouse.errors import LakehouseError
from tests.landing_zone import taken
from tests.support import FromNothing

DROPPED = {
    "ehr/2026-01-01/model.pkl": "unknown kind of file for ehr",
    "ehr/2026-01-01/model.ndjson": None,
    "claims/2026-01-01/carrier_model.csv": "the header names no BENE_ID",
    "genomics/2026-01-01/model.vcf": "no header line",
    "identity/2026-01-01/decisions_model.csv": "the header names no registration_id_l",
    "identity/2026-01-01/consents_model.csv": "the header names no registration_id",
}
"""Where pickled models are dropped in the landing zone, and why each file is refused; None: its lines are taken."""


class _Model(mlflow.pyfunc.PythonModel):  # type: ignore[misc]
    def predict(self, context: object, model_input: list[str]) -> list[str]:
        return model_input


def pickled(bait: Path) -> bytes:
    """A pickle that makes the bait where it is read."""
    return f"cos\nsystem\n(V{shlex.join(['touch', str(bait)])}\ntR.".encode()


def test_the_bait_is_taken_where_a_pickle_is_read(tmp_path: Path) -> None:
    pickle.loads(pickled(tmp_path / "bait"))
    assert (tmp_path / "bait").exists()


def test_in_the_landing_zone(spark: SparkSession, tmp_path: Path) -> None:
    storage = taken(spark, tmp_path, dict.fromkeys(DROPPED, pickled(tmp_path / "bait")))
    assert {row.file: row.defect for row in storage.read(LandedFile).collect()} == DROPPED
    told = {row.file for row in FromNothing(storage)[Unreadable].collect()}
    assert told == set(DROPPED)
    assert not (tmp_path / "bait").exists()


def test_in_mlflow_under_the_name_of_a_model(spark: SparkSession, tmp_path: Path) -> None:
    conf = config.load(Path("conf/local.yaml"), home=str(tmp_path))
    mlflow.set_tracking_uri(tracking.tracking_uri(conf))
    mlflow.set_experiment(experiment_id=mlflow.create_experiment("hostile", artifact_location=f"{tmp_path}/artifacts"))
    with mlflow.start_run():
        info = mlflow.pyfunc.log_model(name="model", python_model=_Model(), pip_requirements=[])
    (file,) = (tmp_path / "artifacts").rglob("python_model.pkl")
    file.write_bytes(pickled(tmp_path / "bait"))
    version = mlflow.register_model(info.model_uri, "hostile").version
    mlflow.MlflowClient().set_registered_model_alias("hostile", tracking.ALIAS, version)
    with pytest.raises(LakehouseError, match="the model hostile is not one of Spark"):
        tracking.load_model(conf, "hostile")
    assert not (tmp_path / "bait").exists()
