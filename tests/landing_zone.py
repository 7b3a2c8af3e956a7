"""Files that a test lands, by the real way."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pyspark.sql import SparkSession

from lakehouse.bronze import landing
from lakehouse.storage import Storage
from tests.conftest import BUCKETS


def taken(spark: SparkSession, home: Path, files: Mapping[str, bytes | str]) -> Storage:
    """The tables of a home, with the lines of these files, which are named by their paths in the landing zone."""
    for name, content in files.items():
        file = home / "landing" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
    storage = Storage(spark, f"{home}/tables")
    landing.take(storage, f"{home}/landing", f"{home}/checkpoint", BUCKETS)
    return storage
