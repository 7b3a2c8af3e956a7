from __future__ import annotations

import gc
import subprocess
import sys
from pathlib import Path

import pytest
from py4j.protocol import Py4JJavaError
from pyspark.errors import AnalysisException
from pyspark.sql import SparkSession

from lakehouse import config, session
from lakehouse.errors import UsageError
from lakehouse.session import start_hail
from lakehouse.storage import Record, Storage
from tests.refresh import toy
from tests.support import rows_of

WHILE_HAIL_STARTS = """
import sys, threading
from pathlib import Path
from pyspark.errors import AnalysisException
from lakehouse import config, session

spark = session.start(config.load(Path("conf/local.yaml"), [f"spark.settings.spark.sql.warehouse.dir={sys.argv[1]}"]))
starting = threading.Thread(target=session.start_hail, args=(spark,))
starting.start()
expected = 0
while starting.is_alive():
    try:
        spark.sql("select no_such_column")
    except AnalysisException:
        expected += 1
print("expected", expected)
"""


def test_a_setting_that_tables_need_otherwise_is_refused() -> None:
    conf = config.load(Path("conf/local.yaml"), ["spark.settings.spark.sql.session.timeZone=Europe/Berlin"])
    with pytest.raises(UsageError, match=r"spark\.sql\.session\.timeZone cannot be set: .* UTC"):
        session.start(conf)


def test_what_is_written_is_private_to_its_owner(spark: SparkSession, tmp_path: Path) -> None:
    storage = Storage(spark, f"{tmp_path}/home/tables")
    storage.replace(toy.Total, rows_of(spark, toy.Total, {"persons": 1, "cost": 2}), Record("", {}, "full"))
    written = [tmp_path / "home", *(tmp_path / "home").rglob("*")]
    assert [str(path) for path in written if path.stat().st_mode & 0o077] == []
    assert any(path.suffix == ".parquet" for path in written)


def test_spark_raises_its_own_exceptions_when_hail_runs(spark: SparkSession) -> None:
    start_hail(spark)
    with pytest.raises(AnalysisException):
        spark.sql("select no_such_column")
    with pytest.raises(Py4JJavaError):
        spark._jvm.java.io.FileInputStream("/no/such/file")  # type: ignore[union-attr]


def test_what_python_collects_of_hail_waits_until_the_jvm_can_be_told(spark: SparkSession) -> None:
    import hail as hl

    start_hail(spark)
    table = hl.Table.from_spark(spark.range(3))
    number = table._tir._id
    del table
    gc.collect()
    assert number in session._let_go
    start_hail(spark)
    assert number not in session._let_go


def test_spark_raises_its_own_exceptions_while_hail_starts_in_another_thread(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    warehouse = tmp_path_factory.mktemp("warehouse")
    ended = subprocess.run(
        [sys.executable, "-c", WHILE_HAIL_STARTS, warehouse], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    assert int(ended.stdout.split("expected ")[1]) > 0
