"""Measure the making of a synthetic population: how fast, in how much memory, and beside Synthea."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LAKEHOUSE = Path(__file__).resolve().parent.parent / ".venv" / "bin" / "lakehouse"
FEW = 2_000
SYNTHEA_PEOPLE = 50
_SAMPLE_SECONDS = 0.5
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 2**20


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options of this measurement."""
    parser.add_argument("--people", type=int, default=10_000, metavar="N", help="size of the generated population")
    parser.add_argument(
        "--synthea-jar", type=Path, metavar="PATH", help="org.mitre.synthea:synthea:3.2.0:all, to compare"
    )


def generate(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Populations of 2,000 and of N people on one core, and of N on two; then Synthea, if its jar is named."""
    few, many, both = (
        _generated(folder, people, cores) for people, cores in ((FEW, 1), (options.people, 1), (options.people, 2))
    )
    more = options.people - FEW
    found: dict[str, Any] = {
        "people": options.people,
        "resources_a_person": round(many.resources / options.people),
        "claim_lines_a_person": round(many.claim_lines / options.people),
        "people_per_second": {
            "1 core": round(options.people / many.seconds, 1), "2 cores": round(options.people / both.seconds, 1)
        },
        "people_per_second_beyond_2000_on_1_core": round(more / (many.seconds - few.seconds), 1) if more > 0 else None,
        "people_per_cpu_second": round(options.people / many.use.cpu_seconds, 1),
        "resources_per_cpu_second": round(many.resources / many.use.cpu_seconds),
        "speed_of_2_cores_to_1": round(many.seconds / both.seconds, 2),
        "peak_mb_of_a_worker": {"2,000 people": few.use.worker_mb, f"{options.people:,} people": many.use.worker_mb},
    }  # fmt: skip
    if options.synthea_jar:
        found |= _synthea(options.synthea_jar, folder)
    return found


@dataclass
class Use:
    """What a process and all that it started used: CPU, and the memory of the largest Python worker of Spark."""

    cpu_seconds: float = 0.0
    worker_mb: int = 0
    _ticks: dict[int, int] = field(default_factory=dict)

    def look(self, root: int) -> None:
        """Add what the processes have used until now."""
        for pid in _family(root):
            try:
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                is_worker = b"pyspark.daemon" in Path(f"/proc/{pid}/cmdline").read_bytes()
            except OSError:
                continue  # it has ended
            self._ticks[pid] = int(fields[11]) + int(fields[12])
            if is_worker:
                self.worker_mb = max(self.worker_mb, round(int(fields[21]) * _PAGE_MB))
        self.cpu_seconds = sum(self._ticks.values()) / _TICKS


@dataclass(frozen=True)
class _Run:
    seconds: float
    resources: int
    claim_lines: int
    use: Use


def _generated(folder: Path, people: int, cores: int) -> _Run:
    home = folder / f"{people}-people-{cores}-cores"
    command = [
        LAKEHOUSE,
        "generate",
        "--json",
        "--people",
        str(people),
        "--home",
        home,
        "--set",
        f"spark.master=local[{cores}]",
    ]
    told, use = _watched(command)
    rows = json.loads(told)["rows"]
    count = {place: sum(n for name, n in rows.items() if name.startswith(place)) for place in ("ehr/", "claims/")}
    return _Run(json.loads(told)["seconds"], count["ehr/"], count["claims/"], use)


def _synthea(jar: Path, folder: Path) -> dict[str, Any]:
    """Synthea's bulk export of seven years, on as many cores as it takes; its start is part of its time."""
    output = folder / "synthea"
    command = [
        "java", "-jar", jar, "-p", str(SYNTHEA_PEOPLE), "-s", "7", "-cs", "7", "--exporter.baseDirectory", output,
        "--exporter.years_of_history", "7", "--exporter.fhir.bulk_data", "true",
        "--exporter.fhir.use_us_core_ig", "true", "Massachusetts",
    ]  # fmt: skip
    started = time.monotonic()
    _, use = _watched(command)
    seconds = time.monotonic() - started
    lines = {file.name: sum(1 for _ in file.open("rb")) for file in (output / "fhir").glob("*.ndjson")}
    people = lines["Patient.ndjson"]
    return {
        "synthea_people": people,
        "synthea_resources_a_person": round(sum(lines.values()) / people),
        "synthea_people_per_second": round(people / seconds, 2),
        "synthea_people_per_cpu_second": round(people / use.cpu_seconds, 2),
        "synthea_resources_per_cpu_second": round(sum(lines.values()) / use.cpu_seconds),
    }


def _watched(command: list[Any]) -> tuple[str, Use]:
    """What a command prints, and what it used, as seen twice a second."""
    use = Use()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=sys.stderr, text=True) as process:
        ended = threading.Event()

        def watch() -> None:
            while not ended.wait(_SAMPLE_SECONDS):
                use.look(process.pid)

        watcher = threading.Thread(target=watch)
        watcher.start()
        told, _ = process.communicate()
        ended.set()
        watcher.join()
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
