"""Accounts: every row that landed is found again, or it is known why not, by source and delivery."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.bronze.ehr.resource import Resource
from lakehouse.bronze.record import SourceRecord
from lakehouse.catalog import Catalog
from lakehouse.contract import Table
from lakehouse.silver.quality.checks import EVERY_DELIVERY
from lakehouse.storage import Storage


@dataclass(frozen=True)
class Account:
    """Where the rows of one bronze table went that came in one delivery.

    landed: rows in bronze and in its quarantine.
    kept: found in the silver tables that account for them, or in bronze where none does.
    superseded: replaced by a later version of their record, moved by one to another patient, or delivered twice.
    retracted: taken back by their source.
    merged: told of what another row tells of too, as two patients who are one person, and one with it in silver.
    quarantined: refused, in bronze or in silver.
    """

    source: str
    delivery: str
    landed: int = 0
    kept: int = 0
    superseded: int = 0
    retracted: int = 0
    merged: int = 0
    quarantined: int = 0

    @property
    def missing(self) -> int:
        """Rows of which nobody knows where they went: 0 where the account balances."""
        return self.landed - self.kept - self.superseded - self.retracted - self.merged - self.quarantined


FATES = ("kept", "superseded", "retracted", "merged", "quarantined")


def balance(storage: Storage, catalog: Catalog) -> list[Account]:
    """The account of every source in each of its deliveries, in one query.

    A source is a bronze table that a silver table accounts for, or that has FHIR resources that none does. One that an
    older lakehouse built with other columns has no account until it is refreshed.
    """
    sources: dict[type[SourceRecord], list[type[Table]]] = {t: [] for t in catalog if issubclass(t, Resource)}
    for table in catalog:
        for source in table.accounts_for:
            assert issubclass(source, SourceRecord), source
            sources.setdefault(source, []).append(table)
    questions = [
        _question(storage, source, tables)
        for source, tables in sources.items()
        if not storage.exists(source) or storage.has_declared_columns(source)
    ]
    if not questions:
        return []
    answers = [json.loads(row.answer) for row in reduce(DataFrame.unionAll, questions).collect()]
    return sorted((Account(**answer) for answer in answers), key=lambda account: (account.source, account.delivery))


def by_source(accounts: Iterable[Account]) -> list[Account]:
    """The accounts of all deliveries of each source together."""
    of_source: dict[str, list[Account]] = defaultdict(list)
    for account in accounts:
        of_source[account.source].append(account)
    return [
        replace(
            several[0],
            delivery=EVERY_DELIVERY,
            **{name: sum(getattr(account, name) for account in several) for name in ("landed", *FATES)},
        )
        for several in of_source.values()
    ]


def as_json(accounts: list[Account]) -> list[dict[str, object]]:
    """The accounts as plain values."""
    return [{**asdict(account), "missing": account.missing} for account in accounts]


def _question(storage: Storage, source: type[SourceRecord], tables: list[type[Table]]) -> DataFrame:
    """How many rows of the source came in each delivery, and how many met which fate."""
    rows, unfit = storage.read(source), storage.read(source, quarantine=True)
    told = [rows.select("delivery", F.lit("read").alias("fate")), unfit.select("delivery", F.lit("unfit"))]
    told.append(_fates(storage, source, tables))

    def count(*fates: str) -> Column:
        return F.count_if(F.col("fate").isin(*fates))

    counts = reduce(DataFrame.unionAll, told).groupBy("delivery").agg(
        count("read", "unfit").alias("landed"),
        count("kept").alias("kept"),
        (count("read") - count("kept", "retracted", "merged", "quarantined", "missing")).alias("superseded"),
        count("retracted").alias("retracted"),
        count("merged").alias("merged"),
        count("quarantined", "unfit").alias("quarantined"),
    )  # fmt: skip
    return counts.select(F.to_json(F.struct(F.lit(source.full_name()).alias("source"), "*")).alias("answer"))


def _fates(storage: Storage, source: type[SourceRecord], tables: list[type[Table]]) -> DataFrame:
    """What became of each row that holds."""
    latest = source.latest(storage.read(source))
    if not tables:
        fate = F.when(F.expr(f"coalesce({source.retracted}, false)"), "retracted").otherwise("kept")
        return latest.select("delivery", fate.alias("fate"))
    kept = _line_ids([storage.read(table) for table in tables]).withColumn("kept", F.lit(True))
    refused = _line_ids([storage.read(table, quarantine=True) for table in tables]).withColumn("refused", F.lit(True))
    found = (
        latest.join(kept, "line_id", "left")
        .join(refused, "line_id", "left")
        .withColumn("merged", F.lit(None).cast("boolean"))
    )
    for table in tables:
        found = _with_merged(storage, found, source, table)
    fate = (
        F.when(F.expr(f"coalesce({source.retracted}, false)"), "retracted")
        .when(F.col("kept"), "kept")
        .when(F.col("refused"), "quarantined")
        .when(F.col("merged"), "merged")
        .otherwise("missing")
    )
    return found.select("delivery", fate.alias("fate"))


def _with_merged(storage: Storage, rows: DataFrame, source: type[SourceRecord], table: type[Table]) -> DataFrame:
    """Mark rows whose table has one row for what several of them may tell of, by the link table between the two keys.

    Such a table is that of persons: patients who are one person have one row, kept or refused, which names the line of
    one of them.
    """
    links = [i for i in table.inputs().values() if source.scope in i.key and i.changes_by in table.key]
    if not links:
        return rows
    assert source.scope is not None
    of_row = storage.read(links[0]).select(source.scope, *table.key)
    rows_of_table = [storage.read(table, quarantine=refused).select(*table.key) for refused in (False, True)]
    present = reduce(DataFrame.unionAll, rows_of_table).distinct().withColumn("_merged", F.lit(True))
    told = of_row.join(present, list(table.key)).select(source.scope, "_merged")
    return (
        rows.join(told, source.scope, "left")
        .withColumn("merged", F.coalesce("merged", "_merged"))
        .drop("_merged")
    )  # fmt: skip


def _line_ids(tables: list[DataFrame]) -> DataFrame:
    return reduce(DataFrame.unionAll, (table.select("line_id") for table in tables)).distinct()
