"""Ids of rows: keyed hashes that nobody can make without the key, and that no plan or log gives away."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from datetime import date

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lakehouse import keys
from lakehouse.keys import row_id
from tests import conftest

KEY = bytes(range(32))


@pytest.fixture(autouse=True)
def _keyed(spark: SparkSession) -> Iterator[None]:
    keys.use(spark, KEY)
    yield
    keys.use(spark, conftest.KEY)


def ids(spark: SparkSession, kind: str, *rows: tuple[object, ...]) -> list[int | None]:
    columns = [f"c{n}" for n in range(len(rows[0]))]
    made = spark.createDataFrame(list(rows), columns).select(row_id(kind, *columns).alias("id"))
    return [row.id for row in made.collect()]


def test_they_are_hmac_sha_256_as_python_computes_it(spark: SparkSession) -> None:
    texts = ["ehr|1", "", "Zoë 🙂", "x" * 200]
    expected = [hmac.new(KEY, f"person:{len(text)}:{text}".encode(), hashlib.sha256).hexdigest() for text in texts]
    by_spark = spark.createDataFrame([(text,) for text in expected], ["hex"]).select(
        F.xxhash64("hex").bitwiseAND(F.lit((1 << 63) - 1)).alias("id")
    )
    assert ids(spark, "person", *((text,) for text in texts)) == [row.id for row in by_spark.collect()]


def test_columns_of_other_types_are_their_texts(spark: SparkSession) -> None:
    assert ids(spark, "era", (7, date(2026, 1, 2))) == ids(spark, "era", ("7", "2026-01-02"))


def test_other_things_have_other_ids(spark: SparkSession) -> None:
    alike = [("a", "bc"), ("ab", "c"), ("a:1:b", "c"), ("a", "1:b:c"), ("", "abc"), ("abc", "")]
    assert len({*ids(spark, "visit", *alike), *ids(spark, "note", *alike)}) == 2 * len(alike)
    with_another_key = ids(spark, "visit", *alike)
    keys.use(spark, KEY[::-1])
    assert not set(ids(spark, "visit", *alike)) & set(with_another_key)


def test_of_what_is_not_named_there_is_none(spark: SparkSession) -> None:
    assert ids(spark, "visit", ("a", None), (None, "a"), ("a", "b"))[:2] == [None, None]


def test_they_are_positive(spark: SparkSession) -> None:
    made = spark.range(20_000).select(row_id("visit", "id").alias("made"))
    assert made.filter("made > 0").distinct().count() == 20_000


def test_the_key_is_in_no_plan_and_in_no_name_of_a_column(spark: SparkSession) -> None:
    rows = spark.createDataFrame([("a",)], ["c"]).withColumn("constant", F.lit("b"))
    table = rows.select(row_id("visit", "c"), row_id("note", "constant", "c").alias("id"))
    told = table._jdf.queryExecution().toString().lower() + " ".join(table.columns).lower()
    assert "sha2" in told
    pads = [bytes(byte ^ pad for byte in KEY) for pad in (0x36, 0x5C)]
    assert not [secret.hex() for secret in (KEY, *pads) if secret.hex() in told]
