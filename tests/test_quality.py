"""What rows promise, and how two states of a table differ."""

from __future__ import annotations

from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse import quality
from lakehouse.buckets import bucket
from lakehouse.contract import Column, LandedTable, expect, expect_or_drop, expect_or_fail

BUCKETS = 1_024
NESTED = "a struct<x: int, y: int>, b array<struct<z: string>>, c array<int>"


class Measured(LandedTable):
    """A table with an expectation of each strength."""

    layer = "bronze"
    grain = "one row per id"
    key = ("id",)
    scope = "person"

    id = Column("int", "the id")
    person = Column("string", "whose", required=True)
    value = Column("int", "what was measured")

    expectations = (
        expect("is small", "value < 10"),
        expect_or_drop("is positive", "value > 0"),
        expect_or_drop("is known", "value != 13"),
        expect_or_fail("is no millions", "value < 1000000"),
    )


def measured(spark: SparkSession, *rows: tuple[int | None, str | None, int | None]) -> DataFrame:
    return spark.createDataFrame(list(rows), Measured.ddl())


def hashes(spark: SparkSession, ddl: str, *rows: Any) -> list[int]:
    frame = spark.createDataFrame([(i, *row) for i, row in enumerate(rows)], f"i int, {ddl}")
    columns = frame.drop("i")
    found = frame.orderBy("i").select(quality.row_hash(columns.schema).alias("hash")).collect()
    return [row.hash for row in found]


@pytest.mark.parametrize(
    ("ddl", "one", "other"),
    [
        ("a int, b int", (1, None), (None, 1)),
        ("a int, b int", (None, None), (0, 0)),
        ("a string, b string", ("x", None), ("x", "")),
        ("a string, b string", ("xy", "z"), ("x", "yz")),
        (NESTED, ((1, None), [], [1]), ((None, 1), [], [1])),
        (NESTED, ((None, None), [], [1]), (None, [], [1])),
        (NESTED, ((1, 1), [("x",)], [1]), ((1, 1), [(None,)], [1])),
        (NESTED, ((1, 1), None, [1]), ((1, 1), [], [1])),
        (NESTED, ((1, 1), [None], [1]), ((1, 1), [], [1])),
        (NESTED, ((1, 1), [], [1, None]), ((1, 1), [], [None, 1])),
        (NESTED, ((1, 1), [], [1, 2]), ((1, 1), [], [2, 1])),
    ],
)
def test_different_rows_have_different_hashes(spark: SparkSession, ddl: str, one: Any, other: Any) -> None:
    first, second, again = hashes(spark, ddl, one, other, one)
    assert first != second
    assert first == again


def test_counts_drops_and_keeps(spark: SparkSession) -> None:
    rows = measured(spark, (1, "a", 1), (2, "a", 50), (3, "b", -1), (4, "b", 13), (5, "c", None))
    flagged = quality.flag(Measured, rows)
    assert sorted(row.id for row in quality.kept(flagged).collect()) == [1, 2, 5]
    assert quality.kept(flagged).columns == rows.columns
    refused = {row.id: row[quality.REASONS] for row in quality.dropped(flagged).collect()}
    assert refused == {3: ["is positive"], 4: ["is known"]}
    found = quality.examine(Measured, flagged, None, BUCKETS)
    assert (found.rows, found.dropped) == (3, 2)
    assert found.broken == {"is small": 2, "is positive": 1, "is known": 1}
    assert quality.failures(Measured, found) == []


def test_fails_on_nulls_repeated_keys_and_broken_promises(spark: SparkSession) -> None:
    rows = measured(spark, (1, "a", 1), (1, "a", 2), (None, "a", 1), (2, None, 1), (3, "a", 1_000_000))
    found = quality.examine(Measured, quality.flag(Measured, rows), None, BUCKETS)
    assert quality.failures(Measured, found) == [
        "1 rows break 'is no millions'",
        "1 rows break 'id is not null'",
        "1 rows break 'person is not null'",
        "the key id is not unique",
    ]


def test_which_key_is_repeated_is_told_where_it_identifies_nobody(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Measured, "layer", "gold")
    found = quality.examine(Measured, quality.flag(Measured, measured(spark, (7, "a", 1), (7, "a", 2))), None, BUCKETS)
    assert quality.failures(Measured, found) == ["the key id=7 is not unique"]


def test_a_dropped_row_fails_nothing(spark: SparkSession) -> None:
    rows = measured(spark, (1, None, -1), (1, "a", 1))
    found = quality.examine(Measured, quality.flag(Measured, rows), None, BUCKETS)
    assert quality.failures(Measured, found) == []


@pytest.mark.parametrize(
    ("new", "differing", "more"),
    [
        ([(1, "a", 1), (2, "b", 2), (3, "b", 3)], "", 0),
        ([(3, "b", 3), (1, "a", 1), (2, "b", 2)], "", 0),
        ([(1, "a", 1), (2, "b", 3), (3, "b", 2)], "b", 0),
        ([(1, "a", 1), (2, "b", 2)], "b", -1),
        ([(1, "a", 1), (2, "b", 2), (3, "b", 3), (4, "c", 4)], "c", 1),
        ([(1, "b", 1), (2, "b", 2), (3, "b", 3)], "ab", 0),
        ([(1, "a", None), (2, "b", 2), (3, "b", 3)], "a", 0),
        ([], "ab", -3),
    ],
    ids=["same", "other order", "swapped values", "gone", "new", "moved", "became null", "all gone"],
)
def test_finds_the_buckets_that_differ(
    spark: SparkSession, new: list[tuple[int, str, int | None]], differing: str, more: int
) -> None:
    old = measured(spark, (1, "a", 1), (2, "b", 2), (3, "b", 3))
    found = quality.examine(Measured, quality.flag(Measured, measured(spark, *new)), old, BUCKETS)
    of = spark.createDataFrame([(name,) for name in "abc"], "person string").withColumn("n", bucket("person", BUCKETS))
    numbers = {row.person: row.n for row in of.collect()}
    assert found.differing == {numbers[name] for name in differing}
    assert found.more == more


def test_rows_that_repeat_are_not_lost_in_the_comparison(spark: SparkSession) -> None:
    """Twice the same row has the same combination of bits as none."""
    old = measured(spark, (1, "a", 1))
    new = measured(spark, (1, "a", 1)).unionAll(measured(spark, (9, "a", 9))).unionAll(measured(spark, (9, "a", 9)))
    found = quality.examine(Measured, quality.flag(Measured, new), old, BUCKETS)
    assert len(found.differing) == 1
    assert found.repeated_keys == ["id=9"]


def test_every_broken_row_is_counted_once_for_each_promise(spark: SparkSession) -> None:
    rows = measured(spark, *((i, "a", -1) for i in range(20)))
    found = quality.examine(Measured, quality.flag(Measured, rows.withColumn("value", F.lit(-1))), None, BUCKETS)
    assert (found.broken, found.dropped) == ({"is positive": 20}, 20)
