"""The only place that imports MLflow: runs, models, and the tables that they were made from."""

from __future__ import annotations

import logging
import os
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyspark.sql import DataFrame

from lakehouse.config import Conf
from lakehouse.contract import Table
from lakehouse.errors import LakehouseError, UsageError
from lakehouse.storage import Storage

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run
    from pyspark.ml import Model  # half a second, which commands that train nothing need not wait for

TRAINED_WITH_ERASED = "trained_with_erased_persons"
"""The tag of runs and models that learned from somebody who was erased since."""

ALIAS = "champion"
"""The alias under which the newest model of each name is loaded."""

_REQUIREMENTS = ("pyspark", "mlflow", "numpy", "pandas")


@dataclass(frozen=True)
class Logged:
    """A model that was logged and registered."""

    name: str
    version: str
    run_id: str

    @property
    def uri(self) -> str:
        """Where to load it from: always the newest."""
        return f"models:/{self.name}@{ALIAS}"


def tracking_uri(conf: Conf) -> str:
    """The tracking server of conf, or the SQLite store under the home."""
    return conf.tracking.uri or f"sqlite:///{_folder(conf)}/mlflow.db"


def artifacts_uri(conf: Conf) -> str:
    """The folder of artefacts beside the SQLite store."""
    return (_folder(conf) / "artifacts").as_uri()


def log_model(
    storage: Storage,
    conf: Conf,
    name: str,
    model: Model,
    versions: Mapping[type[Table], int],
    example: DataFrame,
    params: Mapping[str, Any],
    metrics: Mapping[str, float],
) -> Logged:
    """Log one run with its model, and register the model.

    versions: the Delta tables that it was trained on and their versions: they become the run's datasets, each
        with where it lies.
    example: a few rows as the model takes them; with the model's answer they give its signature.
    """
    import mlflow
    from mlflow.models import infer_signature
    from mlflow.spark import log_model as log_spark_model

    with _quietly(), _experiment(conf):
        with mlflow.start_run(run_name=name) as run:
            mlflow.log_params(dict(params))
            mlflow.log_metrics(dict(metrics))
            for table, version in versions.items():
                mlflow.log_input(_dataset(storage, table, version), context="training")
            answers = model.transform(example).select("prediction")
            input_example = example.toPandas()
            info = log_spark_model(
                model,
                artifact_path="model",
                signature=infer_signature(input_example, answers.toPandas()),
                input_example=input_example,
                pip_requirements=[f"{package}=={_version(package)}" for package in _REQUIREMENTS],
                dfs_tmpdir=_passage(conf),
            )
        registered = mlflow.register_model(info.model_uri, name)
        mlflow.MlflowClient().set_registered_model_alias(name, ALIAS, registered.version)
    return Logged(name, str(registered.version), run.info.run_id)


def load_model(conf: Conf, name: str) -> Model:
    """The Spark model that the alias of that name points to.

    Raises LakehouseError where it is a model of another kind: those of Python are pickles, which run what they like.
    """
    import mlflow
    from mlflow.models import get_model_info
    from mlflow.spark import load_model as load_spark_model

    with _quietly():
        mlflow.set_tracking_uri(tracking_uri(conf))
        uri = f"models:/{name}@{ALIAS}"
        if "spark" not in get_model_info(uri).flavors:
            raise LakehouseError(f"the model {name} is not one of Spark, and no other is read: it may run anything")
        model: Model = load_spark_model(uri, dfs_tmpdir=_passage(conf))
    return model


def registered_models(conf: Conf) -> list[dict[str, Any]]:
    """Each registered model's newest version with its run's metrics and the versions of its tables."""
    import mlflow

    with _quietly():
        mlflow.set_tracking_uri(tracking_uri(conf))
        client = mlflow.MlflowClient()
        found = []
        for model in client.search_registered_models():
            version = client.get_model_version_by_alias(model.name, ALIAS)
            run = client.get_run(str(version.run_id))
            tables = {d.dataset.name: d.dataset.digest for d in run.inputs.dataset_inputs}
            found.append({
                "model": model.name, "version": version.version, "run_id": version.run_id,
                "metrics": run.data.metrics, "tables": tables,
            })  # fmt: skip
    return found


