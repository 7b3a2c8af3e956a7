"""Measure the making of a synthetic population: how fast, in how much memory, and beside Synthea."""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark_use import Use, run_watched

LAKEHOUSE = Path(__file__).resolve().parent.parent / ".venv" / "bin" / "lakehouse"
FEW = 2_000
SYNTHEA_PEOPLE = 50


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options of this measurement."""
    parser.add_argument("--people", type=int, default=10_000, metavar="N", help="size of the generated population")
    parser.add_argument(
        "--synthea-jar", type=Path, metavar="PATH", help="org.mitre.synthea:synthea:3.2.0:all, to compare"
    )


def generate(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Populations of 2,000 and of N people on one core, and of N on two, without genomes; then Synthea, if named."""
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
        "--genotyped",
        "0",
        "--home",
        home,
        "--set",
        f"spark.master=local[{cores}]",
    ]
    told, use = run_watched(command)
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
    _, use = run_watched(command)
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
