"""From files to lines: what landed is taken once, and nothing of it is lost.

Spark's streaming file source keeps the list of the files that were seen; each new one is taken whole or,
where it cannot be read, recorded with the reason. A file is `<world>/<delivery>/.../<name>`, with world
one of ehr, claims and genomics. Whoever delivers writes under a name that starts with `_` or `.`, or ends
in .tmp or .part, and renames the file or its directory when it is complete: such names are not looked at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from py4j.protocol import Py4JJavaError
from pyspark import StorageLevel
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.bronze.claims.claims_line import ClaimsLine
from lakehouse.bronze.ehr.ehr_line import EhrLine
from lakehouse.bronze.genomics.genomics_line import GenomicsLine
from lakehouse.bronze.landed_file import LandedFile
from lakehouse.bronze.landed_line import PLACE
from lakehouse.contract import LandedTable
from lakehouse.errors import LakehouseError, UsageError
from lakehouse.keys import row_id
from lakehouse.refresh.changes import Buckets, bucket
from lakehouse.storage import Record, Storage

RIF_FILES = ("beneficiary", "carrier", "inpatient", "outpatient", "snf", "hha", "hospice", "dme", "pde")

_UNFINISHED = re.compile(r"\.(tmp|part|partial|filepart|crdownload)(/|$)", re.IGNORECASE)
_NAMES = {
    "ehr": re.compile(r"\.(?P<kind>ndjson|jsonl)(\.gz)?$", re.IGNORECASE),
    "claims": re.compile(rf"^(?P<kind>{'|'.join(RIF_FILES)})([^a-z].*)?\.(csv|txt|psv|tsv)(\.gz)?$", re.IGNORECASE),
    "genomics": re.compile(r"(\.(?P<kind>vcf)(\.gz|\.bgz)?|^(?P<manifest>samples)\.tsv(\.gz)?)$", re.IGNORECASE),
}
_INDEX_OF_VCF = re.compile(r"\.(tbi|csi)$", re.IGNORECASE)

_FHIR_HEAD = (
    "resourceType string, id string, meta struct<versionId: string, lastUpdated: string>, "
    "subject struct<reference: string>, patient struct<reference: string>, "
    "beneficiary struct<reference: string>, _broken string"
)


@dataclass(frozen=True)
class File:
    """A file of the landing zone, and how its lines are to be read."""

    path: str
    name: str
    bytes: int
    arrived_at: datetime
    world: str = ""
    delivery: str = ""
    kind: str | None = None
    header: str | None = None
    defect: str | None = None


def take(storage: Storage, landing: str, checkpoint: str, buckets: int) -> None:
    """Take every file of the landing zone that was not taken before.

    Raises LakehouseError where the landing zone is missing.
    """
    spark = storage.spark
    _check_exists(spark, landing)
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
    problems: list[Exception] = []

    def take_batch(batch: DataFrame, number: int) -> None:
        try:
            _take_batch(storage, reader, landing, batch, number, query_id=query.id, buckets=buckets)
        except Exception as error:
            problems.append(error)
            raise

    query = (
        arrivals.writeStream.foreachBatch(take_batch)
        .option("checkpointLocation", checkpoint)
        .trigger(availableNow=True)
        .start()
    )
    try:
        query.awaitTermination()
    except PySparkException as error:
        raise (problems[0] if problems else error) from None
    finally:
        query.stop()
    _refuse_changed(storage, reader, landing)


def waiting(storage: Storage, landing: str) -> list[File]:
    """The files that `take` would take now."""
    _check_exists(storage.spark, landing)
    listed = _listed(storage.spark, landing)
    new = listed.join(storage.read(LandedFile), "file", "left_anti").collect()
    files = [_look_at(storage.spark, landing, row.path, row.length, row.modificationTime) for row in new]
    return [file for file in files if not _UNFINISHED.search(file.name)]


def _listed(spark: SparkSession, landing: str) -> DataFrame:
    """The files of the landing zone as they are now, with their names below it."""
    root = re.sub("^file:/+", "/", landing.rstrip("/")) + "/"
    files = spark.read.format("binaryFile").option("recursiveFileLookup", "true").load(landing)
    name = F.expr(f"substring(regexp_replace(path, '^file:/+', '/'), {len(root) + 1})")
    return files.select("path", "length", "modificationTime", name.alias("file"))


def _refuse_changed(storage: Storage, reader: SparkSession, landing: str) -> None:
    """Put on record each file that is no longer what was taken under its name: it is not read again."""
    taken = storage.read(LandedFile).select("file", F.col("arrived_at").alias("modificationTime"))
    known = _listed(reader, landing).join(taken.select("file"), "file", "left_semi")
    changed = known.join(taken, ["file", "modificationTime"], "left_anti").collect()
    if not changed:
        return
    defect = "changed after it was taken: deliver it under another name"
    files = [_look_at(reader, landing, row.path, row.length, row.modificationTime) for row in changed]
    last = storage.last_commit(LandedFile)
    version = last.version if last else 0
    _append_files(storage, [replace(file, defect=defect) for file in files], "changed-files", version)


def _append_files(storage: Storage, files: list[File], app: str, number: int) -> None:
    rows = [(f.name, f.world, f.delivery, f.kind, f.bytes, f.arrived_at, f.defect) for f in files]
    ledger = storage.spark.createDataFrame(rows, LandedFile.ddl())
    storage.append_once(LandedFile, ledger, Record("", {}, "incremental"), app, number)


def _take_batch(
    storage: Storage, reader: SparkSession, landing: str, batch: DataFrame, number: int, *, query_id: str, buckets: int
) -> None:
    files = [_look_at(reader, landing, row.path, row.length, row.modificationTime) for row in batch.collect()]
    names = storage.spark.createDataFrame([(f.name,) for f in files], "file string")
    taken = {row.file for row in names.join(storage.read(LandedFile), "file", "left_semi").collect()}
    files = [f for f in files if f.name not in taken and not _UNFINISHED.search(f.name)]
    if not files:
        return
    for world, (table, read) in _WORLDS.items():
        of_world = [f for f in files if f.world == world and f.kind and not f.defect]
        if not of_world:
            continue
        refused = _append(storage, reader, table, read, of_world, f"{query_id}-{world}", number, buckets)
        files = [refused.get(f.name, f) for f in files]
    _append_files(storage, files, f"{query_id}-files", number)


def _append(
    storage: Storage,
    reader: SparkSession,
    table: type[LandedTable],
    read: Callable[[SparkSession, list[File]], DataFrame],
    files: list[File],
    app: str,
    number: int,
    buckets: int,
) -> dict[str, File]:
    """Append the lines of these files in one commit. Returns the files that turned out to be unreadable."""
    refused: dict[str, File] = {}
    while readable := [f for f in files if f.name not in refused]:
        rows = read(reader, readable).selectExpr(*(f"`{n}`" for n in table.declared)).persist(StorageLevel.DISK_ONLY)
        try:
            # Read to the end before the append: one that was made before a kill is not made, nor read for, again.
            rows.count()
            # On the first delivery everything is new; later, what hangs on this table asks whose lines came.
            touched = _touched(rows, table, buckets) if storage.exists(table) else None
            storage.append_once(table, rows, Record("", {}, "incremental", touched), app, number)
            return refused
        except (Py4JJavaError, PySparkException) as error:
            broken = {f.name: replace(f, defect=defect) for f in readable if (defect := _why_unreadable(reader, f))}
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


def _ehr_lines(reader: SparkSession, files: list[File]) -> DataFrame:
    lines = _lines(reader, files)
    head = F.from_json("raw", _FHIR_HEAD, {"columnNameOfCorruptRecord": "_broken"})
    patient = F.coalesce("head.subject.reference", "head.patient.reference", "head.beneficiary.reference")
    return (
        lines.withColumn("head", F.when(F.col("defect").isNull(), head))
        .withColumn("broken", F.coalesce(F.col("head._broken").isNotNull(), F.lit(False)))
        .withColumn(
            "defect",
            F.coalesce(
                "defect",
                F.when(F.col("broken"), "not a JSON object"),
                F.when(F.col("head.resourceType").isNull(), "no resourceType"),
                F.when(F.col("head.id").isNull(), "no id"),
            ),
        )
        .withColumn("head", F.when(F.col("defect").isNull(), F.col("head")))
        .withColumns({
            "resource_type": F.col("head.resourceType"),
            "resource_id": F.col("head.id"),
            "patient_id": F.when(F.col("head.resourceType") == "Patient", F.col("head.id")).otherwise(
                F.nullif(F.regexp_extract(patient, r"(?:Patient/|urn:uuid:)([^/|?#]+)", 1), F.lit(""))
            ),
            "version_id": F.col("head.meta.versionId"),
            "last_updated": F.to_timestamp("head.meta.lastUpdated"),
        })
    )  # fmt: skip


def _claims_lines(reader: SparkSession, files: list[File]) -> DataFrame:
    lines = _lines(reader, files).filter("raw != header")
    names, values = _fields("header"), _fields("raw")
    wrong = F.format_string("wrong column count: %d fields where the header names %d", F.size(values), F.size(names))
    fields = F.when(F.col("defect").isNull(), F.transform(values, lambda v: F.nullif(F.trim(v), F.lit(""))))
    return (
        lines.withColumn("defect", F.coalesce("defect", F.when(F.size(names) != F.size(values), wrong)))
        .withColumn("field_values", fields)
        .withColumn("bene_id", F.expr("element_at(field_values, cast(bene_id_at as int))"))
        .withColumn("defect", F.coalesce("defect", F.when(F.col("bene_id").isNull(), "no BENE_ID")))
    )


def _genomics_lines(reader: SparkSession, files: list[File]) -> DataFrame:
    lines = _lines(reader, files)
    fields, names = F.size(F.split("raw", "\t")), F.size(F.split("header", "\t"))
    wrong = F.format_string("wrong column count: %d fields where the header names %d", fields, names)
    is_data = ~F.col("raw").startswith("#") & (F.col("raw") != F.col("header"))
    return lines.withColumn("defect", F.coalesce("defect", F.when(is_data & (fields != names), wrong)))


_WORLDS: dict[str, tuple[type[LandedTable], Callable[[SparkSession, list[File]], DataFrame]]] = {
    "ehr": (EhrLine, _ehr_lines),
    "claims": (ClaimsLine, _claims_lines),
    "genomics": (GenomicsLine, _genomics_lines),
}


def awaited_by(files: list[File]) -> set[type[LandedTable]]:
    """The tables that get rows when these files are taken."""
    return {table for world, (table, _) in _WORLDS.items() if any(f.world == world for f in files)} | (
        {LandedFile} if files else set()
    )


def _lines(reader: SparkSession, files: list[File]) -> DataFrame:
    """The lines of files that are not blank, each with its place and what is known of its file."""
    known = reader.createDataFrame(
        [(f.path, f.name, f.delivery, f.kind, f.header, _position_of_bene_id(f), f.arrived_at) for f in files],
        "path string, file string, delivery string, file_kind string, header string, "
        "bene_id_at int, arrived_at timestamp",
    )
    lines = reader.read.text([f.path for f in files]).select(
        F.url_decode(F.replace(F.col("_metadata.file_path"), F.lit("+"), F.lit("%2B"))).alias("path"),
        F.col("_metadata.file_block_start").alias("block_start"),
        (F.monotonically_increasing_id().bitwiseAND(F.lit((1 << 33) - 1)) + 1).alias("line"),
        F.col("value"),
    )
    as_bytes = F.col("value").cast("binary")
    is_utf8 = F.encode(F.decode(as_bytes, "UTF-8"), "UTF-8") == as_bytes
    return (
        lines.filter("trim(value) != ''")
        .withColumn("is_utf8", is_utf8)
        .withColumn("raw", F.when(F.col("is_utf8"), F.col("value")).otherwise(F.decode(as_bytes, "ISO-8859-1")))
        .withColumn("defect", F.when(~F.col("is_utf8"), "not UTF-8"))
        .withColumn("path", F.regexp_replace("path", "^file:/+", "/"))
        .join(F.broadcast(known.withColumn("path", F.regexp_replace("path", "^file:/+", "/"))), "path")
        .withColumn("line_id", row_id("line", *PLACE))
    )  # fmt: skip


def _delimiter(header: str) -> str:
    return next((d for d in ("|", "\t") if d in header), ",")


def _fields(column: str) -> Any:
    """The fields of a delimited line, by the delimiter that its header uses; quotes only around commas."""
    quoted = F.split(column, r',(?=(?:[^"]*"[^"]*")*[^"]*$)')
    return (
        F.when(F.col("header").contains("|"), F.split(column, r"\|"))
        .when(F.col("header").contains("\t"), F.split(column, "\t"))
        .otherwise(F.transform(quoted, lambda v: F.replace(F.regexp_replace(v, '^"|"$', ""), F.lit('""'), F.lit('"'))))
    )


def _position_of_bene_id(file: File) -> int | None:
    names = (file.header or "").split(_delimiter(file.header or ""))
    return names.index("BENE_ID") + 1 if "BENE_ID" in names else None


def _look_at(spark: SparkSession, landing: str, path: str, size: int, arrived_at: datetime) -> File:
    """What a file is, from its place, its name and its header."""
    root = re.sub("^file:/+", "/", landing.rstrip("/"))
    name = re.sub("^file:/+", "/", path).removeprefix(f"{root}/")
    file = File(path, name, size, arrived_at)
    world, *directories, base = name.split("/") if "/" in name else ("", name)
    if world not in _NAMES or not directories:
        return replace(file, world=world, defect="not in <ehr|claims|genomics>/<delivery>/")
    file = replace(file, world=world, delivery=directories[0])
    if world == "genomics" and _INDEX_OF_VCF.search(base):
        return replace(file, kind="index")
    match = _NAMES[world].search(base)
    if not match:
        return replace(file, defect=f"unknown kind of file for {world}")
    kind = next(filter(None, match.groupdict().values())).lower()
    if world == "ehr" or size == 0:
        return replace(file, kind=kind)
    try:
        header = _header(spark, path, "#CHROM" if kind == "vcf" else "")
    except Py4JJavaError as error:
        return replace(file, kind=kind, defect=_reason(error))
    if header is None:
        return replace(file, kind=kind, defect="no header line")
    file = replace(file, kind=kind, header=header)
    if world == "claims" and _position_of_bene_id(file) is None:
        return replace(file, defect="the header names no BENE_ID")
    if kind == "vcf" and path.endswith(".bgz") and not _ends_as_bgzip(spark, path, size):
        return replace(file, defect="truncated: the block that ends a bgzip file is missing")
    return file


def _header(spark: SparkSession, path: str, start: str) -> str | None:
    """The first line that starts so, read on the driver: a header, not data."""
    jvm: Any = spark._jvm
    configuration = spark._jsc.hadoopConfiguration()
    file = jvm.org.apache.hadoop.fs.Path(path)
    codec = jvm.org.apache.hadoop.io.compress.CompressionCodecFactory(configuration).getCodec(file)
    stream = file.getFileSystem(configuration).open(file)
    try:
        readable = codec.createInputStream(stream) if codec else stream
        lines = jvm.java.io.BufferedReader(jvm.java.io.InputStreamReader(readable, "UTF-8"))
        while (line := lines.readLine()) is not None:
            if line.startswith(start):
                return str(line)
            if start and not line.startswith("#"):
                return None
        return None
    finally:
        stream.close()


_BGZIP_END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
"""The empty block that ends every complete BGZF file (SAM/BAM specification, section 4.1.2)."""


def _ends_as_bgzip(spark: SparkSession, path: str, size: int) -> bool:
    jvm: Any = spark._jvm
    configuration = spark._jsc.hadoopConfiguration()
    file = jvm.org.apache.hadoop.fs.Path(path)
    stream = file.getFileSystem(configuration).open(file)
    try:
        stream.seek(max(0, size - len(_BGZIP_END)))
        return bytes(jvm.org.apache.commons.io.IOUtils.toByteArray(stream)) == _BGZIP_END
    finally:
        stream.close()


def _why_unreadable(reader: SparkSession, file: File) -> str | None:
    """Read a file to its end, and say what stops it and after which line; None where nothing does."""
    lines = reader.read.text(file.path)
    try:
        lines.agg(F.max(F.length("value"))).collect()
        return None
    except (Py4JJavaError, PySparkException) as error:
        readable = reader.read.option("ignoreCorruptFiles", "true").text(file.path).count()
        return f"{_reason(error)}, after line {readable}"


def _reason(error: Exception) -> str:
    """The innermost cause of a failed read, in a few words."""
    text = str(error)
    if "EOFException" in text or "Unexpected end" in text:
        return "truncated: the compressed file ends early"
    if "not a gzip" in text or "ZipException" in text or "incorrect header check" in text:
        return "not a valid compressed file"
    causes: Iterable[str] = re.findall(r"Caused by: ([^\n]+)", text)
    return f"unreadable: {(list(causes) or text.splitlines())[-1][:200]}"


def _check_exists(spark: SparkSession, landing: str) -> None:
    jvm: Any = spark._jvm
    path = jvm.org.apache.hadoop.fs.Path(landing)
    try:
        exists = path.getFileSystem(spark._jsc.hadoopConfiguration()).exists(path)
    except Py4JJavaError as error:
        raise LakehouseError(f"cannot reach the landing zone {landing}: {_reason(error)}") from None
    if not exists:
        raise UsageError(f"there is no landing zone at {landing}: create it, or name another with --landing")