def mark_trained_with(conf: Conf, held: Callable[[str, int], bool]) -> int:
    """Tag the runs, and the versions of models, that were trained with somebody who was erased. Returns how many runs.

    held: whether a table, by its name, held him at a version.
    """
    if conf.tracking.uri is None and (_is_remote(conf) or not (_folder(conf) / "mlflow.db").exists()):
        return 0
    import mlflow

    marked = 0
    with _quietly():
        mlflow.set_tracking_uri(tracking_uri(conf))
        client = mlflow.MlflowClient()
        experiment = client.get_experiment_by_name(conf.tracking.experiment)
        for run in _runs(client, experiment.experiment_id) if experiment else ():
            datasets = [d.dataset for d in run.inputs.dataset_inputs if re.fullmatch(r"v\d+", d.dataset.digest)]
            if any(held(dataset.name, int(dataset.digest[1:])) for dataset in datasets):
                client.set_tag(run.info.run_id, TRAINED_WITH_ERASED, "true")
                for version in client.search_model_versions(f"run_id='{run.info.run_id}'"):
                    client.set_model_version_tag(version.name, version.version, TRAINED_WITH_ERASED, "true")
                marked += 1
    return marked


def _runs(client: MlflowClient, experiment_id: str) -> Iterator[Run]:
    """All runs, a page at a time."""
    token = None
    while True:
        page = client.search_runs([experiment_id], page_token=token)
        yield from page
        token = page.token
        if not token:
            return


def server_command(conf: Conf, port: int) -> list[str]:
    """The arguments of `python -m mlflow` that serve the runs of a home on loopback."""
    return [
        "server", "--host", "127.0.0.1", "--port", str(port), "--backend-store-uri", tracking_uri(conf),
        "--default-artifact-root", artifacts_uri(conf), "--workers", "1",
    ]  # fmt: skip


def _passage(conf: Conf) -> str:
    """The folder that Spark and MLflow hand models over in: below the home, wherever that is."""
    return f"{conf.home.removeprefix('file://').rstrip('/')}/mlflow/tmp"


def _folder(conf: Conf) -> Path:
    """The folder of the SQLite store. Raises UsageError where the home is no local disk."""
    if _is_remote(conf):
        raise UsageError(f"the home {conf.home} is not a local disk: name an MLflow server with tracking.uri in conf")
    return Path(conf.home.removeprefix("file://")) / "mlflow"


def _is_remote(conf: Conf) -> bool:
    return "://" in conf.home and not conf.home.startswith("file://")


@contextmanager
def _experiment(conf: Conf) -> Iterator[None]:
    """Point MLflow at the home's store and experiment, made where they are missing."""
    import mlflow

    if conf.tracking.uri is None:
        _folder(conf).mkdir(parents=True, exist_ok=True)
    mlflow.set_tracking_uri(tracking_uri(conf))
    if mlflow.get_experiment_by_name(conf.tracking.experiment) is None:
        location = artifacts_uri(conf) if conf.tracking.uri is None else None
        mlflow.create_experiment(conf.tracking.experiment, artifact_location=location)
    mlflow.set_experiment(conf.tracking.experiment)
    yield


def _dataset(storage: Storage, table: type[Table], version: int) -> Any:
    """The table at a version, as MLflow records datasets."""
    from mlflow.data.delta_dataset_source import DeltaDatasetSource
    from mlflow.data.meta_dataset import MetaDataset

    source = DeltaDatasetSource(path=storage.path(table), delta_table_version=version)
    return MetaDataset(source, name=table.full_name(), digest=f"v{version}")


def _version(package: str) -> str:
    from importlib.metadata import version

    return version(package)


@contextmanager
def _quietly() -> Iterator[None]:
    """MLflow narrates its database migrations and warns of its own defaults: neither is news to who trains."""
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
