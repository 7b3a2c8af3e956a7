"""One refresh at a time: Delta on a plain disk is not safe for two writing processes.

On a local disk the lease is a lock that the operating system takes back when its holder dies. Elsewhere
it is a file that only one can create, kept alive by a heartbeat and taken over when that stops.
"""

from __future__ import annotations

import fcntl
import os
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from py4j.protocol import Py4JError, Py4JJavaError
from pyspark.sql import SparkSession

from lakehouse.errors import LakehouseError
from lakehouse.hadoop import HadoopPath

_HEARTBEAT_SECONDS = 20
_DEAD_AFTER_SECONDS = 120


class _Lease(Protocol):
    def acquire(self) -> bool: ...
    def holder(self) -> str: ...
    def release(self) -> None: ...


@contextmanager
def hold(spark: SparkSession, home: str, wait_seconds: float = 0) -> Iterator[None]:
    """Hold the lease of a home. Raises LakehouseError, with the holder's name, where another refresh has it."""
    local = home.removeprefix("file://")
    lease: _Lease = _LockedFile(Path(local)) if "://" not in local else _KeptFile(spark, home)
    deadline = time.monotonic() + wait_seconds
    while not lease.acquire():
        if time.monotonic() >= deadline:
            raise LakehouseError(
                f"another refresh is running on {home} ({lease.holder()}): "
                "wait for it, or let this one wait with --wait SECONDS"
            )
        time.sleep(0.5)
    try:
        yield
    finally:
        lease.release()


def _me() -> str:
    return f"process {os.getpid()} on {socket.gethostname()} since {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _cannot_write(home: str, why: str) -> LakehouseError:
    return LakehouseError(f"cannot write to the home {home}: {why}; make it writable or name another with --home")


class _LockedFile:
    def __init__(self, home: Path) -> None:
        try:
            home.mkdir(parents=True, exist_ok=True)
            self._path = home / "refresh.lock"
            self._file = self._path.open("a+", encoding="utf-8")
        except OSError as error:
            raise _cannot_write(str(home), str(error.strerror)) from None

    def acquire(self) -> bool:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        self._file.truncate(0)
        self._file.write(_me())
        self._file.flush()
        return True

    def holder(self) -> str:
        return self._path.read_text(encoding="utf-8")

    def release(self) -> None:
        self._file.close()


class _KeptFile:
    def __init__(self, spark: SparkSession, home: str) -> None:
        self._home, self._me = home, _me()
        self._file = HadoopPath(spark, f"{home}/refresh.lease")
        self._path, self._files = self._file.java, self._file.file_system
        self._done = threading.Event()
        self._heart = threading.Thread(target=self._beat, daemon=True)

    def acquire(self) -> bool:
        if self._is_dead():
            # Of several that see a dead holder only one can rename its file away.
            self._files.rename(self._path, self._path.suffix(f".dead-{uuid.uuid4().hex}"))
        try:
            self._write(overwrite=False)
        except Py4JJavaError as error:
            why = str(error.java_exception.toString())
            released_just_now = "AlreadyExists" in why and "refresh.lease" in why
            if released_just_now or self._files.exists(self._path):
                return False
            raise _cannot_write(self._home, why.splitlines()[0]) from None
        self._heart.start()
        return True

    def holder(self) -> str:
        try:
            return self._file.text()
        except Py4JJavaError:
            return "which has just ended"

    def release(self) -> None:
        self._done.set()
        self._heart.join()
        if self.holder() == self._me:  # and not of another that took this one for dead
            self._files.delete(self._path, False)

    def _is_dead(self) -> bool:
        try:
            age = time.time() - self._files.getFileStatus(self._path).getModificationTime() / 1000
        except Py4JJavaError:
            return False
        return bool(age > _DEAD_AFTER_SECONDS)

    def _write(self, overwrite: bool) -> None:
        stream = self._files.create(self._path, overwrite)
        try:
            stream.write(self._me.encode())
        finally:
            stream.close()

    def _beat(self) -> None:
        while not self._done.wait(_HEARTBEAT_SECONDS):
            with suppress(Py4JError):  # a beat that is missed is made up by the next
                self._write(overwrite=True)
