"""Who a registration was before."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.person_history import PersonHistory, remember
from lakehouse.storage import Record, Storage
from lakehouse.vault.master_person_index import MasterPersonIndex
from tests.support import rows_of

Changes = set[tuple[str, int | None, int]]


@pytest.fixture
def places(spark: SparkSession, tmp_path: Path) -> tuple[Storage, Storage]:
    return Storage(spark, f"{tmp_path}/audit"), Storage(spark, f"{tmp_path}/tables")


def write(tables: Storage, **persons: int) -> None:
    rows = [{"source": "ehr", "source_id": name, "person_id": person} for name, person in persons.items()]
    tables.replace(MasterPersonIndex, rows_of(tables.spark, MasterPersonIndex, *rows), Record("", {}, "full"))


def changes(history: Storage) -> Changes:
    return {(row.source_id, row.person_id, row.change) for row in history.read(PersonHistory).collect()}


def test_each_change_of_a_person_is_one_row(places: tuple[Storage, Storage]) -> None:
    history, tables = places
    remember(history, tables)
    assert changes(history) == set()
    write(tables, a=1, b=2, c=3)
    remember(history, tables)
    first: Changes = {("a", 1, 1), ("b", 2, 1), ("c", 3, 1)}
    assert changes(history) == first
    write(tables, a=1, b=1, d=4)  # b is a, c went, d came
    remember(history, tables)
    second: Changes = {*first, ("b", 1, 2), ("c", None, 2), ("d", 4, 2)}
    assert changes(history) == second
    write(tables, a=1, b=2, d=4)
    remember(history, tables)
    assert changes(history) == {*second, ("b", 2, 3)}


def test_what_was_looked_at_is_not_looked_at_again(places: tuple[Storage, Storage]) -> None:
    history, tables = places
    write(tables, a=1)
    remember(history, tables)
    version = history.newest_version(PersonHistory)
    remember(history, tables)
    tables.carry(MasterPersonIndex, Record("", {}, "carried", rows_version=0))
    remember(history, tables)
    assert history.newest_version(PersonHistory) == version


def test_an_index_that_is_made_anew_goes_on_with_the_history(places: tuple[Storage, Storage], tmp_path: Path) -> None:
    history, tables = places
    write(tables, a=1, b=2)
    remember(history, tables)
    anew = Storage(tables.spark, f"{tmp_path}/anew")
    write(anew, a=1, b=3)
    remember(history, anew)
    assert changes(history) == {("a", 1, 1), ("b", 2, 1), ("b", 3, 2)}
