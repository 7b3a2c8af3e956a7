"""A lakehouse that is opened: what its stages do together."""

from __future__ import annotations

import shutil
from pathlib import Path

from pyspark.sql import SparkSession

from lakehouse import catalog, config
from lakehouse.bronze.landed_file import LandedFile
from lakehouse.lake import Lake
from lakehouse.storage import Storage


def test_files_are_taken_again_where_the_tables_were_removed(spark: SparkSession, tmp_path: Path) -> None:
    conf = config.load(home=str(tmp_path))
    lake = Lake(conf, spark, Storage(spark, conf.tables_path), catalog.load())
    file = tmp_path / "landing" / "ehr" / "2026-01-01" / "Patient.ndjson"
    file.parent.mkdir(parents=True)
    file.write_text('{"resourceType": "Patient", "id": "a"}\n')
    for _ in range(2):
        lake.refresh(["landed_file"])
        assert lake.storage.read(LandedFile).count() == 1
        shutil.rmtree(conf.tables_path)
        spark._jvm.org.apache.spark.sql.delta.DeltaLog.clearCache()  # type: ignore[union-attr]
