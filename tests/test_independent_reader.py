"""The tables are open: another implementation of Delta, which shares no code with Spark, reads the same."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow  # type: ignore[import-untyped]
import pytest
from deltalake import DeltaTable, QueryBuilder
from pyspark.sql import SparkSession

from lakehouse.buckets import Buckets, bucket
from lakehouse.contract import Column, LandedTable, Table
from lakehouse.refresh.fingerprint import fingerprint
from lakehouse.storage import Record, Storage
from tests.refresh import toy
from tests.refresh.test_refresh import NAMES, Lab
from tests.support import rows_of


class EveryType(LandedTable):
    """One column of each type that tables use."""

    layer = "gold"
    grain = "one row per id"
    key = ("id",)

    id = Column("bigint", "which row")
    text = Column("string", "a text")
    number = Column("int", "a number")
    ratio = Column("double", "a ratio")
    amount = Column("decimal(12,2)", "an amount", unit="USD")
    is_so = Column("boolean", "whether it is so")
    day = Column("date", "a day")
    moment = Column("timestamp", "a moment")
    texts = Column("array<string>", "texts")
    coded = Column("struct<coding: array<struct<system: string, code: string>>, text: string>", "a coded text")


def read(storage: Storage, table: type[Table]) -> list[dict[str, Any]]:
    """What the other reader finds, in the order of the first column."""
    other = DeltaTable(storage.path(table))
    query = f"select * from rows order by {next(iter(table.declared))}"
    rows: list[dict[str, Any]] = pyarrow.table(QueryBuilder().register("rows", other).execute(query)).to_pylist()
    return rows


@pytest.fixture(scope="module")
def refreshed(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """A home in which one of many visits was corrected after the first refresh."""
    lab = Lab(spark, tmp_path_factory.mktemp("refreshed"))
    lab.land(toy.Name, NAMES)
    lab.land(toy.Visit, [(number, 1, "abc"[number % 3], number) for number in range(60)])
    lab.refresh()
    lab.land(toy.Visit, [(7, 2, "b", 77)])
    lab.refresh()
    return lab


@pytest.mark.parametrize("table", [toy.LatestVisit, toy.PersonVisit, toy.PersonCost], ids=lambda t: t.__name__)
def test_reads_the_same_rows_after_a_replacement_of_some(refreshed: Lab, table: type[Table]) -> None:
    expected = [row.asDict() for row in refreshed.storage.read(table).collect()]
    assert sorted(read(refreshed.storage, table), key=str) == sorted(expected, key=str)


def test_the_replacement_left_the_files_in_place_with_a_deletion_vector(refreshed: Lab) -> None:
    log = Path(refreshed.storage.path(toy.PersonVisit)) / "_delta_log" / f"{1:020}.json"
    actions = [json.loads(line) for line in log.read_text().splitlines()]
    assert any(action["add"].get("deletionVector") for action in actions if "add" in action)


def test_reads_every_type_and_null(spark: SparkSession, tmp_path: Path) -> None:
    storage = Storage(spark, str(tmp_path))
    full = {
        "id": 1, "text": "naïve ☕", "number": -7, "ratio": 0.1, "amount": Decimal("-12.30"), "is_so": False,
        "day": date(1582, 10, 4), "moment": datetime(2026, 1, 1, 12, 30, 15, 250, tzinfo=UTC), "texts": ["a", None],
        "coded": {"coding": [{"system": "s", "code": None}], "text": "t"},
    }  # fmt: skip
    storage.replace(EveryType, rows_of(spark, EveryType, full, {"id": 2}), Record("", {}, "full"))
    assert read(storage, EveryType) == [full, {**dict.fromkeys(EveryType.declared), "id": 2}]


@pytest.mark.parametrize("table", [toy.Visit, toy.LatestVisit, toy.Total])
def test_columns_carry_what_they_mean(refreshed: Lab, table: type[Table]) -> None:
    fields = DeltaTable(refreshed.storage.path(table)).schema().fields
    said = {field.name: field.metadata.get("comment") for field in fields}
    assert said == {name: column.description for name, column in table.declared.items()}


def test_the_history_says_what_each_commit_was_made_from(refreshed: Lab) -> None:
    last, first = (
        json.loads(commit["userMetadata"])["lakehouse"]
        for commit in DeltaTable(refreshed.storage.path(toy.PersonVisit)).history()
    )
    assert (first["mode"], last["mode"]) == ("full", "incremental")
    assert first["inputs"] == {"silver.latest_visit": 0, "silver.link": 0}
    assert last["inputs"] == {"silver.latest_visit": 1, "silver.link": 0}
    assert first["fingerprint"] == last["fingerprint"] == fingerprint(toy.PersonVisit)
    assert (first["rows"], last["rows"]) == (60, 60)
    assert first["touched"] is None
    corrected = refreshed.storage.read(toy.PersonVisit).filter("visit_id = 7").select(bucket("person_id", 65_536))
    assert Buckets.decode(last["touched"]) == Buckets.of([row[0] for row in corrected.collect()], 65_536)
