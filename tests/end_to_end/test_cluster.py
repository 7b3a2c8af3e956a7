"""The same jobs on a standalone cluster: the same rows, also where a worker dies, and nothing is left running."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse import catalog, config
from lakehouse.lake import Lake
from lakehouse.storage import Storage
from tests.conftest import LOCAL_CONF, SAMPLE
from tests.processes import children_of, free_port, is_alive

ROOT = SAMPLE.parent.parent
NAMES = ("master", "worker-1", "worker-2")

PROBE = """
import sys
from pathlib import Path
from lakehouse import config, session

def where(_):
    import os, lakehouse
    return os.path.abspath(lakehouse.__file__)

spark = session.start(config.load(Path("conf/cluster.yaml"), [f"spark.master={sys.argv[1]}"]))
print(spark.sparkContext.range(1).map(where).collect()[0])
spark.stop()
"""


@dataclass(frozen=True)
class Cluster:
    """A cluster in a folder of its own."""

    folder: Path
    port: int

    @property
    def master(self) -> str:
        return f"spark://127.0.0.1:{self.port}"

    def script(self, *arguments: str) -> subprocess.Popen[str]:
        """Run scripts/cluster with nothing on the path but the system's own programs, and Java where it is."""
        kept = {name: os.environ[name] for name in ("JAVA_HOME", "HOME") if name in os.environ}
        environment = {"PATH": "/usr/bin:/bin", "LAKEHOUSE_CLUSTER": str(self.folder), "MASTER_PORT": str(self.port)}
        return subprocess.Popen(
            [ROOT / "scripts" / "cluster", *arguments], cwd=ROOT, env={**kept, **environment}, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip

    def told(self, *arguments: str, exit_code: int = 0) -> str:
        """What the script prints."""
        script = self.script(*arguments)
        printed, _ = script.communicate(timeout=600)
        assert script.returncode == exit_code, printed
        return printed

    def refresh(self, home: Path, *selected: str) -> subprocess.Popen[str]:
        select = [argument for name in selected for argument in ("--select", name)]
        settings = ("--set", f"spark.master={self.master}", "--set", "spark.settings.spark.executor.memory=1g")
        where = ("--conf-file", "conf/cluster.yaml", "--landing", str(SAMPLE), "--home", str(home))
        return self.script("submit", "jobs/refresh.py", *where, *settings, *select)

    def process(self, name: str) -> int:
        return int((self.folder / f"{name}.pid").read_text())

    def processes(self) -> list[int]:
        """Master, workers and all that they started."""
        own = [self.process(name) for name in NAMES]
        return [*own, *(child for pid in own for child in children_of(pid))]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    started = Cluster(tmp_path_factory.mktemp("cluster"), free_port())
    try:
        assert started.master in started.told("start")
        yield started
    finally:
        started.told("stop")


def assert_same_rows(spark: SparkSession, cluster_home: Path, local_home: Path, *selected: str) -> None:
    """The tables of the one home are, row for row, what a refresh in one process makes in the other."""
    conf = config.load(LOCAL_CONF, home=str(local_home), landing=str(SAMPLE))
    lake = Lake(conf, spark, Storage(spark, conf.tables_path), catalog.load())
    outcomes = lake.refresh(selected)
    assert [(o.table, o.details) for o in outcomes if o.mode in ("failed", "blocked")] == []
    of_cluster = Storage(spark, f"{cluster_home}/tables")
    for table in lake.catalog.select(selected):
        rows, expected = of_cluster.read(table), lake.storage.read(table)
        assert sorted(map(repr, rows.collect())) == sorted(map(repr, expected.collect())), table.full_name()


@pytest.mark.slow
def test_makes_the_same_rows_though_a_worker_dies(cluster: Cluster, spark: SparkSession, tmp_path: Path) -> None:
    selected = ("+silver.visit_occurrence", "bronze.pde")
    job = cluster.refresh(tmp_path / "cluster", *selected)
    assert job.stdout is not None
    first = next((line for line in job.stdout if " rows=" in line), "")
    worker = cluster.process("worker-1")
    executors = children_of(worker)
    assert executors, first
    assert job.poll() is None
    for pid in (worker, *executors):
        os.kill(pid, signal.SIGKILL)
    printed = first + job.communicate(timeout=600)[0]
    assert job.returncode == 0, printed
    assert_same_rows(spark, tmp_path / "cluster", tmp_path / "local", *selected)


def test_tells_what_runs_and_starts_what_does_not(cluster: Cluster) -> None:
    os.kill(cluster.process("worker-2"), signal.SIGKILL)
    assert "worker-2 does not run" in cluster.told("status")
    master = cluster.process("master")
    cluster.told("start")
    assert f"master runs as process {master}" in cluster.told("status")
    assert "does not run" not in cluster.told("status")
    assert "already running" in cluster.told("start")


@pytest.mark.slow
def test_executors_take_the_package_that_the_job_ships(cluster: Cluster, tmp_path: Path) -> None:
    probe = tmp_path / "probe.py"
    probe.write_text(PROBE)
    printed = cluster.told("submit", str(probe), cluster.master).splitlines()
    [imported] = [line for line in printed if line.endswith("/lakehouse/__init__.py")]
    assert imported.startswith(f"{cluster.folder}/worker-")
    assert imported.endswith("/lakehouse.zip/lakehouse/__init__.py")


def test_refuses_a_taken_port_and_leaves_nothing_behind(cluster: Cluster, tmp_path: Path) -> None:
    second = Cluster(tmp_path / "second", cluster.port)
    assert "the master did not come up" in second.told("start", exit_code=1)
    assert list(second.folder.glob("*.pid")) == []


def test_says_how_it_is_used(tmp_path: Path) -> None:
    for wrong in ((), ("begin",)):
        assert "Usage: scripts/cluster start | stop | status" in Cluster(tmp_path, 1).told(*wrong, exit_code=2)


@pytest.mark.slow
def test_makes_the_same_rows_of_every_table(cluster: Cluster, spark: SparkSession, tmp_path: Path) -> None:
    job = cluster.refresh(tmp_path / "cluster")
    printed, _ = job.communicate(timeout=1800)
    assert job.returncode == 0, printed
    assert_same_rows(spark, tmp_path / "cluster", tmp_path / "local")


def test_stops_every_process(cluster: Cluster) -> None:
    processes = cluster.processes()
    cluster.told("stop")
    assert [pid for pid in processes if is_alive(pid)] == []
    assert "runs as" not in cluster.told("status")
