"""Who a registration was before: what each refresh changed in the index of persons.

It lies beside the tables, as the record of readings does: tables are made anew, and this is not made of anything.
"""

from __future__ import annotations

from datetime import UTC, datetime

from pyspark.sql import Column as SparkColumn
from pyspark.sql import functions as F

from lakehouse.contract import Column, LandedTable
from lakehouse.storage import Record, Storage
from lakehouse.vault.master_person_index import MasterPersonIndex

_APP = "person-history"


class PersonHistory(LandedTable):
    """Changes of the person that a registration belongs to, the first time that it came included."""

    layer = "vault"
    grain = "one row per registration and change of its person"
    key = ("source", "source_id", "change")

    source = Column("string", "ehr or payer", required=True)
    source_id = Column("string", "FHIR id of the patient, or BENE_ID", required=True)
    person_id = Column("bigint", "the person from then on; null where the registration is no longer there")
    change = Column("bigint", "number of the refresh that changed persons, from 1", required=True)
    changed_at = Column("timestamp", "when that was (UTC)", required=True)


def forget(history: Storage, is_erased: SparkColumn) -> None:
    """Remove the changes for which that column is true."""
    last = history.last_commit(PersonHistory)
    if last and last.record and not history.read(PersonHistory).filter(is_erased).isEmpty():
        left = history.read(PersonHistory).filter(~is_erased)
        history.replace(PersonHistory, left.localCheckpoint(), last.record)


def remember(history: Storage, tables: Storage) -> None:
    """Add what is not as it was. Does nothing where the index of persons is the one that was looked at last.

    history: where the history lies. tables: where the index does.
    """
    index = tables.last_commit(MasterPersonIndex)
    if index is None or index.record is None:
        return
    seen = {MasterPersonIndex.full_name(): index.rows_version}
    logs = {MasterPersonIndex.full_name(): index.record.log}
    before = history.last_commit(PersonHistory)
    if before and before.record and (before.record.inputs, before.record.input_logs) == (seen, logs):
        return
    known = history.read(PersonHistory)
    held = known.groupBy("source", "source_id").agg(F.max_by("person_id", "change").alias("held"))
    change = known.agg(F.coalesce(F.max("change"), F.lit(0)) + 1).first()[0]  # type: ignore[index]
    changed = (
        tables.read(MasterPersonIndex)
        .select("source", "source_id", "person_id")
        .join(held, ["source", "source_id"], "full")
        .filter("not (person_id <=> held)")
        .select("source", "source_id", "person_id", F.lit(change).cast("bigint").alias("change"))
        .withColumn("changed_at", F.lit(datetime.now(UTC)))
    )
    # Told by the index and not by the number of the change, which is given again where the last was erased.
    app, number = f"{_APP}-{index.record.log}", index.rows_version
    history.append_once(PersonHistory, changed, Record("", seen, "incremental", input_logs=logs), app, number)
