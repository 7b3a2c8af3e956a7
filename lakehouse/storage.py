"""The only place that writes or reads Delta.

Each commit of a table says, in the same atomic commit as its rows, what it was made from (see `Record`).
There is no second bookkeeping: what a refresh decides, it decides from these records.
"""

from __future__ import annotations

import csv
import json
import re
import uuid
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields, replace
from importlib.resources import files
from typing import Any, Literal

from delta.tables import DeltaTable
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from lakehouse.buckets import Buckets
from lakehouse.contract import LandedTable, ReferenceTable, Table
from lakehouse.errors import ContractError, LakehouseError, UsageError
from lakehouse.hadoop import HadoopPath, java_class

_RETENTION_CHECKED = "spark.databricks.delta.retentionDurationCheck.enabled"
_KEEP_REMOVED = "delta.deletedFileRetentionDuration"

FORMAT = 1
"""The layout of tables and records. A home with a higher one was written by a newer lakehouse."""


@dataclass(frozen=True)
class Record:
    """What a commit says of itself.

    fingerprint: of the code that made the rows.
    inputs: for each input, the version of it that was read: the last that changed its rows.
    touched: the buckets whose rows changed, encoded; None where all may have.
    rows_version: the last version that changed rows; None where it is this commit.
    rows: how many rows the table holds after this commit.
    broken: how many rows broke each expectation, by its name, in this refresh.
    quarantined: how many rows the table's quarantine holds after this commit.
    input_logs: for each input, the log that its version is of.
    log: a name of the log that the commit is in, given with its first commit: a table that is removed and written anew
        has versions of the same numbers, but another log.
    key: the name of the key that its ids were made with; empty where it makes none.
    """

    fingerprint: str
    inputs: dict[str, int]
    mode: Literal["full", "incremental", "carried"]
    touched: str | None = None
    rows_version: int | None = None
    rows: int = 0
    broken: dict[str, int] = field(default_factory=dict)
    quarantined: int = 0
    input_logs: dict[str, str] = field(default_factory=dict)
    log: str = ""
    key: str = ""
    format: int = FORMAT

    def to_json(self) -> str:
        """The text that the commit carries as its userMetadata."""
        return json.dumps({"lakehouse": asdict(self)}, sort_keys=True, separators=(",", ":"))


@dataclass(frozen=True)
class Commit:
    """One commit of a table's log.

    record: None where somebody else wrote it.
    readable: the newest version with the same rows and columns: the files of older ones, as of before an OPTIMIZE, may
        be gone.
    changes_columns: whether it says what the columns and other properties of the table are.
    """

    version: int
    changes_rows: bool
    record: Record | None
    readable: int
    changes_columns: bool = False

    @property
    def rows_version(self) -> int:
        """The last version, at this commit, whose rows changed."""
        if self.record is None or self.record.rows_version is None:
            return self.version
        return self.record.rows_version


