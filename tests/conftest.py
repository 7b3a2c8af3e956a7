"""One Spark session a worker, and the sample landed and built once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession
from xdist.scheduler import LoadScopeScheduling

from lakehouse import config, keyring, keys, session
from lakehouse.bronze import landing
from lakehouse.storage import Storage
from tests.support import Rows

SAMPLE = Path(__file__).parent / "sample"
LOCAL_CONF = Path(__file__).parent.parent / "conf" / "local.yaml"
BUCKETS = 65_536
KEY = b"a key of 32 that all may know..."
"""Ids are made with it here, and by the commands that tests call, unless they take it out of the environment."""
os.environ[keyring.VARIABLE] = KEY.hex()

INTERPRETED = {"spark.sql.codegen.wholeStage": "false", "spark.sql.codegen.factoryMode": "NO_CODEGEN"}
"""Few rows and many queries: compiling them was half of the work. The commands that tests call compile theirs."""


class Together(LoadScopeScheduling):  # type: ignore[misc]
    """All that builds the sample's tables runs in one worker, so that they are built once; each other file in one."""

    def _split_scope(self, nodeid: str) -> str:
        return _scope(self.config.rootpath / nodeid.partition("::")[0])


@cache
def _scope(file: Path) -> str:
    return "sample" if "sample: Rows" in file.read_text(encoding="utf-8") else str(file)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    return Together(config, log)


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    warehouse = tmp_path_factory.mktemp("warehouse")
    settings = {"spark.sql.warehouse.dir": warehouse, "spark.driver.memory": "2g", **INTERPRETED}
    asked = [f"spark.settings.{name}={value}" for name, value in settings.items()]
    started = session.start(config.load(LOCAL_CONF, asked), name="tests")
    keys.use(started, KEY)
    yield started
    started.stop()


@pytest.fixture(scope="session")
def sample(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Rows:
    """The rows of every table, built from the sample of 26 patients."""
    home = tmp_path_factory.mktemp("sample")
    storage = Storage(spark, f"{home}/tables")
    landing.take(storage, str(SAMPLE), f"{home}/checkpoints/landing", BUCKETS)
    return Rows(storage)
