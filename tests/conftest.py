"""One Spark session a worker, and the sample landed and built once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse import config, session
from lakehouse.bronze import landing
from lakehouse.storage import Storage
from tests.support import Rows

SAMPLE = Path(__file__).parent / "sample"
LOCAL_CONF = Path(__file__).parent.parent / "conf" / "local.yaml"
BUCKETS = 65_536
INTERPRETED = {"spark.sql.codegen.wholeStage": "false", "spark.sql.codegen.factoryMode": "NO_CODEGEN"}
"""Few rows and many queries: compiling them was half of the work. The commands that tests call compile theirs."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All that builds the sample's tables runs in one worker, so that they are built once; each other file in one."""
    of_sample = {item.path for item in items if "sample" in getattr(item, "fixturenames", ())}
    for item in items:
        item.add_marker(pytest.mark.xdist_group("sample" if item.path in of_sample else str(item.path)))


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    warehouse = tmp_path_factory.mktemp("warehouse")
    settings = {"spark.sql.warehouse.dir": warehouse, "spark.driver.memory": "2g", **INTERPRETED}
    asked = [f"spark.settings.{name}={value}" for name, value in settings.items()]
    started = session.start(config.load(LOCAL_CONF, asked), name="tests")
    yield started
    started.stop()


@pytest.fixture(scope="session")
def sample(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Rows:
    """The rows of every table, built from the sample of 26 patients."""
    home = tmp_path_factory.mktemp("sample")
    storage = Storage(spark, f"{home}/tables")
    landing.take(storage, str(SAMPLE), f"{home}/checkpoints/landing", BUCKETS)
    return Rows(storage)
