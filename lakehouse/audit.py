"""Who read what identifies people, when and why: each reading is on record before it shows a row.

The record lies beside the tables and not among them, so that it stays where these are removed to be built anew.
"""

from __future__ import annotations

import os
import pwd
import socket
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime

from pyspark.sql import functions as F

from lakehouse.contract import IDENTIFYING, Column, LandedTable, Table
from lakehouse.errors import UsageError
from lakehouse.refresh import lease
from lakehouse.storage import Record, Storage

_WAIT_SECONDS = 60


class IdentifiedReading(LandedTable):
    """Queries of tables that identify people: who asked what, when, and for which reason."""

    layer = "vault"
    grain = "one row per query that named such a table"
    key = ("reading_id",)

    reading_id = Column("string", "id of the row", required=True)
    read_at = Column("timestamp", "when (UTC)", required=True)
    read_by = Column("string", "user and machine, as the operating system knows them", required=True)
    tables = Column("array<string>", "the tables that identify people, by the names in the query", required=True)
    reason = Column("string", "why, in the words of who asked", required=True)
    query = Column("string", "the query", required=True)


def storage_of(storage: Storage, home: str) -> Storage:
    """Where the record of readings lies."""
    return Storage(storage.spark, f"{home.rstrip('/')}/audit")


def identifying(named: Iterable[type[Table]]) -> list[str]:
    """Of the tables that a query names, those whose rows tell who people are."""
    return sorted(table.full_name() for table in named if table.layer in IDENTIFYING)


def record(storage: Storage, tables: list[str], reason: str | None, query: str) -> None:
    """Put a reading on record. storage: of the record. Raises UsageError where no reason is given."""
    if not (reason and reason.strip()):
        raise UsageError(
            f"{' and '.join(tables)} tell{'s' if len(tables) == 1 else ''} who people are: say what it is read for "
            f'with --reason "...", and it is shown, and recorded in {IdentifiedReading.full_name()}'
        )
    rows = [(str(uuid.uuid4()), datetime.now(UTC), who(), tables, reason.strip(), query)]
    reading = storage.spark.createDataFrame(rows, storage.schema(IdentifiedReading))
    with lease.hold(storage.spark, storage.tables_path, _WAIT_SECONDS):
        storage.append_once(IdentifiedReading, reading, Record("", {}, "full"), rows[0][0], 0)


def forget(storage: Storage, names: str) -> None:
    """Take what a pattern finds out of the queries and reasons on record. storage: of the record."""
    if storage.exists(IdentifiedReading):
        freed = {name: F.regexp_replace(name, names, "erased") for name in ("query", "reason")}
        told = F.col("query").rlike(names) | F.col("reason").rlike(names)
        storage.update(IdentifiedReading, told, freed, Record("", {}, "full"))


def who() -> str:
    """User and machine, as the operating system knows them."""
    return f"{_user()} on {socket.gethostname()}"


def _user() -> str:
    """Whose process it is: what the environment says of that may be anything."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return f"user {os.geteuid()}"
