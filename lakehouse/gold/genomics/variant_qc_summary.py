"""How the variants fared in quality control."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.contract import GENOMICS, Column, Table
from lakehouse.genomics.checks import CALLER_FILTER, HARDY_WEINBERG, LOW_CALL_RATE
from lakehouse.silver.genomics.variant import Variant


class VariantQcSummary(Table):
    """Variants by chromosome and type: how many pass quality control, and what the others failed.

    The ratio of transitions to transversions tells true SNPs from errors: about 2.0 to 2.1 over whole human
    genomes, and 0.5 where bases change at random.
    """

    layer = "gold"
    grain = "one row per chromosome and type of variant"
    key = ("contig", "variant_type")
    serves = (GENOMICS,)

    contig = Column("string", "chromosome (GRCh38)", required=True)
    variant_type = Column("string", "SNP, MNP, Insertion, Deletion or Complex", required=True)
    n_variants = Column("bigint", "variants", required=True)
    n_passing = Column("bigint", "variants that pass all checks", required=True)
    n_filtered = Column("bigint", "variants that the caller filtered", required=True)
    n_low_call_rate = Column("bigint", "variants that too few samples have a good genotype of", required=True)
    n_hardy_weinberg = Column("bigint", "variants out of Hardy-Weinberg equilibrium", required=True)
    n_singleton = Column("bigint", "variants seen on a single chromosome", required=True)
    mean_call_rate = Column("double", "mean share of samples with a good genotype")
    r_ti_tv = Column("double", "transitions per transversion; null for other types than SNP")
    r_ti_tv_passing = Column("double", "transitions per transversion among the passing variants")

    @staticmethod
    def build(variants: Variant) -> DataFrame:
        """Count the variants."""
        return variants.groupBy("contig", "variant_type").agg(
            F.count("*").alias("n_variants"),
            F.count_if("passes_qc").alias("n_passing"),
            F.count_if(F.array_contains("failed_checks", CALLER_FILTER)).alias("n_filtered"),
            F.count_if(F.array_contains("failed_checks", LOW_CALL_RATE)).alias("n_low_call_rate"),
            F.count_if(F.array_contains("failed_checks", HARDY_WEINBERG)).alias("n_hardy_weinberg"),
            F.count_if(F.col("ac") == 1).alias("n_singleton"),
            # Sums of decimals, unlike those of doubles, do not depend on the order of the rows.
            F.avg(F.col("call_rate").cast("decimal(12, 10)")).cast("double").alias("mean_call_rate"),
            F.expr(f"count_if({_TRANSITION}) / count_if({_TRANSVERSION})").alias("r_ti_tv"),
            F.expr(f"count_if(passes_qc and {_TRANSITION}) / count_if(passes_qc and {_TRANSVERSION})").alias(
                "r_ti_tv_passing"
            ),
        )


_IS_TRANSITION = "concat(ref, alt) in ('AG', 'GA', 'CT', 'TC')"
_TRANSITION = f"(variant_type = 'SNP' and {_IS_TRANSITION})"
_TRANSVERSION = f"(variant_type = 'SNP' and not {_IS_TRANSITION})"
