"""What rows promise, compiled to native expressions, and how two states of a table differ."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, StructType

from lakehouse.buckets import bucket
from lakehouse.contract import IDENTIFYING, Expectation, Table, expect_or_fail

REASONS = "quarantine_reasons"
"""The column that a table's quarantine has beside the table's own: the expectations that the row broke."""


@dataclass(frozen=True)
class Examination:
    """What one look at new rows, beside those that the table has, tells.

    rows, dropped: how many rows stay, and how many go to quarantine.
    broken: how many rows broke each expectation, by its name, where any did.
    repeated_keys: some keys that more than one row has.
    differing: the buckets whose rows differ from those of the table; empty where there were none to compare.
    more: how many rows more there are than the table has.
    """

    rows: int
    dropped: int
    broken: dict[str, int]
    repeated_keys: list[str]
    differing: set[int]
    more: int


def promises(table: type[Table]) -> tuple[Expectation, ...]:
    """The table's expectations, that what must be there is never null, and that counts count."""
    never_null = [n for n, c in table.declared.items() if c.required or n in table.key]
    implied = [expect_or_fail(f"{n} is not null", f"`{n}` is not null") for n in never_null]
    if table.adds_up_by:
        implied.append(expect_or_fail("counts something", counts_something(table)))
        implied += [expect_or_fail(f"{n} is not negative", f"`{n}` >= 0") for n in table.sums()]
    return (*table.expectations, *implied)


def counts_something(table: type[Table]) -> str:
    """SQL: not all counts of a row are zero."""
    return " or ".join(f"`{name}` != 0" for name in table.sums())


def flag(table: type[Table], rows: DataFrame) -> DataFrame:
    """Add the names of the broken expectations for which a row must go to quarantine."""
    dropping = [e for e in table.expectations if e.strength == "expect_or_drop"]
    reasons = F.array(*(F.when(_broken(e), F.lit(e.name)) for e in dropping)).cast("array<string>")
    return rows.withColumn(REASONS, F.array_compact(reasons))


def kept(flagged: DataFrame) -> DataFrame:
    """The rows that stay in the table."""
    return flagged.filter(F.size(REASONS) == 0).drop(REASONS)


def dropped(flagged: DataFrame) -> DataFrame:
    """The rows that go to quarantine, with their reasons."""
    return flagged.filter(F.size(REASONS) > 0)


def examine(table: type[Table], flagged: DataFrame, old: DataFrame | None, buckets: int) -> Examination:
    """Count what breaks which expectation, look for repeated keys, and compare with the old rows: in one query.

    Each question is an aggregate of its own; their few result rows come back together, as JSON, because
    planning a query costs more than answering it on a small table.
    """
    new = kept(flagged)
    questions = [_counts(table, flagged), _repeated_keys(table, new)]
    if old is not None:
        questions.append(_differences(old, new, table.changes_by, buckets))
    answers = [json.loads(row.answer) for row in reduce(DataFrame.unionAll, questions).collect()]
    counts = next(a for a in answers if "kept" in a)
    differing = [a for a in answers if "bucket" in a]
    return Examination(
        rows=counts["kept"],
        dropped=counts["dropped"],
        broken={e.name: counts[f"n{i}"] for i, e in enumerate(promises(table)) if counts[f"n{i}"]},
        repeated_keys=[", ".join(f"{k}={a.get(k)}" for k in table.key) for a in answers if "times" in a],
        differing={a["bucket"] for a in differing},
        more=sum(a["more"] for a in differing),
    )


def failures(table: type[Table], examination: Examination) -> list[str]:
    """What must stop the refresh of the table, each in a sentence."""
    return [
        f"{examination.broken[e.name]:,} rows break {e.name!r}"
        for e in promises(table)
        if e.strength == "expect_or_fail" and e.name in examination.broken
    ] + [
        f"the key {', '.join(table.key) if table.layer in IDENTIFYING else key} is not unique"
        for key in examination.repeated_keys
    ]


def row_hash(schema: StructType) -> Column:
    """A 64-bit hash of a row in which nulls count: Spark's own skips them, and (1, null) would equal (null, 1)."""
    parts: list[Column] = []
    for field in schema.fields:
        column = F.col(f"`{field.name}`")
        if isinstance(field.dataType, (ArrayType, StructType)):
            parts.append(F.to_json(F.struct(column), {"ignoreNullFields": "false"}))
        else:
            parts.extend((column, column.isNull()))
    return F.xxhash64(*parts)


def _broken(expectation: Expectation) -> Column:
    return ~F.coalesce(F.expr(expectation.predicate), F.lit(True))


def _answer(rows: DataFrame) -> DataFrame:
    return rows.select(F.to_json(F.struct("*")).alias("answer"))


def _counts(table: type[Table], flagged: DataFrame) -> DataFrame:
    """A row in quarantine no longer fails its table."""
    stays = F.size(REASONS) == 0
    counts = [
        F.count_if(_broken(e) & (stays if e.strength == "expect_or_fail" else F.lit(True))).alias(f"n{i}")
        for i, e in enumerate(promises(table))
    ]
    return _answer(flagged.agg(F.count_if(stays).alias("kept"), F.count_if(~stays).alias("dropped"), *counts))


def _repeated_keys(table: type[Table], new: DataFrame, most: int = 3) -> DataFrame:
    return _answer(new.groupBy(*table.key).agg(F.count("*").alias("times")).filter("times > 1").limit(most))


def _differences(old: DataFrame, new: DataFrame, column: str | None, buckets: int) -> DataFrame:
    """Buckets of `column` whose rows differ as multisets of hashes; without a column everything is bucket 0."""

    def signed(rows: DataFrame, sign: int) -> DataFrame:
        key = bucket(column, buckets) if column else F.lit(0)
        return rows.select(key.alias("bucket"), row_hash(rows.schema).alias("hash"), F.lit(sign).alias("sign"))

    sums = signed(old, -1).unionAll(signed(new, 1)).groupBy("bucket").agg(
        F.sum("sign").alias("more"),
        F.sum(F.col("hash") * F.col("sign")).alias("sum"),
        F.bit_xor("hash").alias("xor"),
    )  # fmt: skip
    return _answer(sums.filter("more != 0 or sum != 0 or xor != 0").select("bucket", "more"))
