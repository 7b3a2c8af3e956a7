"""What a process and all that it started use, as seen twice a second."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_SAMPLE_SECONDS = 0.5
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 2**20


@dataclass
class Use:
    """CPU, the memory of all processes together, and that of the largest Python worker of Spark, at their peaks."""

    cpu_seconds: float = 0.0
    peak_mb: int = 0
    worker_mb: int = 0
    _ticks: dict[int, int] = field(default_factory=dict)

    def look(self, root: int) -> None:
        """Add what the processes have used until now."""
        memory_mb = 0.0
        for pid in _family(root):
            try:
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                is_worker = b"pyspark.daemon" in Path(f"/proc/{pid}/cmdline").read_bytes()
            except OSError:
                continue  # it has ended
            self._ticks[pid] = int(fields[11]) + int(fields[12])
            memory_mb += int(fields[21]) * _PAGE_MB
            if is_worker:
                self.worker_mb = max(self.worker_mb, round(int(fields[21]) * _PAGE_MB))
        self.peak_mb = max(self.peak_mb, round(memory_mb))
        self.cpu_seconds = sum(self._ticks.values()) / _TICKS


@contextmanager
def watching(root: int) -> Iterator[Use]:
    """Watch a process while the block runs; what it used before is not counted."""
    use, ended = Use(), threading.Event()
    use.look(root)
    before = use.cpu_seconds

    def watch() -> None:
        while not ended.wait(_SAMPLE_SECONDS):
            use.look(root)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield use
    finally:
        ended.set()
        watcher.join()
        use.cpu_seconds -= before


def run_watched(command: list[Any]) -> tuple[str, Use]:
    """What a command prints, and what it used. Raises CalledProcessError where it fails."""
    with (
        subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, text=True) as process,
        watching(process.pid) as use,
    ):
        told, _ = process.communicate()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return told, use


def _family(root: int) -> list[int]:
    """A process and all that descend from it."""
    parents: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            parents.setdefault(parent, []).append(int(folder.name))
    found = [root]
    for pid in found:
        found.extend(parents.get(pid, []))
    return found
