"""Lags: within their bounds, and of the sizes that were set."""

from __future__ import annotations

from datetime import date

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.synthetic.ehr import lags

_RECORDS = 50_000


@pytest.fixture(scope="module")
def records(spark: SparkSession) -> DataFrame:
    id_ = F.col("id").cast("string")
    day = F.lit(date(2022, 1, 1))
    known = lags.known_on(day, id_, lags.RECORD_DAYS)
    rows = spark.range(_RECORDS).select(
        F.datediff(known, day).alias("days"),
        F.datediff(lags.corrected_on(day, id_), day).alias("corrected"),
        F.datediff(lags.retracted_on(day, id_), day).alias("retracted"),
    )
    return rows.localCheckpoint()


def test_most_records_are_known_within_days_and_few_come_late(records: DataFrame) -> None:
    late = records.filter(F.col("days") > lags.RECORD_DAYS)
    least, most = late.agg(F.min("days"), F.max("days")).collect()[0]
    assert lags.LATE_DAYS[0] <= least
    assert most <= lags.LATE_DAYS[1] + lags.RECORD_DAYS
    assert late.count() / _RECORDS == pytest.approx(lags.LATE_SHARE, rel=0.2)
    assert {row.days for row in records.filter("days < 30").distinct().collect()} >= {0, 1, 2, 3}


def test_changes_have_their_shares_and_exclude_each_other(records: DataFrame) -> None:
    assert records.filter("corrected is not null").count() / _RECORDS == pytest.approx(lags.CORRECTED_SHARE, rel=0.2)
    assert records.filter("retracted is not null").count() / _RECORDS == pytest.approx(lags.RETRACTED_SHARE, rel=0.4)
    assert records.filter("corrected is not null and retracted is not null").count() == 0
    least, most = records.agg(F.min("corrected"), F.max("corrected")).collect()[0]
    assert (least, most) == lags.CHANGE_DAYS


def test_nothing_is_known_before_the_ehr_began(spark: SparkSession) -> None:
    known = lags.known_on(F.lit(date(1999, 1, 1)), F.lit("a"), lags.RECORD_DAYS)
    assert spark.range(1).select(known.alias("day")).collect()[0].day == lags.EHR_BEGAN
