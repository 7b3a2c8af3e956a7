"""What is kept of who was erased: that it was done, and by what he is known again if a source tells of him later."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from pyspark.sql import Column as SparkColumn
from pyspark.sql import Row
from pyspark.sql import functions as F

from lakehouse.audit import who
from lakehouse.contract import Column, LandedTable
from lakehouse.erasure.source_ids import SourceIds
from lakehouse.storage import Record, Storage

BEGUN, DONE = "begun", "done"


class Erasure(LandedTable):
    """Erasures of persons. Nothing here says who they were; whoever knows an id of theirs can tell that it is one.

    It lies beside the tables, which are made anew, and outlives the keys of ids.
    """

    layer = "vault"
    grain = "one row per erasure and step of it: begun, done"
    key = ("erasure_id", "step")

    erasure_id = Column("string", "id of the erasure", required=True)
    step = Column("string", "begun, or done", required=True)
    at = Column("timestamp", "when (UTC)", required=True)
    by = Column("string", "user and machine, as the operating system knows them", required=True)
    reason = Column("string", "why, in the words of who asked", required=True)
    salt = Column("string", "what is hashed with each id: the same in all rows of a home", required=True)
    tombstones = Column("array<string>", "SHA-256 of the salt, the source and an id that it knew him by", required=True)


@dataclass(frozen=True)
class Tombstones:
    """The hashes of the ids of everybody who was erased."""

    salt: str
    hashes: frozenset[str]

    @classmethod
    def of(cls, audit: Storage) -> Tombstones:
        """Those of a home. audit: where its record of erasures lies."""
        rows = audit.read(Erasure).filter(F.col("step") == BEGUN).select("salt", "tombstones").collect()
        return cls(
            rows[0].salt if rows else secrets.token_hex(32), frozenset(h for row in rows for h in row.tombstones)
        )

    def hash(self, source: str, name: str) -> str:
        """The tombstone of an id."""
        return sha256(f"{self.salt}|{source}|{name}".encode()).hexdigest()

    def mark(self, source: str, name: SparkColumn) -> SparkColumn:
        """Whether the id in that column is of somebody who was erased; false where it is null."""
        hashed = F.sha2(F.concat(F.lit(f"{self.salt}|{source}|"), name), 256)
        return F.coalesce(hashed.isin(*sorted(self.hashes)), F.lit(False))

    def known(self, source: str, names: Iterable[str]) -> list[str]:
        """Those of the names that are of somebody who was erased."""
        return [name for name in names if self.hash(source, name) in self.hashes]


def begin(audit: Storage, ids: SourceIds, reason: str) -> None:
    """Put an erasure on record, before anything is changed."""
    stones = Tombstones.of(audit)
    hashes = [stones.hash(source, name) for source, names in ids.by_source().items() for name in names]
    _append(audit, str(uuid.uuid4()), BEGUN, reason, stones.salt, hashes)


def finish(audit: Storage) -> None:
    """Put on record that what was begun is done."""
    for row in unfinished(audit):
        _append(audit, row.erasure_id, DONE, row.reason, row.salt, row.tombstones)


def unfinished(audit: Storage) -> list[Row]:
    """The erasures that were begun and are not done."""
    rows = audit.read(Erasure).collect()
    done = {row.erasure_id for row in rows if row.step == DONE}
    return [row for row in rows if row.erasure_id not in done]


def _append(audit: Storage, erasure_id: str, step: str, reason: str, salt: str, hashes: list[str]) -> None:
    row = [(erasure_id, step, datetime.now(UTC), who(), reason, salt, hashes)]
    rows = audit.spark.createDataFrame(row, audit.schema(Erasure))
    audit.append_once(Erasure, rows, Record("", {}, "full"), f"{erasure_id}-{step}", 0)
