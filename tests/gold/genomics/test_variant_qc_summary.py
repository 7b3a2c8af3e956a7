from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from pyspark.sql import SparkSession

from lakehouse.genomics.checks import HARDY_WEINBERG, LOW_CALL_RATE
from lakehouse.gold.genomics.variant_qc_summary import VariantQcSummary
from lakehouse.silver.genomics.variant import Variant
from tests.support import Rows


def test_golden(spark: SparkSession) -> None:
    variants: Any = spark.createDataFrame(
        [
            ("chr1", "SNP", "A", "G", 1, 1.0, [], True),
            ("chr1", "SNP", "C", "T", 4, 0.9, [LOW_CALL_RATE], False),
            ("chr1", "SNP", "A", "C", 5, 1.0, [], True),
            ("chr1", "Deletion", "AG", "A", 7, 0.8, [LOW_CALL_RATE, HARDY_WEINBERG], False),
        ],
        "contig string, variant_type string, ref string, alt string, ac int, call_rate double, "
        "failed_checks array<string>, passes_qc boolean",
    )
    rows = {row.variant_type: tuple(row)[2:] for row in VariantQcSummary.build(variants).collect()}
    assert rows["SNP"] == (3, 2, 0, 1, 0, 1, pytest.approx(2.9 / 3), 2.0, 1.0)
    assert rows["Deletion"] == (1, 0, 0, 1, 1, 0, pytest.approx(0.8), None, None)


def test_counts_every_variant_of_the_sample(sample: Rows) -> None:
    variants = sample[Variant].collect()
    rows = {(row.contig, row.variant_type): row for row in sample[VariantQcSummary].collect()}
    assert {key: row.n_variants for key, row in rows.items()} == Counter((v.contig, v.variant_type) for v in variants)
    assert {key: row.n_passing for key, row in rows.items() if row.n_passing} == Counter(
        (v.contig, v.variant_type) for v in variants if v.passes_qc
    )
