"""The genotypes of all samples at all variants, put together from the files that hold them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.keys import row_id

if TYPE_CHECKING:
    from hail import MatrixTable, Table
    from hail.expr import Int32Expression, StructExpression


def genotype_matrix(records: DataFrame, samples: DataFrame) -> MatrixTable:
    """A matrix of biallelic variants by samples, from the current VcfRecord rows and the VcfSample rows.

    Rows are keyed by `locus` (GRCh38) and `alleles`, the reference and one alternate in their shortest form,
    and have `rsid` and `filters`; columns are keyed by `specimen_id`; entries are GT, GQ and DP. A sample's
    entries are missing at a variant that none of its files hold. Where several do, the last delivered counts.
    Alternates that are not spelled out (*, <DEL>, breakends) are left out.
    """
    import hail as hl

    variants = hl.Table.from_spark(_alternates(records)).annotate_globals(**_places(samples))
    variants = _split(variants).collect_by_key("told")
    told = hl.sorted(variants.told, key=lambda row: (row.delivery, row.line_id), reverse=True)
    variants = variants.select(
        rsid=hl.find(hl.is_defined, told.rsid),
        filters=hl.set(hl.flatten(told.filters.filter(hl.is_defined))),
        entries=hl.range(hl.len(variants.columns)).map(
            lambda column: hl.or_else(
                hl.find(hl.is_defined, told.map(lambda row: row.entries[column])),
                hl.struct(GT=hl.missing(hl.tcall), GQ=hl.missing(hl.tint32), DP=hl.missing(hl.tint32)),
            )
        ),
    )
    return variants.select_globals("columns")._unlocalize_entries("entries", "columns", ["specimen_id"])


def of_samples(genotypes: MatrixTable, samples: DataFrame) -> MatrixTable:
    """The columns of these samples alone, annotated with what else their rows hold."""
    import hail as hl

    chosen = hl.Table.from_spark(samples).key_by("specimen_id")
    return genotypes.annotate_cols(**chosen[genotypes.specimen_id]).semi_join_cols(chosen)


def _alternates(records: DataFrame) -> DataFrame:
    """One row per record and alternate allele that is spelled out, with the types that Hail takes."""
    return (
        records.withColumn("reference", F.upper("reference"))
        .select("*", F.posexplode("alternates").alias("nth", "alternate"))
        .withColumns({"alternate": F.upper("alternate"), "nth": F.col("nth") + 1})
        .filter("reference rlike '^[ACGTN]+$' and alternate rlike '^[ACGTN]+$'")
        .select(
            *("contig", "position", "reference", "alternate", "nth"),
            *(F.col("id").alias("rsid"), "filters", "delivery", "line_id", "callset", "calls"),
        )
    )


def _places(samples: DataFrame) -> dict[str, object]:
    """The columns of the matrix, and for each callset the place in its calls of each column's sample."""
    import hail as hl

    named = samples.select("callset", "sample_index", row_id("sample", "sample_id").alias("specimen_id")).distinct()
    table = hl.Table.from_spark(named)
    found = table.aggregate(
        hl.struct(
            names=hl.sorted(hl.array(hl.agg.collect_as_set(table.specimen_id))),
            indices=hl.agg.group_by(
                table.callset, hl.dict(hl.agg.collect(hl.tuple([table.specimen_id, table.sample_index])))
            ),
        ),
        _localize=False,
    )
    return {
        "columns": found.names.map(lambda name: hl.struct(specimen_id=name)),
        "places": found.indices.map_values(lambda indices: found.names.map(indices.get)),
    }


def _split(variants: Table) -> Table:
    """Rows keyed by the shortest form of the variant, with an entry per column of the matrix.

    An entry is missing where the record's file does not hold the sample.
    """
    import hail as hl

    locus = hl.locus(variants.contig, variants.position, "GRCh38")
    shortest = hl.min_rep(locus, [variants.reference, variants.alternate])
    held = hl.or_else(
        variants.places.get(variants.callset), hl.range(hl.len(variants.columns)).map(lambda _: hl.missing(hl.tint32))
    )
    return variants.select(
        *("rsid", "filters", "delivery", "line_id"),
        locus=shortest.locus,
        alleles=shortest.alleles,
        entries=held.map(lambda place: hl.bind(lambda call: _entry(call, variants.nth), variants.calls[place])),
    ).key_by("locus", "alleles")


def _entry(call: StructExpression, nth: Int32Expression) -> StructExpression:
    """A call as Hail has it, in which all alleles but the nth are the reference; half-missing calls are missing."""
    import hail as hl

    alleles, complete = call.alleles, call.alleles.all(hl.is_defined)
    genotype = (
        hl.case()
        .when(complete & (hl.len(alleles) == 2), hl.call(alleles[0], alleles[1], phased=call.phased))
        .when(complete & (hl.len(alleles) == 1), hl.call(alleles[0]))
        .or_missing()
    )
    return hl.or_missing(hl.is_defined(call), hl.struct(GT=hl.downcode(genotype, nth), GQ=call.gq, DP=call.dp))
