"""From files to lines: what landed is taken once, and nothing of it is lost.

Spark's streaming file source keeps the list of the files that were seen; each new one is taken whole or,
where it cannot be read, recorded with the reason. A file is `<world>/<delivery>/.../<name>`, with world
one of ehr, claims, genomics and identity. Whoever delivers writes under a name that starts with `_` or `.`, or ends
in .tmp or .part, and renames the file or its directory when it is complete: such names are not looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote

from py4j.protocol import Py4JJavaError
from pyspark import StorageLevel
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.bronze.claims.claims_line import ClaimsLine
from lakehouse.bronze.ehr.ehr_line import EhrLine
from lakehouse.bronze.genomics.genomics_line import GenomicsLine
from lakehouse.bronze.identity.identity_line import IdentityLine
from lakehouse.bronze.landed_file import LandedFile
from lakehouse.bronze.landing_file import INDEX, File, is_finished, look_at, reason_of, why_unreadable
from lakehouse.bronze.landing_lines import claims_lines, ehr_lines, genomics_lines, identity_lines
from lakehouse.bronze.unsafe_file import link_within, why_unsafe
from lakehouse.buckets import Buckets, bucket
from lakehouse.contract import LandedTable
from lakehouse.errors import LakehouseError, UsageError
from lakehouse.hadoop import LOCAL, HadoopPath, spelled
from lakehouse.storage import Record, Storage

_Read = Callable[[SparkSession, list[File]], DataFrame]
Emptying = Callable[[DataFrame, type[LandedTable], list[str]], DataFrame]
"""Lines of a table as they land, with the headers of their files, and what of them is taken."""


def take(
    storage: Storage,
    landing: str,
    checkpoint: str,
    buckets: int,
    emptied: Emptying = lambda lines, table, headers: lines,
) -> None:
    """Take every file of the landing zone that was not taken before.

    emptied: what is taken of lines, where persons were erased.
    Raises UsageError where the landing zone is missing, LakehouseError where it cannot be reached.
    """
    spark = storage.spark
    landing = _found(spark, landing)
    _check_kept(storage)
    if _all_known(storage, landing):
        return
    # One file a task and no packing: then a row's number within its task is its line's number.
    reader = spark.newSession()
    reader.conf.set("spark.sql.files.openCostInBytes", str(reader.conf.get("spark.sql.files.maxPartitionBytes")))
    arrivals = (
        reader.readStream.format("binaryFile")
        .schema("path string, modificationTime timestamp, length bigint, content binary")
        .option("recursiveFileLookup", "true")
        # A file is new if it was not seen, however old it says it is: copies keep the times of their originals.
        .option("maxFileAge", "36500d")
        .load(landing)
        .select("path", "length", "modificationTime")
    )
    taking = _Taking(storage, reader, landing, buckets, emptied)
    problems: list[Exception] = []
    query_id: Future[str] = Future()  # the first batch may begin before the query is given back

    def take_batch(batch: DataFrame, number: int) -> None:
        try:
            _take_batch(taking, batch, number, query_id.result())
        except Exception as error:
            problems.append(error)
            raise

    query = (
        arrivals.writeStream.foreachBatch(take_batch)
        .option("checkpointLocation", checkpoint)
        .trigger(availableNow=True)
        .start()
    )
    query_id.set_result(query.id)
    try:
        query.awaitTermination()
    except PySparkException as error:
        raise (problems[0] if problems else error) from None
    finally:
        query.stop()
    _close_the_books(taking)


def _all_known(storage: Storage, landing: str) -> bool:
    """Whether every finished file is in the ledger as it is, and none is empty: then there is nothing to take."""
    listed = _listed(storage.spark, landing)
    finished = sum(map(is_finished, _names(listed, landing)))
    ledger = storage.read(LandedFile).select("file", F.col("arrived_at").alias("modificationTime"))
    known = listed.join(ledger.dropDuplicates(), ["file", "modificationTime"], "left_semi")
    return known.count() == finished


def _check_kept(storage: Storage) -> None:
    """Refuse to go on where lines that were taken are gone: no file is taken twice."""
    taken = storage.read(LandedFile).filter((F.col("file_kind") != INDEX) & F.col("defect").isNull())
    for world, (table, _) in _WORLDS.items():
        if not storage.exists(table) and not taken.filter(F.col("world") == world).isEmpty():
            raise LakehouseError(
                f"{table.full_name()} is gone, and files of {world} were taken: bring it back, or remove "
                f"{storage.tables_path} to take all of them again"
            )


def waiting(storage: Storage, landing: str) -> list[File]:
    """The files that `take` would take now."""
    landing = _found(storage.spark, landing)
    listed = _listed(storage.spark, landing)
    new = listed.join(storage.read(LandedFile), "file", "left_anti").collect()
    files = [look_at(storage.spark, landing, row.path, row.length, row.modificationTime) for row in new]
    return [file for file in files if file.is_finished]


def _listed(spark: SparkSession, landing: str) -> DataFrame:
    """The files of the landing zone as they are now, with their names below it."""
    root = _root(landing)
    files = spark.read.format("binaryFile").option("recursiveFileLookup", "true").load(landing)
    name = F.expr(f"substring(regexp_replace(path, '{LOCAL}', '/'), {len(root) + 1})")
    return files.select("path", "length", "modificationTime", name.alias("file"))


def _names(listed: DataFrame, landing: str) -> list[str]:
    """The names below the landing zone of all files that Spark listed, also of those without a byte."""
    return [spelled(unquote(path)).removeprefix(_root(landing)) for path in listed.inputFiles()]


def _close_the_books(taking: _Taking) -> None:
    """Put on record what the stream shows once or never: files that were written again, and empty ones."""
    storage, reader, landing = taking.storage, taking.reader, taking.landing
    ledger = storage.read(LandedFile).select("file", F.col("arrived_at").alias("modificationTime"), "bytes")
    listed = _listed(reader, landing)
    known = listed.join(ledger.select("file"), "file", "left_semi")
    again = known.join(ledger, ["file", "modificationTime"], "left_anti").collect()
    looked_at = (look_at(reader, landing, row.path, row.length, row.modificationTime) for row in again)
    files = [_unless_unsafe(file) for file in looked_at]
    empty = _empty_files(reader, landing, listed, ledger.filter("bytes = 0"))
    found = _as_told(taking, [*files, *empty])
    if found:
        _append_files(storage, found, "beside-the-stream", storage.newest_version(LandedFile) + 1)


def _as_told(taking: _Taking, files: list[File]) -> list[File]:
    """Files that are not in the ledger as they are now: new ones, copies of taken or refused ones, changed ones."""
    if not files:
        return []
    storage = taking.storage
    names = storage.spark.createDataFrame([(file.name,) for file in files], "file string")
    rows = storage.read(LandedFile).join(names, "file", "left_semi").orderBy(F.col("defect").isNull()).collect()
    defects = {(row.file, row.bytes): row.defect for row in rows}  # where a file was taken, that it was
    known = {row.file for row in rows}
    as_taken = _as_taken(taking, [f for f in files if (f.name, f.bytes) in defects])
    changed = "changed after it was taken: deliver it under another name"

    def defect(file: File) -> str | None:
        if file.name not in known:
            return file.defect
        return defects.get((file.name, file.bytes), changed) or (None if file in as_taken else changed)

    return [replace(file, defect=defect(file)) for file in files]


def _as_taken(taking: _Taking, files: list[File]) -> list[File]:
    """Those of the files whose lines are those that were taken of them."""
    storage, reader, same = taking.storage, taking.reader, []

    def lines(table: type[LandedTable], read: _Read, of: list[File]) -> DataFrame:
        return taking.emptied(read(reader, of), table, [file.header for file in of if file.header])

    for world, (table, read) in _WORLDS.items():
        of_world = [file for file in files if file.world == world]
        if not of_world:
            continue
        names = storage.spark.createDataFrame([(file.name,) for file in of_world], "file string")
        taken = _digests(table, storage.read(table).join(F.broadcast(names), "file", "left_semi"))
        with_lines = [file for file in of_world if file.has_lines]
        try:
            now = _digests(table, lines(table, read, with_lines)) if with_lines else {}
        except (Py4JJavaError, PySparkException):
            readable = [file for file in with_lines if not why_unreadable(reader, file)]
            if len(readable) == len(with_lines):
                raise
            now = _digests(table, lines(table, read, readable)) if readable else {}
        same += [file for file in of_world if now.get(file.name) == taken.get(file.name)]
    return same


def _digests(table: type[LandedTable], lines: DataFrame) -> dict[str, tuple[int, int]]:
    """Of each file that has lines their number, and the hash of them and of the header that they were read with."""
    texts = [name for name in ("raw", "header") if name in table.declared]
    # As decimals, since a sum of hashes is larger than a hash.
    hashes = F.sum(F.xxhash64(*texts).cast("decimal(20, 0)"))
    by_file = lines.groupBy("file").agg(F.count("*").alias("lines"), hashes.alias("hashes"))
    return {row.file: (row.lines, int(row.hashes)) for row in by_file.collect()}


def _empty_files(reader: SparkSession, landing: str, listed: DataFrame, known: DataFrame) -> list[File]:
    """Files without a byte, but for those known to be so: Spark lists them, and leaves them out of what it reads."""
    names = reader.createDataFrame([(name,) for name in _names(listed, landing)], "file string")
    unknown = names.join(listed, "file", "left_anti").join(known, "file", "left_anti").collect()
    files = [_file_at(reader, landing, f"{_root(landing)}{row.file}") for row in unknown]
    return [file for file in files if file.bytes == 0 and file.is_finished]


def _file_at(reader: SparkSession, landing: str, path: str) -> File:
    file = HadoopPath(reader, path)
    return look_at(reader, landing, path, file.size(), file.changed_at())


def _append_files(storage: Storage, files: list[File], app: str, number: int) -> None:
    rows = [(f.name, f.world, f.delivery, f.kind, f.bytes, f.arrived_at, f.defect) for f in files]
    ledger = storage.spark.createDataFrame(rows, LandedFile.ddl())
    storage.append_once(LandedFile, ledger, Record("", {}, "incremental"), app, number)


@dataclass(frozen=True)
class _Taking:
    """What stays the same from batch to batch."""

    storage: Storage
    reader: SparkSession
    landing: str
    buckets: int
    emptied: Emptying


def _take_batch(taking: _Taking, batch: DataFrame, number: int, query_id: str) -> None:
    storage, reader, landing = taking.storage, taking.reader, taking.landing
    files = [look_at(reader, landing, row.path, row.length, row.modificationTime) for row in batch.collect()]
    names = storage.spark.createDataFrame([(f.name,) for f in files], "file string")
    taken = {row.file for row in names.join(storage.read(LandedFile), "file", "left_semi").collect()}
    files = [f for f in files if f.name not in taken and f.is_finished]
    if not files:
        return
    with ThreadPoolExecutor() as pool:  # what is packed is unpacked to be looked at
        files = list(pool.map(_unless_unsafe, files))
    for world, (table, read) in _WORLDS.items():
        of_world = [f for f in files if f.world == world and f.has_lines]
        if not of_world:
            continue
        refused = _append(taking, table, read, of_world, f"{query_id}-{world}", number)
        files = [refused.get(f.name, f) for f in files]
    _append_files(storage, files, f"{query_id}-files", number)


def _unless_unsafe(file: File) -> File:
    """The file, with a defect where it must not be read. Files on other than local disks are not looked at."""
    path = spelled(file.path)
    if not file.has_lines or not path.startswith("/"):
        return file
    return replace(file, defect=why_unsafe(Path(path), may_repeat=file.world == "genomics"))


def _append(
    taking: _Taking,
    table: type[LandedTable],
    read: _Read,
    files: list[File],
    app: str,
    number: int,
) -> dict[str, File]:
    """Append the lines of these files in one commit. Returns the files that turned out to be unreadable."""
    storage, reader, refused = taking.storage, taking.reader, dict[str, File]()
    while readable := [f for f in files if f.name not in refused]:
        lines = taking.emptied(read(reader, readable), table, [f.header for f in readable if f.header])
        rows = lines.selectExpr(*(f"`{n}`" for n in table.declared)).persist(StorageLevel.DISK_ONLY)
        try:
            # Read to the end before the append: one that was made before a kill is not made, nor read for, again.
            rows.count()
            # On the first delivery everything is new; later, what hangs on this table asks whose lines came.
            touched = _touched(rows, table, taking.buckets) if storage.exists(table) else None
            storage.append_once(table, rows, Record("", {}, "incremental", touched), app, number)
            return refused
        except (Py4JJavaError, PySparkException) as error:
            broken = {f.name: replace(f, defect=defect) for f in readable if (defect := why_unreadable(reader, f))}
            if not broken:
                raise error
            refused |= broken
        finally:
            rows.unpersist()
    return refused


def _touched(rows: DataFrame, table: type[LandedTable], buckets: int) -> str | None:
    if table.scope is None:
        return None
    numbers = rows.select(bucket(table.scope, buckets).alias("bucket")).distinct().collect()
    return Buckets.of((row.bucket for row in numbers), buckets).encode()


_WORLDS: dict[str, tuple[type[LandedTable], _Read]] = {
    "ehr": (EhrLine, ehr_lines),
    "claims": (ClaimsLine, claims_lines),
    "genomics": (GenomicsLine, genomics_lines),
    "identity": (IdentityLine, identity_lines),
}


def awaited_by(files: list[File]) -> set[type[LandedTable]]:
    """The tables that get rows when these files are taken."""
    return {table for world, (table, _) in _WORLDS.items() if any(f.world == world for f in files)} | (
        {LandedFile} if files else set()
    )


def _found(spark: SparkSession, landing: str) -> str:
    """The landing zone as the paths of its files begin: hdfs:/// with the name node, no ../ in it."""
    path = HadoopPath(spark, landing)
    try:
        exists = path.exists()
        is_file = exists and path.is_file()
    except Py4JJavaError as error:
        raise LakehouseError(f"cannot reach the landing zone {landing}: {reason_of(error)}") from None
    if not exists:
        raise UsageError(f"there is no landing zone at {landing}: create it, or name another with --landing")
    if is_file:
        raise UsageError(f"the landing zone {landing} is a file: name a folder with --landing")
    local = spelled(path.qualified())
    link = link_within(Path(local)) if local.startswith("/") else None
    if link:
        raise UsageError(f"{link} is a link to a folder of the landing zone, or around it: remove it")
    return path.qualified()


def _root(landing: str) -> str:
    """How the paths of all files below the landing zone begin."""
    return f"{spelled(landing.rstrip('/'))}/"