class Storage:
    """The Delta tables of one home."""

    def __init__(self, spark: SparkSession, tables_path: str) -> None:
        self.spark = spark
        self.tables_path = tables_path.rstrip("/")
        self._read: dict[str, tuple[tuple[str, int], DataFrame]] = {}

    def path(self, table: type[Table], quarantine: bool = False) -> str:
        """Where the table lies, or the rows that it refused."""
        layer = f"quarantine/{table.layer}" if quarantine else table.layer
        return f"{self.tables_path}/{layer}/{table.table_name()}"

    def schema(self, table: type[Table]) -> StructType:
        """The declared columns and their types."""
        return self.spark.createDataFrame([], table.ddl()).schema

    def empty(self, table: type[Table]) -> DataFrame:
        """No rows of the declared schema."""
        return self.spark.createDataFrame([], self.schema(table))

    def has_declared_columns(self, table: type[Table]) -> bool:
        """Whether the table, once written, has the columns and types that it declares, in their order."""
        lying = self.spark.read.format("delta").load(self.path(table))
        return _shape(lying.schema) == _shape(self.schema(table))

    def in_declared_shape(self, table: type[Table], rows: DataFrame) -> DataFrame:
        """The rows with the declared columns in the declared order. Raises ContractError where they differ."""
        declared, built = dict(_shape(self.schema(table))), dict(_shape(rows.schema))
        problems = [
            *(f"lacks {name} {kind}" for name, kind in declared.items() if name not in built),
            *(f"has {name}, which is not declared" for name in built if name not in declared),
            *(
                f"has {n} as {built[n]} and declares {kind}"
                for n, kind in declared.items()
                if built.get(n, kind) != kind
            ),
        ]
        if problems:
            raise ContractError(f"{table.full_name()}: what it builds {'; '.join(problems)}")
        return rows.selectExpr(*(f"`{name}`" for name in declared))

    def has_tables(self) -> bool:
        """Whether there is a folder of tables at all."""
        return HadoopPath(self.spark, self.tables_path).exists()

    def exists(self, table: type[Table], quarantine: bool = False) -> bool:
        """Whether the table was ever written."""
        return self._versions(self.path(table, quarantine)) != []

    def newest_version(self, table: type[Table]) -> int:
        """The version of the newest commit, whoever made it; -1 where there is none."""
        return max(self._versions(self.path(table)), default=-1)

    def read(self, table: type[Table], version: int | None = None, quarantine: bool = False) -> DataFrame:
        """The rows of the table as it is at this moment, or at a version; none where it was never written."""
        path = self.path(table, quarantine)
        log = java_class(self.spark, "org.apache.spark.sql.delta.DeltaLog").forTable(self.spark._jsparkSession, path)
        none = java_class(self.spark, "scala.Option").empty()
        snapshot = log.update(False, none, none)
        if snapshot.version() < 0:
            return self.empty(table)
        if version is not None and version != snapshot.version():
            snapshot = log.getSnapshotAt(version, none, none)
        pinned = (snapshot.metadata().id(), snapshot.version())
        held = self._read.get(path)
        if held is None or held[0] != pinned:
            held = self._read[path] = (pinned, self._rows_of(log, snapshot))
        return held[1]

    def _rows_of(self, log: Any, snapshot: Any) -> DataFrame:
        """The rows of the files that a snapshot lists: of few in the checksum of its commit, else in the log.

        Delta would list them again, in a job of a tenth of a second, for each mention of the table in a query, and for
        each table that may have deletion vectors once more: with many small tables most of the time of a refresh.
        """
        none = java_class(self.spark, "scala.Option").empty()
        checksum = snapshot.checksumOpt()
        listed = checksum.get().allFiles() if checksum.isDefined() else none
        files = listed.get() if listed.isDefined() else snapshot.getAllFiles(False)
        # Delta takes the session that is active in the thread, which need not be this one.
        java_class(self.spark, "org.apache.spark.sql.SparkSession").setActiveSession(self.spark._jsparkSession)
        return DataFrame(log.createDataFrame(snapshot, files, False, none), self.spark)

    def register(self, table: type[Table], name: str, quarantine: bool = False) -> None:
        """Give the table a name in the session's catalogue, which lasts as long as the session.

        Raises UsageError where the table was never written.
        """
        if not self.exists(table, quarantine):
            raise UsageError(f"{name} holds no rows yet: nothing was {'refused' if quarantine else 'refreshed'}")
        schema = name.split(".")[0]
        path = self.path(table, quarantine).replace("'", "\\'")
        self.spark.sql(f"create database if not exists {schema}")
        self.spark.sql(f"create table if not exists {name} using delta location '{path}'")

    def reference_rows(self, table: type[ReferenceTable]) -> DataFrame:
        """The rows of a table whose content is a CSV file of the package."""
        with files("lakehouse").joinpath(table.file).open(encoding="utf-8") as text:
            rows = list(csv.DictReader(text))
        names = list(table.declared)
        if rows and list(rows[0]) != names:
            raise LakehouseError(f"{table.file} has the columns {list(rows[0])}, {table.full_name()} declares {names}")
        values = [[row[name] or None for name in names] for row in rows]
        text_rows = self.spark.createDataFrame(values, ", ".join(f"`{name}` string" for name in names))
        return text_rows.selectExpr(*(f"cast(`{n}` as {c.type}) as `{n}`" for n, c in table.declared.items()))

    # --- writing -----------------------------------------------------------------------------------------------

    def replace(
        self,
        table: type[Table],
        rows: DataFrame,
        record: Record,
        where: str | None = None,
        quarantine: bool = False,
    ) -> None:
        """Replace all rows, or those that a predicate selects, in one commit."""
        writer = _commented(table, rows).write.format("delta").mode("overwrite")
        writer.option("userMetadata", self._said(table, record))
        option = ("overwriteSchema", "true") if where is None else ("replaceWhere", where)
        writer.option(*option).save(self.path(table, quarantine))

    def append_once(self, table: type[LandedTable], rows: DataFrame, record: Record, app: str, batch: int) -> None:
        """Append rows in one commit, unless this batch of this app was appended before."""
        writer = _commented(table, rows).write.format("delta").mode("append")
        writer.option("userMetadata", self._said(table, record))
        if table.partition:
            writer = writer.partitionBy(table.partition)
        writer.option("txnAppId", app).option("txnVersion", batch).save(self.path(table))

    def update(self, table: type[LandedTable], where: Column, values: dict[str, Column], record: Record) -> None:
        """Change columns of the rows that a predicate selects, in one commit; in none where it selects no rows."""
        metadata = "spark.databricks.delta.commitInfo.userMetadata"
        self.spark.conf.set(metadata, self._said(table, record))
        try:
            DeltaTable.forPath(self.spark, self.path(table)).update(where, values)
        finally:
            self.spark.conf.unset(metadata)

    def carry(self, table: type[Table], record: Record, quarantine: bool = False) -> None:
        """Record new input versions in a commit that changes no rows."""
        writer = self.empty(table).write.format("delta").mode("append")
        writer.option("userMetadata", self._said(table, record)).save(self.path(table, quarantine))

    def purge(self, tables: Iterable[type[Table]], parallel: int) -> None:
        """Leave of tables, and of their quarantines, the rows as they are now, and no trace of older versions.

        Files of which rows are marked as deleted are written anew (REORG), those of older versions removed (VACUUM).
        The log tells the least and greatest values of columns of files that are gone: it is cut off before a last
        commit, which changes no rows and says what the one before said.
        """
        chosen = [(table, quarantine) for table in tables for quarantine in (False, True)]
        self.spark.conf.set(_RETENTION_CHECKED, "false")
        try:
            with ThreadPoolExecutor(parallel, thread_name_prefix="purge") as pool:
                list(pool.map(lambda which: self._purge(*which), chosen))
        finally:
            self.spark.conf.unset(_RETENTION_CHECKED)

    def _purge(self, table: type[Table], quarantine: bool) -> None:
        path = self.path(table, quarantine)
        if len(self._versions(path)) <= 1:
            return
        last = self.last_commit(table, quarantine)
        assert last is not None
        name = f"delta.`{path.replace('`', '``')}`"
        self.spark.sql(f"alter table {name} set tblproperties ('{_KEEP_REMOVED}' = 'interval 0 seconds')")
        if any(file.startswith("deletion_vector") for file in HadoopPath(self.spark, path).names()):
            self.spark.sql(f"reorg table {name} apply (purge)")
        with _unsaid(self.spark):
            DeltaTable.forPath(self.spark, path).vacuum(0)
        said = last.record or Record("", {}, "full")
        self.carry(table, replace(said, rows_version=last.rows_version), quarantine)
        log = java_class(self.spark, "org.apache.spark.sql.delta.DeltaLog").forTable(self.spark._jsparkSession, path)
        none = java_class(self.spark, "scala.Option").empty()
        snapshot = log.update(False, none, none)
        log.checkpoint(snapshot, none)
        for file in HadoopPath(self.spark, f"{path}/_delta_log").names():
            of_version = re.match(r"\d{20}(?=\.)", file)
            if of_version and int(of_version[0]) < snapshot.version():
                HadoopPath(self.spark, f"{path}/_delta_log/{file}").delete()
        self.spark.sql(f"alter table {name} unset tblproperties if exists ('{_KEEP_REMOVED}')")

    def _said(self, table: type[Table], record: Record) -> str:
        """The text that the commit of a record carries."""
        return replace(record, log=self.log_name(table) or uuid.uuid4().hex).to_json()

    # --- the log -----------------------------------------------------------------------------------------------

    def last_commit(self, table: type[Table], quarantine: bool = False) -> Commit | None:
        """The newest commit that counts: the last of ours, or a later one in which somebody else changed rows."""
        readable: int | None = None
        for commit in self.log(table, quarantine):
            if commit.record or commit.changes_rows:
                return commit if readable is None else replace(commit, readable=readable)
            if commit.changes_columns:
                readable = None
            elif readable is None:
                readable = commit.version
        return None

    def log_name(self, table: type[Table]) -> str:
        """The name that our commits give the table's log; empty where there are none."""
        return next((commit.record.log for commit in self.log(table) if commit.record), "")

    def log(self, table: type[Table], quarantine: bool = False) -> Iterator[Commit]:
        """The commits of the table, newest first, as far back as Delta keeps them."""
        path = self.path(table, quarantine)
        for version in reversed(self._versions(path)):
            yield _commit(version, HadoopPath(self.spark, f"{path}/_delta_log/{version:020}.json").text())

    def touched_since(self, table: type[Table], version: int) -> Buckets | None:
        """The buckets that changed after that version; None where this is not known, or all may have."""
        touched: Buckets | None = None
        for commit in self.log(table):
            if version in (commit.version, commit.rows_version):
                return touched
            if not commit.changes_rows:
                continue
            if commit.record is None or commit.record.touched is None:
                return None
            buckets = Buckets.decode(commit.record.touched)
            if touched is not None and touched.count != buckets.count:
                return None
            touched = buckets if touched is None else touched | buckets
        return None

    def _versions(self, path: str) -> list[int]:
        names = HadoopPath(self.spark, f"{path}/_delta_log").names()
        return sorted(int(name[:20]) for name in names if name.endswith(".json") and name[:20].isdigit())


