"""The `lakehouse` command as processes that can be watched, stopped and killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

_SECONDS_AT_MOST = 400


@contextmanager
def started(folder: Path, *arguments: str | Path) -> Iterator[Command]:
    """The command, running; nothing of it is left afterwards."""
    command = Command(folder, *arguments)
    try:
        yield command
    finally:
        command.kill()


class Command:
    """One process of the command, and the Java that it starts: a group of their own."""

    def __init__(self, folder: Path, *arguments: str | Path) -> None:
        self._told = folder / f"{time.monotonic_ns()}.out"
        with self._told.open("w") as out, self._told.with_suffix(".err").open("w") as err:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "lakehouse.cli", *map(str, arguments)],
                stdout=out, stderr=err, start_new_session=True,
            )  # fmt: skip
        self.pid = self._process.pid

    def wait(self) -> int:
        """Its exit code."""
        return self._process.wait(_SECONDS_AT_MOST)

    def wait_until(self, condition: Callable[[], bool]) -> bool:
        """Wait for something to be so while it runs; False where it ended before."""
        deadline = time.monotonic() + _SECONDS_AT_MOST
        while not condition():
            if self._process.poll() is not None:
                return False
            assert time.monotonic() < deadline, self.complaint
            time.sleep(0.01)
        return True

    def send(self, number: signal.Signals) -> None:
        """Send a signal to all of its processes."""
        os.killpg(self.pid, number)

    def kill(self) -> None:
        """Kill all of its processes, and wait until they are gone."""
        with suppress(ProcessLookupError):
            self.send(signal.SIGKILL)
            self._process.wait(60)
            while True:
                os.killpg(self.pid, 0)
                time.sleep(0.01)

    def has_open(self, path: Path) -> bool:
        """Whether it has that file open."""
        with suppress(OSError):
            return any(link.resolve() == path for link in Path(f"/proc/{self.pid}/fd").iterdir())
        return False

    @property
    def told(self) -> Any:
        """What it printed, as JSON."""
        return json.loads(self._told.read_text())

    @property
    def complaint(self) -> str:
        """What it printed as errors."""
        return self._told.with_suffix(".err").read_text()
