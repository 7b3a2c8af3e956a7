"""Landed lines of who was erased: emptied where they lie, and emptied as they land again, by his tombstones.

An emptied line keeps its place, so that accounts balance, and nothing of what it told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.bronze.claims.claims_line import ClaimsLine
from lakehouse.bronze.ehr.ehr_line import EhrLine
from lakehouse.bronze.genomics.genomics_line import GenomicsLine
from lakehouse.bronze.identity.identity_line import IdentityLine
from lakehouse.bronze.landed_line import FromLine
from lakehouse.buckets import Buckets, bucket
from lakehouse.contract import LandedTable
from lakehouse.erasure.record import Tombstones
from lakehouse.erasure.source_ids import LABORATORY, RECORD_NUMBER, RESOURCE, VERSION
from lakehouse.storage import Record, Storage
from lakehouse.vault.codes import EHR, PAYER

REASON = "of somebody who was erased"
_ERASED = "erased"
_KEPT = {*FromLine.declared, "line_kind", "file_kind", "header", "field_names"}
_INFO, _FIRST_SAMPLE = 7, 9
"""Places in a line of a VCF file, from 0: of what is counted over its samples, and of the first of these."""

_REFERENCE = r"(?:Patient/|urn:uuid:)([^\"/|?#\s\\]+)"
"""A patient's id in FHIR, where another resource names it."""

_TELLING = 6
"""Signs of an id that hardly stands for something else in a line that cannot be read."""


class _Change(NamedTuple):
    """Lines to change, and what their columns are then."""

    where: Column
    values: Mapping[str, Column]


def empty(tables: Storage, stones: Tombstones, buckets: int) -> None:
    """Empty the lines of a person in bronze, and take his ids out of the lines of others: a few commits a table."""
    for table in (IdentityLine, GenomicsLine, ClaimsLine, EhrLine):
        if tables.exists(table):
            headers = tables.read(table).select("header").distinct().collect() if table is GenomicsLine else []
            for change in _changes(table, stones, [row.header for row in headers]):
                _update(tables, table, change, buckets)


def without_erased(stones: Tombstones, rows: DataFrame, table: type[LandedTable], headers: Iterable[str]) -> DataFrame:
    """Lines that land, emptied where they are of somebody who was erased.

    headers: those of the files of the lines.
    """
    if stones.hashes and table is GenomicsLine:
        stones = _with_new_samples(stones, rows)
    for change in _changes(table, stones, headers) if stones.hashes else ():
        marked = rows.withColumn("_erased", change.where)
        chosen = {n: F.when(F.col("_erased"), value).otherwise(F.col(n)) for n, value in change.values.items()}
        rows = marked.withColumns(chosen).drop("_erased")
    return rows


def _with_new_samples(stones: Tombstones, rows: DataFrame) -> Tombstones:
    """The tombstones, with those of samples that a manifest among the lines gives to one of the persons."""
    is_his = (F.col("line_kind") == "samples") & stones.mark(RECORD_NUMBER, _field("medical_record_number"))
    samples = [row.name for row in rows.filter(is_his).select(_field("sample_id").alias("name")).collect() if row.name]
    return Tombstones(stones.salt, stones.hashes | {stones.hash(LABORATORY, name) for name in samples})


def _changes(table: type[LandedTable], stones: Tombstones, headers: Iterable[str]) -> list[_Change]:
    """What changes in the lines of a table, one after the other."""
    nothing = {name: F.lit(None).cast(column.type) for name, column in table.declared.items() if name not in _KEPT}
    emptied = {**nothing, "raw": F.lit(""), "defect": F.lit(REASON)}
    broken = F.col("defect").isNotNull()
    if table is EhrLine:
        named = _named(_REFERENCE, EHR, stones)
        own = stones.mark(EHR, F.col("patient_id")) | stones.mark(RESOURCE, F.expr(VERSION))
        told = F.size(named) > 0
        of_nobody = broken | F.col("patient_id").isNull()
        words = [_named(r"\"([^\"]+)\"", kind, stones) for kind in (RECORD_NUMBER, EHR)]
        says = (broken & told) | (of_nobody & (F.size(F.concat(*words)) > 0))
        elsewhere = {"raw": F.regexp_replace("raw", _reference_to(named), F.lit(f"$1{_ERASED}"))}
        return [_Change(own | says, emptied), _Change(told, elsewhere)]
    if table is ClaimsLine:
        fields = F.transform(F.split("raw", r"[|\t,]"), lambda field: F.trim(F.translate(field, '"', "")))
        names = F.transform(F.split("header", r"[|\t,]"), lambda name: F.upper(F.trim(F.translate(name, '"', ""))))
        place = F.array_position(names, "BENE_ID").cast("int") - 1
        says = F.exists(
            fields,
            lambda field: ((F.length(field) >= _TELLING) | (field == F.get(fields, place))) & stones.mark(PAYER, field),
        )
        return [_Change(stones.mark(PAYER, F.col("bene_id")) | (broken & F.coalesce(says, F.lit(False))), emptied)]
    if table is IdentityLine:
        registered = [_named(rf"\b{source}\|([^,\t\"|]+)", source, stones) for source in (EHR, PAYER)]
        return [_Change(F.size(F.concat(*registered)) > 0, emptied)]
    if table is GenomicsLine:
        return _changes_of_genomes(stones, headers, emptied)
    return []


