"""The data lines of VCF files."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.bronze.genomics.genomics_line import GenomicsLine
from lakehouse.bronze.genomics.grch38 import LENGTH, named
from lakehouse.bronze.genomics.vcf_header import CALLSET
from lakehouse.bronze.landed_line import PLACE, FromLine
from lakehouse.bronze.record import SourceRecord
from lakehouse.contract import Column, expect, expect_or_drop

CALL = "struct<alleles: array<int>, phased: boolean, gq: int, dp: int>"
"""A call. `alleles` has one element per chromosome copy: its allele (0 the reference, n the nth alternate) or
null where it was not called. So 0/1 is [0, 1], a haploid 1 is [1], ./. is [null, null] and ./1 is [null, 1]."""


class VcfRecord(SourceRecord):
    """A site and the calls of the samples at it, as the variant caller wrote them (VCF 4.2, a data line).

    A later delivery of the same site and alleles for the same samples replaces the earlier one.
    """

    layer = "bronze"
    grain = "one row per version of a site of a VCF file that landed"
    key = PLACE
    record = ("contig", "position", "reference", "alternates", "callset")

    contig = Column("string", "CHROM: the chromosome as GRCh38 names it; other sequences as they landed", required=True)
    position = Column("int", "POS: place of the first reference base, from 1", unit="bp")
    id = Column("string", "ID: names of the site, usually a dbSNP rs number; null where it has none")
    reference = Column("string", "REF: the reference bases", required=True)
    alternates = Column("array<string>", "ALT: the alternate alleles; empty where there are none", required=True)
    quality = Column("double", "QUAL: how sure the caller is that there is a variant", unit="Phred")
    filters = Column("array<string>", "FILTER: filters that the site failed; empty if PASS, null if not filtered")
    info = Column("string", "INFO as it landed")
    contig_length = Column("int", "length of the chromosome by the file's header, which tells its assembly", unit="bp")
    callset = Column("bigint", "which samples in which order (see VcfSample)", required=True)
    calls = Column(f"array<{CALL}>", "GT, GQ and DP of each sample, in the order of VcfSample", required=True)

    expectations = (
        expect_or_drop("lies on a chromosome of GRCh38", f"{LENGTH} is not null"),
        expect_or_drop("has coordinates of GRCh38", f"contig_length is null or contig_length = {LENGTH}"),
        expect_or_drop("lies within its chromosome", f"position is not null and position between 1 and {LENGTH}"),
        expect("spells its alleles", "forall(alternates, allele -> allele rlike '^[ACGTNacgtn]+$')"),
    )

    @staticmethod
    def build(lines: GenomicsLine) -> DataFrame:
        """Read the data lines."""
        readable = lines.filter("defect is null")
        records = readable.filter("line_kind = 'vcf_record'").withColumn("field", F.split("raw", "\t"))
        return (
            records.withColumn("contig", F.expr(named("field[0]")))
            .join(F.broadcast(_contig_lengths(readable)), ["file", "contig"], "left")
            .withColumns({name: F.expr(sql) for name, sql in _FORMAT_PLACES.items()})
            .selectExpr(*FromLine.declared, *(f"{sql} as {name}" for name, sql in _FIELDS.items()))
        )


def _contig_lengths(lines: DataFrame) -> DataFrame:
    """What the ##contig lines of each file say: one length per file and chromosome."""
    return (
        lines.filter("line_kind = 'vcf_header' and startswith(raw, '##contig=<')")
        .select(
            "file",
            F.expr(named("regexp_extract(raw, '[<,]ID=([^,>]+)', 1)")).alias("contig"),
            F.expr("cast(regexp_extract(raw, '[<,]length=([0-9]+)', 1) as int)").alias("contig_length"),
        )
        .groupBy("file", "contig")
        .agg(F.max("contig_length").alias("contig_length"))
    )


def _unless_missing(field: str) -> str:
    """SQL: the field, or null for VCF's missing value, which a cast to int would take for 0."""
    return f"nullif({field}, '.')"


def _sub_field(name: str) -> str:
    return f"get(split(sample, ':'), {name}_place)"


_FORMAT_PLACES = {
    f"{name}_place": f"array_position(split(get(field, 8), ':'), '{name.upper()}') - 1" for name in ("gt", "gq", "dp")
}
"""Where in a sample's colon-separated call each of its parts stands; -1 where the line does not have it."""

_FIELDS = {
    "content": "xxhash64(raw)",
    "contig": "contig",
    "position": "cast(field[1] as int)",
    "id": _unless_missing("field[2]"),
    "reference": "field[3]",
    "alternates": "filter(split(field[4], ','), allele -> allele != '.')",
    "quality": "cast(field[5] as double)",
    "filters": """
        case field[6] when 'PASS' then cast(array() as array<string>) when '.' then null
            else split(field[6], ';') end""",
    "info": _unless_missing("field[7]"),
    "contig_length": "contig_length",
    "callset": CALLSET,
    "calls": f"""
        transform(slice(field, 10, greatest(size(field) - 9, 0)), sample -> named_struct(
            'alleles', transform(split({_sub_field("gt")}, '[/|]'), allele -> cast({_unless_missing("allele")} as int)),
            'phased', contains({_sub_field("gt")}, '|'),
            'gq', cast({_unless_missing(_sub_field("gq"))} as int),
            'dp', cast({_unless_missing(_sub_field("dp"))} as int)))""",
}
