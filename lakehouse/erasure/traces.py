"""Whether anything of a person is left."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from operator import or_

from pyspark.sql import Column
from pyspark.sql import functions as F

from lakehouse.contract import Table
from lakehouse.erasure.lines import pattern
from lakehouse.erasure.source_ids import SourceIds
from lakehouse.storage import Storage


def traces(storage: Storage, tables: Iterable[type[Table]], ids: SourceIds) -> dict[str, int]:
    """How many rows of each table, and of its quarantine, are of the person or name an id of his; none where none."""
    found: dict[str, int] = {}
    for table in tables:
        telling = _telling(table, ids)
        for quarantine in (False, True):
            if telling is not None and storage.exists(table, quarantine):
                rows = storage.read(table, quarantine=quarantine).filter(telling).count()
                name = f"quarantine of {table.full_name()}" if quarantine else table.full_name()
                found |= {name: rows} if rows else {}
    return found


def _telling(table: type[Table], ids: SourceIds) -> Column | None:
    """Whether a row tells of the person, by those of its columns that may; None where none can."""
    registrations = [f"{source}|{name}" for source, names in ids.by_source().items() for name in names]
    names: dict[str, list[str]] = {
        "person_id": [str(ids.person_id)],
        "patient_id": list(ids.patients),
        "bene_id": list(ids.beneficiaries),
        "sample_id": list(ids.samples),
        "specimen_id": [str(specimen) for specimen in ids.specimens],
        "source_id": [*ids.patients, *ids.beneficiaries],
        **dict.fromkeys(("registration_id", "registration_id_l", "registration_id_r"), registrations),
    }
    equal = [F.col(name).cast("string").isin(*known) for name, known in names.items() if name in table.declared]
    texts = [name for name in ("raw", "header", "content", "query", "reference") if name in table.declared]
    long_enough = [name for name in (*ids.patients, *ids.samples) if name]
    read = [F.col(name).cast("string").rlike(pattern(long_enough)) for name in texts]
    told = [F.coalesce(said, F.lit(False)) for said in (*equal, *read)]
    return reduce(or_, told) if told else None
