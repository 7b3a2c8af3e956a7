"""What holds of a beneficiary now."""

from __future__ import annotations

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.bronze.claims.beneficiary import Beneficiary


def latest_year(beneficiaries: DataFrame) -> DataFrame:
    """What holds of each beneficiary in the last year that is told of him."""
    latest = Window.partitionBy("bene_id").orderBy(F.desc_nulls_last("rfrnc_yr"), "line_id")
    numbered = Beneficiary.current(beneficiaries).withColumn("_place", F.row_number().over(latest))
    return numbered.filter("_place = 1").drop("_place")
