"""A file of the landing zone: what it is by its place, its name and its header, and what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.bronze.unsafe_file import leads_out
from lakehouse.hadoop import HadoopPath, spelled

RIF_FILES = ("beneficiary", "carrier", "inpatient", "outpatient", "snf", "hha", "hospice", "dme", "pde")

IDENTITY_FIELDS = {
    "decisions": ("registration_id_l", "registration_id_r", "decision"),
    "consents": ("registration_id", "purpose", "consent"),
}
"""What the header of a file of that kind must name."""

_UNFINISHED = re.compile(r"\.(tmp|part|partial|filepart|crdownload)(/|$)", re.IGNORECASE)

_NAMES = {
    "ehr": re.compile(r"\.(?P<kind>ndjson|jsonl)(\.gz)?$", re.IGNORECASE),
    "claims": re.compile(rf"^(?P<kind>{'|'.join(RIF_FILES)})([^a-z].*)?\.(csv|txt|psv|tsv)(\.gz)?$", re.IGNORECASE),
    "identity": re.compile(
        rf"^(?P<kind>{'|'.join(IDENTITY_FIELDS)})([^a-z].*)?\.(csv|txt|psv|tsv)(\.gz)?$", re.IGNORECASE
    ),
    "genomics": re.compile(r"(\.(?P<kind>vcf)(\.gz|\.bgz)?|^(?P<manifest>samples)\.tsv(\.gz)?)$", re.IGNORECASE),
}
_PATTERN = re.compile(r"([{}\[\]*?\\])")
"""Signs that Hadoop reads as patterns, unless a backslash stands before them."""

INDEX = "index"
"""The kind of a file that finds places in a VCF file, and holds no lines of its own."""

_INDEX_OF_VCF = re.compile(r"\.(tbi|csi)$", re.IGNORECASE)


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

    @property
    def is_finished(self) -> bool:
        """Whether the file has the name that it is delivered under."""
        return is_finished(self.name)

    @property
    def has_lines(self) -> bool:
        """Whether its lines are taken: it is of a known kind, readable, and no index of another file."""
        return bool(self.kind) and self.kind != INDEX and not self.defect

    @property
    def fields(self) -> list[str]:
        """The names of the fields in the header of a delimited file, in capitals."""
        header = self.header or ""
        fields = header.split(next((d for d in ("|", "\t") if d in header), ","))
        return [field.strip().strip('"').upper() for field in fields]

    @property
    def bene_id_at(self) -> int | None:
        """The position of the beneficiary's id among the fields of the header, from 1; None where it is not there."""
        return self.fields.index("BENE_ID") + 1 if "BENE_ID" in self.fields else None


def is_finished(name: str) -> bool:
    """Whether it is no name of a file, or of one in a folder, that is still being written."""
    return not _UNFINISHED.search(name)


def look_at(spark: SparkSession, landing: str, path: str, size: int, arrived_at: datetime) -> File:
    """What a file is, from its place, its name and its header."""
    name = spelled(path).removeprefix(f"{spelled(landing.rstrip('/'))}/")
    # Spark gives the time of this machine, where an hour comes twice when the clocks are set back.
    file = File(path, name, size, arrived_at.astimezone(UTC))
    if leads_out(spelled(path), spelled(landing)):
        return replace(file, defect="a link that leads out of the landing zone")
    world, *directories, base = name.split("/") if "/" in name else ("", name)
    if world not in _NAMES or not directories:
        return replace(file, world=world, defect="not in <ehr|claims|genomics|identity>/<delivery>/")
    file = replace(file, world=world, delivery=directories[0])
    if world == "genomics" and _INDEX_OF_VCF.search(base):
        return replace(file, kind=INDEX)
    match = _NAMES[world].search(base)
    if not match:
        return replace(file, defect=f"unknown kind of file for {world}")
    kind = next(filter(None, match.groupdict().values())).lower()
    if size == 0:
        return replace(file, kind=kind, defect="empty: it has no bytes")
    if world == "ehr":
        return replace(file, kind=kind)
    try:
        header = _header(HadoopPath(spark, path), "#CHROM" if kind == "vcf" else "")
    except Py4JJavaError as error:
        return replace(file, kind=kind, defect=reason_of(error))
    if header is None:
        return replace(file, kind=kind, defect="no header line")
    file = replace(file, kind=kind, header=header)
    if world == "claims" and file.bene_id_at is None:
        return replace(file, defect="the header names no BENE_ID")
    missing = [name for name in IDENTITY_FIELDS.get(kind, ()) if name.upper() not in file.fields]
    if missing:
        return replace(file, defect=f"the header names no {missing[0]}")
    if kind == "vcf" and path.endswith(".bgz") and HadoopPath(spark, path).tail(len(_BGZIP_END)) != _BGZIP_END:
        return replace(file, defect="truncated: the block that ends a bgzip file is missing")
    return file


def _header(file: HadoopPath, start: str) -> str | None:
    """The first line that starts so, read on the driver: a header, not data."""
    for line in file.lines():
        if line.startswith(start):
            return line
        if start and not line.startswith("#"):
            return None
    return None


_BGZIP_END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
"""The empty block that ends every complete BGZF file (SAM/BAM specification, section 4.1.2)."""


def why_unreadable(reader: SparkSession, file: File) -> str | None:
    """Read a file to its end, and say what stops it and after which line; None where nothing does."""
    lines = text_of(reader, [file.path])
    try:
        lines.agg(F.max(F.length("value"))).collect()
        return None
    except (Py4JJavaError, PySparkException) as error:
        readable = text_of(reader, [file.path], ignoreCorruptFiles="true").count()
        return f"{reason_of(error)}, after line {readable}"


def text_of(reader: SparkSession, paths: list[str], **options: str) -> DataFrame:
    """The lines of these files, whose names may hold signs of patterns of names."""
    return reader.read.options(**options).text([_PATTERN.sub(r"\\\1", path) for path in paths])


def reason_of(error: Exception) -> str:
    """The innermost cause of a failed read, in a few words."""
    text = str(error)
    if "EOFException" in text or "Unexpected end" in text:
        return "truncated: the compressed file ends early"
    if "not a gzip" in text or "ZipException" in text or "incorrect header check" in text:
        return "not a valid compressed file"
    if "Relative path in absolute URI" in text:
        return "Hadoop reads no file with a colon in its name: deliver it under another"
    causes: Iterable[str] = re.findall(r"Caused by: ([^\n]+)", text)
    return f"unreadable: {(list(causes) or text.splitlines())[-1][:200]}"
