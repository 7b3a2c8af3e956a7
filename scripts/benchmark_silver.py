"""Measure the way from landing to silver: by size, with its slope, and for a delivery that touches few persons."""

from __future__ import annotations

import argparse
import gzip
import json
import math
import shutil
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmark_use import run_watched

ROOT = Path(__file__).resolve().parent.parent
LAKEHOUSE = ROOT / ".venv" / "bin" / "lakehouse"
LAYERS = ("bronze", "vault", "silver")
SLOWEST = 12
ERA_PEOPLE = 100_000
TOUCHED_PERCENT = 1
TOUCHED_RESOURCES = ("Encounter", "Condition", "Observation", "MedicationRequest", "Procedure")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options of this measurement."""
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 4_000], metavar="N", help="people, for silver")


def silver(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Bronze, vault and silver of populations without genomes, then a delivery for 1 person in 100 of the largest."""
    found: dict[str, Any] = {}
    by_size: dict[int, dict[str, float]] = {}
    for people in sorted(options.sizes):
        home = folder / f"silver-{people}"
        run_watched([LAKEHOUSE, "generate", "--people", people, "--genotyped", "0", "--home", home])
        seconds, tables, peak = _refreshed(home)
        by_size[people] = {"all": seconds, **tables}
        found[f"{people:,} people"] = {"seconds": seconds, "peak_mb": peak, **_slowest(tables)}
    if len(by_size) > 1:
        few, many = min(by_size), max(by_size)
        found["slope_of_the_time"] = {
            table: slope(few, by_size[few][table], many, by_size[many][table]) for table in ("all", *_slowest(tables))
        }
    lines = _deliver_again(home / "landing")
    touched, tables, _ = _refreshed(home)
    found["a delivery for 1 person in 100"] = {
        "lines": lines, "seconds": touched, "share_of_the_rebuild": round(touched / by_size[max(by_size)]["all"], 3),
        **_slowest(tables),
    }  # fmt: skip
    found["drug_era of many people"] = _drug_eras(home, max(by_size))  # last: its Java stays until the end
    shutil.rmtree(home)
    return found


def _refreshed(home: Path) -> tuple[float, dict[str, float], int]:
    """Seconds in all and by table, and the peak of the memory in MB."""
    started = time.monotonic()
    told, use = run_watched(
        [LAKEHOUSE, "refresh", "--json", "--home", home, *(f"--select={layer}" for layer in LAYERS)]
    )
    seconds = round(time.monotonic() - started, 1)
    return seconds, {outcome["table"]: round(outcome["seconds"], 1) for outcome in json.loads(told)}, use.peak_mb


def _drug_eras(home: Path, people: int) -> dict[str, Any]:
    """The eras of many people: the exposures of those of a home, as often as it takes, each time of other persons."""
    from pyspark.sql import functions as F

    from lakehouse import config, session
    from lakehouse.silver.clinical.drug_era import DrugEra
    from lakehouse.silver.clinical.drug_exposure import DrugExposure
    from lakehouse.silver.vocabulary.concept import Concept
    from lakehouse.silver.vocabulary.drug_strength import DrugStrength
    from lakehouse.storage import Record, Storage

    conf = config.load(ROOT / "conf" / "local.yaml", home=str(home))
    spark = session.start(conf, name="benchmark")
    try:
        few, many, record = Storage(spark, conf.tables_path), Storage(spark, f"{home}/many"), Record("", {}, "full")
        times = math.ceil(ERA_PEOPLE / people)
        copies = spark.range(times).withColumnRenamed("id", "copy")
        exposures = few.read(DrugExposure).crossJoin(copies)
        of_others = {name: F.xxhash64(name, "copy") for name in ("person_id", "drug_exposure_id")}
        many.replace(DrugExposure, exposures.withColumns(of_others).drop("copy"), record)
        started = time.monotonic()
        eras = DrugEra.build(many.read(DrugExposure), few.read(DrugStrength), few.read(Concept))
        many.replace(DrugEra, eras, record)
        seconds = time.monotonic() - started
        return {
            "people": people * times, "exposures": many.read(DrugExposure).count(), "eras": many.read(DrugEra).count(),
            "seconds": round(seconds, 1),
        }  # fmt: skip
    finally:
        spark.stop()


def _slowest(tables: dict[str, float]) -> dict[str, float]:
    return dict(sorted(tables.items(), key=lambda item: -item[1])[:SLOWEST])


def slope(few: int, fast: float, many: int, slow: float) -> float:
    """Of the line through both in a log-log plot: 1 where the time grows as the people do."""
    return round(math.log(slow / max(fast, 0.1)) / math.log(many / few), 2)


def _deliver_again(landing: Path) -> int:
    """Deliver resources of one patient in a hundred under new ids. Returns how many."""
    first, last = (sorted((landing / "ehr").iterdir())[i] for i in (0, -1))
    delivery = landing / "ehr" / f"{last.name}-again"
    delivery.mkdir()
    lines = 0
    for kind in TOUCHED_RESOURCES:
        with (delivery / f"{kind}.ndjson").open("w", encoding="utf-8") as again:
            for resource in _resources(first, kind):
                if zlib.crc32(resource["subject"]["reference"].encode()) % 100 < TOUCHED_PERCENT:
                    again.write(json.dumps({**resource, "id": f"{resource['id']}-again"}) + "\n")
                    lines += 1
    return lines


def _resources(delivery: Path, kind: str) -> Iterator[dict[str, Any]]:
    for file in sorted(delivery.rglob(f"*{kind}*.ndjson.gz")):
        with gzip.open(file, "rt", encoding="utf-8") as text:
            for line in text:
                try:
                    resource = json.loads(line)
                except ValueError:
                    continue  # a planted defect
                if resource.get("resourceType") == kind and "subject" in resource and "id" in resource:
                    yield resource
