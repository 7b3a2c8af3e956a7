"""Accounts: every row that landed is found again, or it is known why not."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.bronze.record import SourceRecord
from lakehouse.catalog import Catalog
from lakehouse.contract import Table
from lakehouse.storage import Storage


@dataclass(frozen=True)
class Account:
    """Where the rows of one bronze table went.

    landed: rows in bronze and in its quarantine.
    superseded: replaced by a later version of their record, or delivered twice.
    retracted: taken back by their source.
    kept: found in the silver tables that account for them.
    quarantined: refused, in bronze or in silver.
    """

    source: str
    landed: int
    superseded: int
    retracted: int
    kept: int
    quarantined: int

    @property
    def missing(self) -> int:
        """Rows of which nobody knows where they went: 0 where the account balances."""
        return self.landed - self.superseded - self.retracted - self.kept - self.quarantined


def balance(storage: Storage, catalog: Catalog) -> list[Account]:
    """The account of every bronze table that a silver table accounts for, in one query."""
    sources: dict[type[SourceRecord], list[type[Table]]] = {}
    for table in catalog:
        for source in table.accounts_for:
            assert issubclass(source, SourceRecord), source
            sources.setdefault(source, []).append(table)
    questions = [_question(storage, source, tables) for source, tables in sources.items()]
    answers = [json.loads(row.answer) for row in reduce(DataFrame.unionAll, questions).collect()]
    return sorted((Account(**answer) for answer in answers), key=lambda account: account.source)


def as_json(accounts: list[Account]) -> list[dict[str, object]]:
    """The accounts as plain values."""
    return [{**asdict(account), "missing": account.missing} for account in accounts]


def _question(storage: Storage, source: type[SourceRecord], tables: list[type[Table]]) -> DataFrame:
    rows = storage.read(source)
    latest = source.latest(rows).withColumn("retracted", F.expr(f"coalesce({source.retracted}, false)"))
    kept = _line_ids([storage.read(table) for table in tables]).withColumn("kept", F.lit(True))
    refused = _line_ids([storage.read(table, quarantine=True) for table in tables]).withColumn("refused", F.lit(True))
    found = (
        latest.select("line_id", "retracted")
        .join(kept, "line_id", "left")
        .join(refused, "line_id", "left")
        .agg(
            F.count("*").alias("holding"),
            F.count_if("retracted").alias("retracted"),
            F.count_if(F.col("kept") & ~F.col("retracted")).alias("kept"),
            F.count_if(F.col("refused") & F.col("kept").isNull() & ~F.col("retracted")).alias("refused"),
        )
    )
    counted = rows.agg(F.count("*").alias("rows")).crossJoin(
        storage.read(source, quarantine=True).agg(F.count("*").alias("unfit"))
    )
    return found.crossJoin(counted).select(
        F.to_json(
            F.struct(
                F.lit(source.full_name()).alias("source"),
                (F.col("rows") + F.col("unfit")).alias("landed"),
                (F.col("rows") - F.col("holding")).alias("superseded"),
                "retracted",
                "kept",
                (F.col("refused") + F.col("unfit")).alias("quarantined"),
            )
        ).alias("answer")
    )


def _line_ids(tables: list[DataFrame]) -> DataFrame:
    return reduce(DataFrame.unionAll, (table.select("line_id") for table in tables)).distinct()
