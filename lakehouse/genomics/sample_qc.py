"""What the genotypes of each sample look like."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import DataFrame

from lakehouse.genomics.numbers import finite

if TYPE_CHECKING:
    from hail import MatrixTable


def sample_qc(genotypes: MatrixTable) -> DataFrame:
    """One row per sample: Hail's sample_qc over the autosomal variants that the caller did not filter.

    X and Y are left out, since calls there tell men from women rather than good samples from bad ones.
    Ratios over nothing are null.
    """
    import hail as hl

    measured = genotypes.filter_rows(genotypes.locus.in_autosome() & (hl.len(genotypes.filters) == 0))
    measured = hl.sample_qc(measured, name="qc")
    samples = measured.cols().key_by()
    qc = samples.qc
    rows: DataFrame = samples.select(
        "specimen_id",
        call_rate=finite(qc.call_rate),
        gq_mean=finite(qc.gq_stats.mean),
        dp_mean=finite(qc.dp_stats.mean),
        n_hom_ref=qc.n_hom_ref,
        n_het=qc.n_het,
        n_hom_var=qc.n_hom_var,
        n_singleton=qc.n_singleton,
        r_ti_tv=finite(qc.r_ti_tv),
        r_het_hom_var=finite(qc.r_het_hom_var),
    ).to_spark()
    return rows
