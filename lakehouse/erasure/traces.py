"""Whether anything of a person is left."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce
from operator import or_

from pyspark.sql import Column
from pyspark.sql import functions as F

from lakehouse.contract import Table
from lakehouse.erasure.record import Tombstones
from lakehouse.erasure.source_ids import LABORATORY, PERSON
from lakehouse.storage import Storage
from lakehouse.vault.codes import EHR, PAYER

_KINDS: Mapping[str, str] = {"person_id": PERSON, "patient_id": EHR, "bene_id": PAYER, "sample_id": LABORATORY}
"""Columns that hold an id of a person, and which kind of id it is."""

_REGISTRATIONS = ("registration_id", "registration_id_l", "registration_id_r")


def traces(storage: Storage, tables: Iterable[type[Table]], stones: Tombstones) -> dict[str, int]:
    """How many rows of each table, and of its quarantine, have an id of the person; none where none has."""
    found: dict[str, int] = {}
    for table in tables:
        for quarantine in (False, True):
            if storage.exists(table, quarantine):
                rows = storage.read(table, quarantine=quarantine).filter(telling(table, stones)).count()
                name = f"quarantine of {table.full_name()}" if quarantine else table.full_name()
                found |= {name: rows} if rows else {}
    return found


def telling(table: type[Table], stones: Tombstones) -> Column:
    """Whether a row has an id of the person; false where the table has no column for one."""
    marks = [stones.mark(kind, F.col(name)) for name, kind in _KINDS.items() if name in table.declared]
    for name in _REGISTRATIONS:
        if name in table.declared:
            source, own = F.substring_index(name, "|", 1), F.expr(f"substring(`{name}`, instr(`{name}`, '|') + 1)")
            marks += [(source == kind) & stones.mark(kind, own) for kind in (EHR, PAYER)]
    if {"source", "source_id"} <= table.declared.keys():
        marks += [(F.col("source") == kind) & stones.mark(kind, F.col("source_id")) for kind in (EHR, PAYER)]
    return reduce(or_, (F.coalesce(mark, F.lit(False)) for mark in marks), F.lit(False))
