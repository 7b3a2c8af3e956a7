"""The one row that says of when the data are."""

from __future__ import annotations

from datetime import date

import pytest
from pyspark.sql import SparkSession

from lakehouse import quality
from lakehouse.bronze.landed_file import LandedFile
from lakehouse.silver.clinical.cdm_source import CdmSource
from lakehouse.silver.vocabulary.vocabulary import Vocabulary
from tests.support import rows_of


@pytest.mark.parametrize(
    ("deliveries", "days"),
    [
        (["2026-01-01", "2026-02-01"], [date(2026, 2, 1)]),
        (["2026-01-01", "february", "2026-3-1 later"], [date(2026, 1, 1)]),
        (["2026-01-01", "2026-02-01-again"], [date(2026, 2, 1)]),
        (["february"], []),
        ([], []),
    ],
)
def test_it_is_of_the_day_of_the_last_dated_delivery(
    spark: SparkSession, deliveries: list[str], days: list[date]
) -> None:
    refused = {"delivery": "2027-01-01", "defect": "unknown kind of file"}
    files = rows_of(spark, LandedFile, refused, *({"delivery": delivery} for delivery in deliveries))
    built = quality.flag(CdmSource, CdmSource.build(files, rows_of(spark, Vocabulary)))  # type: ignore[arg-type]
    assert [row.source_release_date for row in quality.kept(built).collect()] == days
    assert quality.dropped(built).count() == (deliveries == ["february"])