@contextmanager
def _unsaid(spark: SparkSession) -> Iterator[None]:
    """What Scala prints in this thread goes nowhere: Delta prints how many files each VACUUM removed."""
    assert spark._jvm is not None
    console = getattr(getattr(spark._jvm.scala, "Console$"), "MODULE$")
    nowhere = java_class(spark, "java.io.OutputStream").nullOutputStream()
    before = console.out()
    console.setOutDirect(java_class(spark, "java.io.PrintStream")(nowhere))
    try:
        yield
    finally:
        console.setOutDirect(before)


def _commented(table: type[Table], rows: DataFrame) -> DataFrame:
    """The same rows, their columns with the comments of the table's declaration."""
    declared = table.declared
    return rows.select(*(
        F.col(f"`{name}`").alias(name, metadata={"comment": declared[name].description}) if name in declared else name
        for name in rows.columns
    ))  # fmt: skip


def _shape(schema: StructType) -> list[tuple[str, str]]:
    return [(field.name, field.dataType.simpleString()) for field in schema.fields]


def _commit(version: int, text: str) -> Commit:
    """Read one file of a Delta log: JSON lines, one of them `commitInfo`."""
    info: dict[str, Any] = {}
    changes_rows = changes_columns = False
    for line in text.splitlines():
        if line.startswith('{"commitInfo"'):
            info = json.loads(line)["commitInfo"]
        elif line.startswith(('{"add"', '{"remove"')):
            changes_rows = changes_rows or '"dataChange":true' in line
        elif line.startswith('{"metaData"'):
            changes_columns = True
    try:
        written = json.loads(info.get("userMetadata", "")).get("lakehouse")
    except (ValueError, AttributeError):
        written = None
    if written and written["format"] > FORMAT:
        raise LakehouseError(
            f"the tables were written by a newer lakehouse (format {written['format']}, this one knows {FORMAT}): "
            "install that version, or name another --home"
        )
    return Commit(version, changes_rows, _record(written) if written else None, version, changes_columns)


def _record(said: dict[str, Any]) -> Record:
    """The record that a commit says; what another lakehouse of the same format says beside it is passed over."""
    return Record(**{field.name: said[field.name] for field in fields(Record) if field.name in said})