def _changes_of_genomes(stones: Tombstones, headers: Iterable[str], emptied: Mapping[str, Column]) -> list[_Change]:
    of_manifest = F.col("line_kind") == "samples"
    of_person = stones.mark(LABORATORY, _field("sample_id")) | stones.mark(
        RECORD_NUMBER, _field("medical_record_number")
    )
    changes = [_Change(F.coalesce(of_manifest & of_person, F.lit(False)), emptied)]
    named = {name for header in headers if header for name in header.split("\t")[_FIRST_SAMPLE:]}
    samples = sorted(stones.known(LABORATORY, named))
    return [*changes, _Change(_has_column(samples), _without_columns(samples))] if samples else changes


def _update(tables: Storage, table: type[LandedTable], change: _Change, buckets: int) -> None:
    touched = None
    if table.scope is not None:
        whose = tables.read(table).filter(change.where).select(bucket(table.scope, buckets).alias("bucket")).distinct()
        touched = Buckets.of((row.bucket for row in whose.collect()), buckets).encode()
    tables.update(table, change.where, dict(change.values), Record("", {}, "incremental", touched))


def _named(pattern: str, kind: str, stones: Tombstones) -> Column:
    """The ids of that kind that a line names, of those who were erased."""
    found = F.array_distinct(F.regexp_extract_all("raw", F.lit(pattern), F.lit(1)))
    return F.filter(F.transform(found, F.trim), lambda name: stones.mark(kind, name))


def _reference_to(names: Column) -> Column:
    """A pattern of the references to these patients."""
    either = F.array_join(F.transform(names, lambda name: F.concat(F.lit(r"\Q"), name, F.lit(r"\E"))), "|")
    return F.concat(F.lit(r"(Patient/|urn:uuid:)(?:"), either, F.lit(r")(?=[\"/|?#\s\\]|$)"))


def _field(name: str) -> Column:
    """The field of that name of a line of a manifest."""
    place = F.array_position(F.split("header", "\t"), name).cast("int") - 1
    return F.trim(F.get(F.split("raw", "\t"), place))


def _has_column(samples: list[str]) -> Column:
    """Whether the line is of a VCF file that has calls of one of the samples."""
    of_vcf = F.col("line_kind").isin("vcf_header", "vcf_record")
    return F.coalesce(of_vcf & F.arrays_overlap(_samples(), _array(samples)), F.lit(False))


def _without_columns(samples: list[str]) -> dict[str, Column]:
    """The line of a VCF file, and its header, without the columns of the samples.

    What INFO counts is of all samples, so that it is left out too. A line that has a defect may have its columns
    anywhere, and one of these samples alone is a variant of theirs: both are emptied. Comments may name the samples.
    """
    counted = F.transform(_staying("raw", samples), lambda field, i: F.when(i == _INFO, ".").otherwise(field))
    record = F.when(F.col("line_kind") == "vcf_record", F.array_join(counted, "\t"))
    header = F.when(F.col("raw") == F.col("header"), F.array_join(_staying("raw", samples), "\t"))
    comment = F.regexp_replace("raw", pattern(samples), _ERASED)
    of_him_alone = F.size(F.array_except(_samples(), _array(samples))) == 0
    nothing = F.col("defect").isNotNull() | (of_him_alone & ~F.col("raw").startswith("##"))
    return {
        "raw": F.when(nothing, "").otherwise(F.coalesce(record, header, comment)),
        "header": F.array_join(_staying("header", samples), "\t"),
        "defect": F.when(nothing, REASON),
    }


def _samples() -> Column:
    """The samples of a VCF file, by its header."""
    names = F.split("header", "\t")
    return F.slice(names, _FIRST_SAMPLE + 1, F.greatest(F.size(names) - _FIRST_SAMPLE, F.lit(0)))


def _staying(line: str, samples: list[str]) -> Column:
    """The fields of a line that stand below other names than those of the samples."""
    each = F.arrays_zip(F.split(line, "\t").alias("field"), F.split("header", "\t").alias("name"))

    def is_of_others(pair: Column, place: Column) -> Column:
        is_his = (place >= _FIRST_SAMPLE) & F.coalesce(pair["name"].isin(*samples), F.lit(False))
        return pair["field"].isNotNull() & ~is_his

    stays = F.filter(each, is_of_others)
    return F.transform(stays, lambda pair: pair["field"])


def _array(names: list[str]) -> Column:
    return F.array(*map(F.lit, names))


def pattern(names: Iterable[str]) -> str:
    """A pattern of these words; of none where there are none."""
    # A backslash in a name would end the quotation of it.
    words = "|".join(rf"\Q{name}\E" for name in (name.replace("\\", "") for name in names) if name)
    return rf"(?<![\w-])(?:{words})(?![\w-])" if words else r"(?!)"
