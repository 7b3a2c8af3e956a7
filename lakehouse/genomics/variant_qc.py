"""What the genotypes at each variant look like."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import DataFrame

from lakehouse.genomics.numbers import finite

if TYPE_CHECKING:
    from hail import MatrixTable


def variant_qc(genotypes: MatrixTable) -> DataFrame:
    """One row per variant: counts, frequency, call rate, and the exact test of Hardy-Weinberg equilibrium.

    The counts of genotypes and the test are of diploid calls alone, so on X they are of women. (Hail's own
    variant_qc takes every haploid call for a heterozygous one.) The p-value is the mid-p-value.
    """
    import hail as hl

    call = genotypes.GT
    measured = genotypes.annotate_rows(
        stats=hl.agg.call_stats(call, genotypes.alleles),
        n_samples=hl.agg.count(),
        n_called=hl.agg.count_where(hl.is_defined(call)),
        n_het=hl.agg.count_where(call.is_het()),
        hwe=hl.agg.hardy_weinberg_test(call),
        gq=hl.agg.stats(genotypes.GQ),
        dp=hl.agg.stats(genotypes.DP),
    )
    variants = measured.rows().key_by()
    rows: DataFrame = variants.select(
        "rsid",
        contig=variants.locus.contig,
        position=variants.locus.position,
        ref=variants.alleles[0],
        alt=variants.alleles[1],
        variant_type=hl.allele_type(variants.alleles[0], variants.alleles[1]),
        filters=hl.sorted(hl.array(variants.filters)),
        ac=variants.stats.AC[1],
        an=variants.stats.AN,
        af=finite(variants.stats.AF[1]),
        call_rate=finite(variants.n_called / variants.n_samples),
        n_hom_ref=hl.int64(variants.stats.homozygote_count[0]),
        n_het=variants.n_het,
        n_hom_var=hl.int64(variants.stats.homozygote_count[1]),
        het_freq_hwe=finite(variants.hwe.het_freq_hwe),
        p_value_hwe=finite(variants.hwe.p_value),
        gq_mean=finite(variants.gq.mean),
        gq_stdev=finite(variants.gq.stdev),
        dp_mean=finite(variants.dp.mean),
        dp_stdev=finite(variants.dp.stdev),
    ).to_spark()
    return rows
