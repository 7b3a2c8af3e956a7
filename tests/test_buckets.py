"""Sets of buckets: an algebra, a text, and a predicate that Spark agrees with."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from lakehouse.buckets import Buckets, bucket

COUNT = 64
NUMBERS = st.sets(st.integers(0, COUNT - 1))


@given(NUMBERS, NUMBERS, NUMBERS)
def test_union_is_that_of_the_numbers(a: set[int], b: set[int], c: set[int]) -> None:
    one, other, third = (Buckets.of(numbers, COUNT) for numbers in (a, b, c))
    assert one | other == Buckets.of(a | b, COUNT) == other | one
    assert (one | other) | third == one | (other | third)
    assert one | one == one == one | Buckets.of([], COUNT)
    every = Buckets.of(range(COUNT), COUNT)
    assert one | every == every
    assert len(one) == len(a)


@given(NUMBERS, st.integers(COUNT, 1 << 17))
@settings(max_examples=30, deadline=None)
def test_reads_what_it_wrote(numbers: set[int], count: int) -> None:
    buckets = Buckets.of(numbers, count)
    assert Buckets.decode(buckets.encode()) == buckets
    assert Buckets.decode(buckets.encode()).count == count


def test_scattered_changes_are_a_short_text() -> None:
    assert len(Buckets.of(range(0, 65_536, 655), 65_536).encode()) < 1_000
    assert len(Buckets.of(range(1 << 20), 1 << 20).encode()) < 2_000


def test_sets_of_different_counts_do_not_mix() -> None:
    with pytest.raises(ValueError, match="sets of 8 and of 16 buckets"):
        Buckets.of([1], 8) | Buckets.of([1], 16)


@pytest.mark.parametrize("number", [0, 1, 1_000, 1_001, 3_000, 4_096])
def test_the_predicate_selects_the_keys_of_its_buckets(spark: SparkSession, number: int) -> None:
    """Listed or as a literal, for keys of any type, and for keys that are null."""
    count = 4_096
    chosen = set(range(0, count, 7)) if number == 0 else set(range(count - number, count))
    buckets = Buckets.of([] if number == 0 else chosen, count)
    keys = spark.range(6_000).selectExpr("id", "concat('key ', id) as name", "cast(null as string) as nobody")
    for column in keys.columns:
        found = keys.filter(buckets.predicate(column)).select(bucket(column, count).alias("bucket")).collect()
        other = keys.filter(f"not ({buckets.predicate(column)})").select(bucket(column, count).alias("bucket"))
        assert {row.bucket for row in found} <= (chosen if number else set())
        if number:
            assert {row.bucket for row in other.distinct().collect()}.isdisjoint(chosen)
            assert len(found) + other.count() == 6_000


def test_a_key_has_the_same_bucket_in_every_run(spark: SparkSession) -> None:
    """Commits name buckets: with another function, those of old commits would be of other keys."""
    rows = spark.createDataFrame([("a", 1), (None, -1)], "name string, id bigint")
    found = rows.select(bucket("name", 65_536).alias("n"), bucket("id", 65_536).alias("i")).collect()
    assert [tuple(row) for row in found] == [(45260, 53810), (42, 28626)]
