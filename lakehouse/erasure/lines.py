"""Landed lines of who was erased: emptied where they lie, and emptied as they land again.

An emptied line keeps its place, so that accounts balance, and nothing of what it told.
"""

from __future__ import annotations

from collections.abc import Iterable

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
from lakehouse.erasure.source_ids import LABORATORY, SourceIds
from lakehouse.storage import Record, Storage
from lakehouse.vault.codes import EHR, PAYER

REASON = "of somebody who was erased"
_ERASED = "erased"
_KEPT = {*FromLine.declared, "line_kind", "file_kind", "header", "field_names"}
_FIRST_SAMPLE, _INFO = 9, 7
"""Places of the columns of a VCF line, from 0: what is counted over its samples, and the first of these."""

_SAMPLE = r"trim(get(split(raw, '\t'), array_position(split(header, '\t'), 'sample_id') - 1))"
_FIELD_OF_VCF = "line_kind in ('vcf_header', 'vcf_record')"


def empty(tables: Storage, ids: SourceIds, marks: tuple[str, ...], buckets: int) -> None:
    """Empty the lines of a person in bronze, and take his ids out of the lines of others, a commit for each table.

    marks: what else tells him, as record numbers: it is looked for in lines that cannot be read.
    """
    registrations = [f"{source}|{name}" for source, names in ids.by_source().items() for name in names]
    names_him = F.exists("field_values", lambda value: value.isin(registrations))
    _update(tables, IdentityLine, F.coalesce(names_him, F.lit(False)), {}, buckets)
    if ids.samples:
        _update(tables, GenomicsLine, _is_sample(F.expr(_SAMPLE).isin(*ids.samples)), {}, buckets)
        _update(tables, GenomicsLine, _has_column(ids.samples), _without_columns(ids.samples), buckets)
    broken = F.col("defect").isNotNull() & F.col("raw").rlike(pattern((*ids.beneficiaries, *marks)))
    _update(tables, ClaimsLine, F.coalesce(F.col("bene_id").isin(*ids.beneficiaries), broken), {}, buckets)
    broken = F.col("defect").isNotNull() & F.col("raw").rlike(pattern((*ids.patients, *marks)))
    _update(tables, EhrLine, F.coalesce(F.col("patient_id").isin(*ids.patients), broken), {}, buckets)
    if ids.patients:
        mentioned = pattern(ids.patients)
        elsewhere = {"raw": F.regexp_replace("raw", mentioned, _ERASED)}
        _update(tables, EhrLine, F.col("raw").rlike(mentioned), elsewhere, buckets)


def without_erased(stones: Tombstones, rows: DataFrame, table: type[LandedTable], headers: Iterable[str]) -> DataFrame:
    """Lines that land, emptied where they are of somebody who was erased.

    headers: those of the files of the lines.
    """
    if not stones.hashes:
        return rows
    if table is EhrLine:
        return _emptied(rows, table, stones.mark(EHR, F.col("patient_id")))
    if table is ClaimsLine:
        return _emptied(rows, table, stones.mark(PAYER, F.col("bene_id")))
    if table is GenomicsLine:
        emptied = _emptied(rows, table, _is_sample(stones.mark(LABORATORY, F.expr(_SAMPLE))))
        samples = stones.known(LABORATORY, {name for header in headers for name in header.split("\t")})
        return _replaced(emptied, _has_column(samples), _without_columns(samples)) if samples else emptied
    return rows


def _update(tables: Storage, table: type[LandedTable], where: Column, values: dict[str, Column], buckets: int) -> None:
    """Change the lines that the predicate selects, or empty them where no values are given."""
    if not tables.exists(table):
        return
    touched = None
    if table.scope is not None:
        whose = tables.read(table).filter(where).select(bucket(table.scope, buckets).alias("bucket")).distinct()
        touched = Buckets.of((row.bucket for row in whose.collect()), buckets).encode()
    tables.update(table, where, values or _nothing(table), Record("", {}, "incremental", touched))


def _nothing(table: type[LandedTable]) -> dict[str, Column]:
    """What an emptied line holds."""
    nothing = {name: F.lit(None).cast(column.type) for name, column in table.declared.items() if name not in _KEPT}
    return {**nothing, "raw": F.lit(""), "defect": F.lit(REASON)}


def _emptied(rows: DataFrame, table: type[LandedTable], where: Column) -> DataFrame:
    return _replaced(rows, where, _nothing(table))


def _replaced(rows: DataFrame, where: Column, values: dict[str, Column]) -> DataFrame:
    marked = rows.withColumn("_erased", where)
    chosen = {name: F.when(F.col("_erased"), value).otherwise(F.col(name)) for name, value in values.items()}
    return marked.withColumns(chosen).drop("_erased")


def _is_sample(of_person: Column) -> Column:
    return F.coalesce((F.col("line_kind") == "samples") & of_person, F.lit(False))


def _has_column(samples: Iterable[str]) -> Column:
    """Whether the line is of a VCF file that has calls of one of the samples."""
    names = F.array(*map(F.lit, samples))
    return F.coalesce(F.expr(_FIELD_OF_VCF) & F.arrays_overlap(F.split("header", "\t"), names), F.lit(False))


def _without_columns(samples: Iterable[str]) -> dict[str, Column]:
    """The line of a VCF file, and its header, without the columns of the samples.

    What INFO counts is of all samples, so that it is left out too; a line that has a defect may have its columns
    anywhere, and is emptied.
    """
    names = F.array(*map(F.lit, samples))

    def without(line: str) -> Column:
        of_header = F.split("header", "\t")
        stays = F.filter(
            F.split(line, "\t"),
            lambda _, i: ~F.coalesce((i >= _FIRST_SAMPLE) & F.array_contains(names, F.get(of_header, i)), F.lit(False)),
        )
        return F.array_join(stays, "\t")

    counted = F.transform(F.split(without("raw"), "\t"), lambda field, i: F.when(i == _INFO, ".").otherwise(field))
    record = F.when(F.col("line_kind") == "vcf_record", F.array_join(counted, "\t"))
    header = F.when(F.col("raw") == F.col("header"), without("raw"))
    comment = F.regexp_replace("raw", pattern(samples), _ERASED)
    unread = F.when(F.col("defect").isNotNull(), "")
    return {"raw": F.coalesce(unread, record, header, comment), "header": without("header")}


def pattern(names: Iterable[str]) -> str:
    """A pattern of these words; of none where there are none."""
    # A backslash in a name would end the quotation of it.
    words = "|".join(rf"\Q{name}\E" for name in (name.replace("\\", "") for name in names) if name)
    return rf"(?<![\w-])(?:{words})(?![\w-])" if words else r"(?!)"
