"""Measure: the first run from a fresh copy, a refresh with nothing new, a keyed replace against a full rewrite,
the making of a synthetic population and of its genomes, the way of its records and claims to silver, and who is who.

Nothing is asserted. Everything is made in a temporary folder, and removed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import benchmark_generate
import benchmark_genomes
import benchmark_identity
import benchmark_silver
from rich.console import Console
from rich.table import Table as Grid

ROOT = Path(__file__).resolve().parent.parent
LAKEHOUSE = ROOT / ".venv" / "bin" / "lakehouse"
PHASES = ("bronze", "vault", "silver", "gold")


def main() -> None:
    """Run the measurements that were asked for, and print them."""
    parser = argparse.ArgumentParser(prog="scripts/benchmark", description=__doc__)
    parser.add_argument("--only", choices=MEASUREMENTS, nargs="+", default=list(MEASUREMENTS), help="default: all")
    parser.add_argument("--repeat", type=int, default=5, metavar="N", help="times each is repeated, the first run not")
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of the generated table")
    parser.add_argument("--landing", type=Path, default=ROOT / "tests" / "sample", metavar="DIR")
    benchmark_generate.add_options(parser)
    benchmark_genomes.add_options(parser)
    benchmark_silver.add_options(parser)
    benchmark_identity.add_options(parser)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results here too")
    options = parser.parse_args()
    found: dict[str, Any] = {"machine": machine()}
    with tempfile.TemporaryDirectory(prefix="lakehouse-benchmark-") as folder:
        for name in options.only:
            print(f"measuring: {name}", file=sys.stderr)
            found[name] = MEASUREMENTS[name](options, Path(folder))
    for name, results in found.items():
        show(name, results)
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n")


def machine() -> dict[str, Any]:
    """What it was measured on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = {package: version(package) for package in ("pyspark", "delta-spark", "hail", "mlflow")}
    return {
        "cores": os.cpu_count(), "load": round(os.getloadavg()[0], 2), "memory_gb": round(memory, 1),
        "python": platform.python_version(), **versions,
    }  # fmt: skip


def first_run(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """scripts/run from a fresh copy, its packages downloaded anew: the set-up, and the main job after it."""
    clone = folder / "clone"
    subprocess.run(["git", "clone", "--quiet", ROOT, clone], check=True)
    fresh = {**os.environ, "UV_CACHE_DIR": str(folder / "uv"), "PIP_NO_CACHE_DIR": "1"}
    setup = seconds([clone / "scripts" / "setup"], fresh)
    job = seconds([clone / "scripts" / "run", "--landing", options.landing, "--home", folder / "first"], fresh)
    shutil.rmtree(clone)
    shutil.rmtree(folder / "uv", ignore_errors=True)
    return {"setup_seconds": setup, "main_job_seconds": job}


def nothing_new(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """The whole command on tables that are up to date, after a first refresh that is told by table."""
    command = [LAKEHOUSE, "refresh", "--landing", options.landing, "--home", folder / "home"]
    first = subprocess.run([*command, "--json"], check=True, stdout=subprocess.PIPE, text=True)
    tables = {o["table"]: round(o["seconds"], 2) for o in json.loads(first.stdout)}
    phases = {p: round(sum(s for t, s in tables.items() if t.startswith(p)), 2) for p in PHASES}
    spread = summary([seconds(command) for _ in range(options.repeat)])
    slowest = dict(sorted(tables.items(), key=lambda item: -item[1]))
    return {"nothing_new_seconds": spread, "first_refresh_phase_seconds": phases, "first_refresh_seconds": slowest}


def keyed_replace(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """A replace of the rows of one key in a hundred against a rewrite of all rows, in turn."""
    from lakehouse import config, session
    from lakehouse.buckets import Buckets, bucket
    from lakehouse.contract import Column, Table
    from lakehouse.storage import Record, Storage

    class Event(Table):
        """Generated events, ten a person."""

        layer = "gold"
        grain = "one row per event"
        key = ("event_id",)
        scope = "person_id"

        event_id = Column("bigint", "the event")
        person_id = Column("bigint", "whose event")
        amount = Column("double", "an amount", unit="USD")
        text = Column("string", "a text")

        @staticmethod
        def build() -> Any:
            """Generated here, never refreshed."""

    spark = session.start(config.load(ROOT / "conf" / "local.yaml"), name="benchmark")
    try:
        storage, count, record = Storage(spark, str(folder / "tables")), 65_536, Record("", {}, "full")
        persons = max(1, options.rows // 10)

        def events(amount: float) -> Any:
            return spark.range(options.rows).selectExpr(
                "id as event_id", f"pmod(xxhash64(id), {persons}) as person_id",
                f"{amount}D as amount", "sha2(string(id), 256) as text",
            )  # fmt: skip

        storage.replace(Event, events(0), record)
        chosen = spark.range(0, persons, 100).withColumnRenamed("id", "person_id")
        changed = Buckets.of((row[0] for row in chosen.select(bucket("person_id", count)).collect()), count)
        where = changed.predicate("person_id")
        keyed, full = [], []
        for number in range(options.repeat + 1):
            started = time.monotonic()
            storage.replace(Event, events(number).filter(where), record, where)
            keyed.append(time.monotonic() - started)
            started = time.monotonic()
            storage.replace(Event, events(number), record)
            full.append(time.monotonic() - started)
    finally:
        spark.stop()
    keyed, full = keyed[1:], full[1:]  # the first round warms up
    ratios = [f / k for f, k in zip(full, keyed, strict=True)]
    return {
        "rows": options.rows, "changed_buckets": len(changed), "keyed_replace_seconds": summary(keyed),
        "full_rewrite_seconds": summary(full), "full_to_keyed_ratio": summary(ratios),
    }  # fmt: skip


MEASUREMENTS = {
    "first-run": first_run, "nothing-new": nothing_new, "keyed-replace": keyed_replace,
    "generate": benchmark_generate.generate, "genomes": benchmark_genomes.genomes,
    "silver": benchmark_silver.silver, "identity": benchmark_identity.identity,
}  # fmt: skip


def seconds(command: list[Any], environment: dict[str, str] | None = None) -> float:
    """How long the command takes, as a person waits for it. What it prints goes to standard error."""
    started = time.monotonic()
    subprocess.run(command, check=True, env=environment, stdout=sys.stderr)
    return round(time.monotonic() - started, 2)


def summary(values: list[float]) -> dict[str, float]:
    """The spread of repeated measurements."""
    told = {"min": min(values), "median": statistics.median(values), "max": max(values)}
    return {name: round(value, 2) for name, value in told.items()}


def show(name: str, results: dict[str, Any]) -> None:
    """Print one measurement as a table."""
    grid = Grid("", "", title=name, title_justify="left", show_header=False)
    for key, value in results.items():
        lines = [f"{k} {v}" for k, v in value.items()] if isinstance(value, dict) else [str(value)]
        grid.add_row(re.sub("_", " ", key), "\n".join(lines))
    Console().print(grid)


if __name__ == "__main__":
    main()
