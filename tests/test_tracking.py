"""A trained model is logged with all that it takes to judge it, use it and make it again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import mlflow
import pytest
from pyspark.sql import SparkSession

from lakehouse import catalog, config, tracking
from lakehouse.gold.readmission.readmission_features import ReadmissionFeatures
from lakehouse.lake import Lake
from lakehouse.models import readmission
from lakehouse.models.training import train_all
from lakehouse.silver.clinical.person import Person
from lakehouse.storage import Record, Storage
from tests.models.stays import stays
from tests.processes import free_port, group_of
from tests.support import rows_of


@dataclass
class Trainings:
    """A home in which the model was trained twice; the features were built from version 0 of the persons."""

    lake: Lake
    first: tracking.Logged
    second: tracking.Logged

    @property
    def client(self) -> mlflow.MlflowClient:
        return mlflow.MlflowClient(tracking.tracking_uri(self.lake.conf))


def lake_at(spark: SparkSession, home: Path) -> Lake:
    conf = config.load(home=str(home))
    return Lake(conf, spark, Storage(spark, conf.tables_path), catalog.load())


def trained(lake: Lake) -> tracking.Logged:
    [(name, logged, metrics)] = train_all(lake)
    assert isinstance(logged, tracking.Logged), logged
    assert name == readmission.NAME
    assert metrics
    return logged


@pytest.fixture(scope="module")
def trainings(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Trainings:
    lake = lake_at(spark, tmp_path_factory.mktemp("trainings"))
    persons = [rows_of(spark, Person, {"person_id": number}) for number in (1, 2)]
    lake.storage.replace(Person, persons[0], Record("", {}, "full"))
    inputs = {i.full_name(): 0 if i is Person else -1 for i in ReadmissionFeatures.inputs().values()}
    lake.storage.replace(ReadmissionFeatures, stays(spark, 300), Record("", inputs, "full"))
    first = trained(lake)
    lake.storage.replace(Person, persons[1], Record("", {}, "full"))
    lake.storage.replace(ReadmissionFeatures, stays(spark, 200), Record("", inputs, "full"))
    return Trainings(lake, first, trained(lake))


def test_a_run_holds_parameters_and_metrics(trainings: Trainings) -> None:
    run = trainings.client.get_run(trainings.first.run_id)
    assert run.info.status == "FINISHED"
    assert run.data.params["ridge"] == str(readmission.RIDGE)
    assert run.data.metrics["stays_train"] + run.data.metrics["stays_test"] == 300
    assert run.data.metrics["auroc"] > 0.7
    experiment = trainings.client.get_experiment(run.info.experiment_id)
    assert experiment.name == trainings.lake.conf.tracking.experiment


def test_a_run_names_the_tables_and_versions_that_it_was_made_from(trainings: Trainings) -> None:
    runs = [trainings.client.get_run(logged.run_id) for logged in (trainings.first, trainings.second)]
    datasets = [{d.dataset.name: d.dataset.digest for d in run.inputs.dataset_inputs} for run in runs]
    assert datasets == [
        {"gold.readmission_features": "v0", "silver.person": "v0"},
        {"gold.readmission_features": "v1", "silver.person": "v0"},
    ]
    features = next(d.dataset for d in runs[1].inputs.dataset_inputs if d.dataset.name == "gold.readmission_features")
    source = mlflow.data.get_source(features)
    assert (source.path, source.delta_table_version) == (trainings.lake.storage.path(ReadmissionFeatures), 1)


def test_a_model_says_what_it_takes_gives_and_needs(trainings: Trainings) -> None:
    mlflow.set_tracking_uri(tracking.tracking_uri(trainings.lake.conf))
    info = mlflow.models.get_model_info(trainings.second.uri)
    assert info.signature.inputs.input_names() == list(readmission.FEATURES)
    assert info.signature.outputs.input_names() == ["prediction"]
    assert info.saved_input_example_info
    needed = Path(mlflow.pyfunc.get_model_dependencies(trainings.second.uri)).read_text().split()
    assert {line.split("==")[0] for line in needed} >= {"pyspark", "mlflow"}
    assert all("==" in line for line in needed)


def test_the_model_loaded_by_its_alias_predicts_as_the_one_that_was_trained(trainings: Trainings) -> None:
    features = trainings.lake.storage.read(ReadmissionFeatures).cache()
    models = (tracking.load_model(trainings.lake.conf, readmission.NAME), readmission.train(features).model)
    loaded, original = (
        {row.visit_occurrence_id: (row.prediction, row.probability[1]) for row in model.transform(features).collect()}
        for model in models
    )
    assert len(loaded) == 200
    assert {prediction for prediction, _ in loaded.values()} == {0.0, 1.0}
    assert {stay: p for stay, (p, _) in loaded.items()} == {stay: p for stay, (p, _) in original.items()}
    assert [p for _, p in loaded.values()] == pytest.approx([original[stay][1] for stay in loaded])


def test_each_training_is_a_version_and_the_alias_moves_to_it(trainings: Trainings) -> None:
    client = trainings.client
    versions = {v.version: v.run_id for v in client.search_model_versions(f"name = '{readmission.NAME}'")}
    assert {str(number): run for number, run in versions.items()} == {
        "1": trainings.first.run_id,
        "2": trainings.second.run_id,
    }
    assert str(client.get_model_version_by_alias(readmission.NAME, tracking.ALIAS).version) == "2"
    [told] = tracking.registered_models(trainings.lake.conf)
    assert (told["model"], str(told["version"]), told["run_id"]) == (readmission.NAME, "2", trainings.second.run_id)


def test_logs_nothing_where_too_few_stays_are_there(spark: SparkSession, tmp_path: Path) -> None:
    lake = lake_at(spark, tmp_path)
    assert list(train_all(lake)) == [
        (readmission.NAME, "0 stays to learn from, and not both outcomes among them", {}),
    ]
    assert not (tmp_path / "mlflow").exists()


def test_models_of_a_remote_home_pass_through_it() -> None:
    conf = config.load(home="hdfs://name-node/home/", settings=["tracking.uri=http://server:5000"])
    assert tracking.tracking_uri(conf) == "http://server:5000"
    assert tracking._passage(conf) == "hdfs://name-node/home/mlflow/tmp"


@pytest.mark.parametrize(
    "stop", [pytest.param(os.kill, id="terminated"), pytest.param(os.killpg, id="Ctrl-C", marks=pytest.mark.slow)]
)
def test_the_ui_shows_the_runs_and_stops_with_all_its_processes(
    trainings: Trainings, tmp_path: Path, stop: Callable[[int, int], None]
) -> None:
    port = free_port()
    command = [sys.executable, "-m", "lakehouse.cli", "ui", "--port", str(port), "--home", trainings.lake.conf.home]
    with (tmp_path / "ui.log").open("w") as log:
        server = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        wait_for_health(f"http://127.0.0.1:{port}/health", server)
        client = mlflow.MlflowClient(f"http://127.0.0.1:{port}")
        experiment = client.get_experiment_by_name(trainings.lake.conf.tracking.experiment)
        assert experiment is not None
        assert len(client.search_runs([experiment.experiment_id])) == 2
        stop(server.pid, signal.SIGINT if stop is os.killpg else signal.SIGTERM)
        server.wait(60)
        assert group_of(server.pid) == []
    finally:
        for pid in group_of(server.pid):
            os.kill(pid, signal.SIGKILL)
        server.wait(60)


def wait_for_health(url: str, server: subprocess.Popen[bytes], seconds: float = 300) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                assert answer.status == 200
                return
        except OSError:
            time.sleep(0.5)
    raise AssertionError(f"no answer from {url}; exit code {server.poll()}")
