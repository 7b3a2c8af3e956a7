"""Measure who is who against the truth of a generated population: by size, with its slope, and with doubled noise."""

from __future__ import annotations

import argparse
import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

from benchmark_silver import slope
from benchmark_use import run_watched

ROOT = Path(__file__).resolve().parent.parent
LAKEHOUSE = ROOT / ".venv" / "bin" / "lakehouse"
RECORD_NUMBERS = "urn:oid:2.16.840.1.113883.19.5"
SAYS_WHO = ("Patient.", "Coverage.", "beneficiary")
JUDGED = ("vault.registration", "vault.registration_pair", "vault.registration_group", "vault.master_person_index")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options of this measurement."""
    parser.add_argument(
        "--registered", type=int, nargs="+", default=[2_000, 8_000], metavar="N", help="people, for identity"
    )


def identity(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Precision and recall over pairs of registrations, and the time of the tables that make persons of them."""
    found: dict[str, Any] = {}
    seconds: dict[int, float] = {}
    sizes = sorted(options.registered)
    for people in sizes:
        told = _measured(folder / f"identity-{people}", people)
        seconds[people], found[f"{people:,} people"] = told["seconds"], told
    found["doubled noise"] = _measured(folder / "identity-noise", sizes[0], "synthetic.planted.identity_noise=2")
    if len(sizes) > 1:
        found["slope_of_the_time"] = slope(sizes[0], seconds[sizes[0]], sizes[-1], seconds[sizes[-1]])
    return found


def _measured(home: Path, people: int, *settings: str) -> dict[str, Any]:
    said = [word for setting in settings for word in ("--set", setting)]
    run_watched([LAKEHOUSE, "generate", "--people", people, "--genotyped", "0", "--home", home, *said])
    _keep_what_says_who(home / "landing")
    run_watched([LAKEHOUSE, "refresh", "--select", "bronze", "--home", home])
    told, use = run_watched([LAKEHOUSE, "refresh", "--json", "--select", "vault", "--home", home])
    tables = {outcome["table"]: outcome["seconds"] for outcome in json.loads(told)}
    scores = _scores(home)
    shutil.rmtree(home)
    took = {table: round(tables[table], 1) for table in JUDGED}
    return {"seconds": round(sum(took.values()), 1), **took, "peak_mb": use.peak_mb, **scores}


def _keep_what_says_who(landing: Path) -> None:
    """Leave of the landing zone what vault.registration reads: the rest takes most of the time to take in."""
    for file in landing.rglob("*"):
        if file.is_file() and not file.name.startswith(SAYS_WHO):
            file.unlink()


def _scores(home: Path) -> dict[str, Any]:
    """Of the pairs of registrations that were made one person, and of those that are: how many are both."""
    found, true, both = Counter[Any](), Counter[Any](), Counter[Any]()
    for person, truth in _persons(home):
        found[person] += 1
        true[truth] += 1
        both[person, truth] += 1
    pairs, right, of_one = (sum(n * (n - 1) // 2 for n in counted.values()) for counted in (found, both, true))
    return {
        "registrations": sum(found.values()), "persons": len(found), "true_persons": len(true),
        "precision": round(right / pairs, 5), "recall": round(right / of_one, 5),
        "false_pairs": pairs - right, "missed_pairs": of_one - right,
    }  # fmt: skip


def _persons(home: Path) -> list[tuple[int, int]]:
    """For each registration the person that it became, and the one that it is."""
    from lakehouse import config, session
    from lakehouse.bronze.ehr.patient import Patient
    from lakehouse.storage import Storage
    from lakehouse.vault.master_person_index import MasterPersonIndex

    conf = config.load(ROOT / "conf" / "local.yaml", home=str(home))
    spark = session.start(conf, name="benchmark")
    try:
        storage = Storage(spark, conf.tables_path)
        truth = spark.read.parquet(f"{conf.truth_path}/true_identity").filter("world != 'laboratory'")
        number = f"get(filter(identifier, i -> i.system = '{RECORD_NUMBERS}'), 0).value as number"
        numbers = storage.read(Patient).selectExpr("patient_id as source_id", number).distinct()
        index = storage.read(MasterPersonIndex).join(numbers, "source_id", "left")
        known_as = index.selectExpr("coalesce(number, source_id) as source_id", "person_id")
        rows = known_as.join(truth.select("source_id", "person"), "source_id").collect()
        return [(row.person_id, row.person) for row in rows]
    finally:
        spark.stop()
