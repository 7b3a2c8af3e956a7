"""What is kept of who was erased: that it was done, and by what he is known again if a source tells of him later."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from pyspark.sql import Column as SparkColumn
from pyspark.sql import functions as F

from lakehouse.audit import who
from lakehouse.contract import Column, LandedTable
from lakehouse.erasure.source_ids import SourceIds
from lakehouse.storage import Record, Storage

BEGUN, DONE = "begun", "done"


class Erasure(LandedTable):
    """Erasures of persons: when, by whom and why, and hashes of the ids by which their sources knew them.

    Who may read this and knows an id, or can list all that there may be, can tell whether it is one of them: so it is
    kept with what identifies people. It lies beside the tables, which are made anew, and outlives the keys of ids.
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
    tombstones = Column("array<string>", "SHA-256 of the salt, the kind of id and the id", required=True)


@dataclass(frozen=True)
class Tombstones:
    """The hashes of ids of persons who were erased."""

    salt: str
    hashes: frozenset[str]

    @classmethod
    def of(cls, audit: Storage) -> Tombstones:
        """Those of everybody who was erased from a home. audit: where its record of erasures lies."""
        rows = audit.read(Erasure).filter(F.col("step") == BEGUN).select("salt", "tombstones").collect()
        return cls(
            rows[0].salt if rows else secrets.token_hex(32), frozenset(h for row in rows for h in row.tombstones)
        )

    def hash(self, kind: str, name: str) -> str:
        """The tombstone of an id."""
        return sha256(f"{self.salt}|{kind}|{name}".encode()).hexdigest()

    def mark(self, kind: str, name: SparkColumn) -> SparkColumn:
        """Whether the id of that kind in that column is of somebody who was erased; false where it is null."""
        hashed = F.sha2(F.concat(F.lit(f"{self.salt}|{kind}|"), name.cast("string")), 256)
        return F.coalesce(hashed.isin(*sorted(self.hashes)), F.lit(False))

    def known(self, kind: str, names: Iterable[str]) -> list[str]:
        """Those of the names that are of somebody who was erased."""
        return [name for name in names if self.hash(kind, name) in self.hashes]


@dataclass(frozen=True)
class Begun:
    """An erasure that was begun, and the tombstones of its person."""

    erasure_id: str
    reason: str
    stones: Tombstones


def begin(audit: Storage, ids: SourceIds, reason: str) -> Begun:
    """Put an erasure on record, before anything is changed."""
    salt = Tombstones.of(audit).salt
    named = Tombstones(salt, frozenset())
    hashes = frozenset(named.hash(kind, name) for kind, names in ids.by_kind().items() for name in names)
    begun = Begun(str(uuid.uuid4()), reason, Tombstones(salt, hashes))
    _append(audit, begun, BEGUN)
    return begun


def finish(audit: Storage, begun: Begun) -> None:
    """Put on record that it is done."""
    _append(audit, begun, DONE)


def unfinished(audit: Storage) -> Begun | None:
    """The erasure that was begun and is not done: there is one at most."""
    rows = audit.read(Erasure).collect()
    done = {row.erasure_id for row in rows if row.step == DONE}
    left = [row for row in rows if row.erasure_id not in done]
    return (
        Begun(left[0].erasure_id, left[0].reason, Tombstones(left[0].salt, frozenset(left[0].tombstones)))
        if left
        else None
    )


def _append(audit: Storage, begun: Begun, step: str) -> None:
    row = (
        begun.erasure_id,
        step,
        datetime.now(UTC),
        who(),
        begun.reason,
        begun.stones.salt,
        sorted(begun.stones.hashes),
    )
    rows = audit.spark.createDataFrame([row], audit.schema(Erasure))
    audit.append_once(Erasure, rows, Record("", {}, "full"), f"{begun.erasure_id}-{step}", 0)
