"""One refresh at a time, on a local disk and where there are no locks."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.errors import LakehouseError
from lakehouse.refresh import lease

Lease = lease._LockedFile | lease._KeptFile


@pytest.fixture(params=["local", "remote"])
def another(request: pytest.FixtureRequest, spark: SparkSession, tmp_path: Path) -> Callable[[], Lease]:
    """Makes one more lease of the same home."""
    if request.param == "local":
        return lambda: lease._LockedFile(tmp_path)
    return lambda: lease._KeptFile(spark, f"file://{tmp_path}")


def test_one_holds_it_until_it_is_released(another: Callable[[], Lease]) -> None:
    first, second = another(), another()
    assert first.acquire()
    assert not second.acquire()
    assert second.holder().startswith(f"process {os.getpid()} on ")
    first.release()
    assert second.acquire()
    second.release()


def test_it_is_kept_alive_and_taken_over_when_its_holder_is_dead(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "_HEARTBEAT_SECONDS", 0.2)
    file, first, second = tmp_path / "refresh.lease", *(lease._KeptFile(spark, f"file://{tmp_path}") for _ in "ab")
    assert first.acquire()
    os.utime(file, (0, 0))
    time.sleep(2)
    assert not second.acquire()
    first._done.set()
    first._heart.join()
    os.utime(file, (0, 0))
    assert second.acquire()
    first._me = "dead"  # else the two are one process in one second
    first.release()
    assert file.exists()
    second.release()
    assert not file.exists()


def test_a_home_that_cannot_be_written_is_named(another: Callable[[], Lease], tmp_path: Path) -> None:
    tmp_path.rmdir()
    tmp_path.touch()
    with pytest.raises(LakehouseError, match=rf"cannot write to the home .*{tmp_path}: .*; make it writable"):
        another().acquire()
    tmp_path.unlink()
