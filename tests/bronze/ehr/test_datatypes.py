from __future__ import annotations

from datetime import date, datetime

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lakehouse.bronze.ehr.datatypes import date_of, referenced_id, timestamp_of

DATE_TIMES = {
    "2020": (date(2020, 1, 1), None),
    "2020-05": (date(2020, 5, 1), None),
    "2020-05-03": (date(2020, 5, 3), None),
    "2020-02-29": (date(2020, 2, 29), None),
    "2020-05-03T23:30:00-05:00": (date(2020, 5, 3), datetime(2020, 5, 4, 4, 30)),
    "2020-05-03T00:15:00+02:00": (date(2020, 5, 3), datetime(2020, 5, 2, 22, 15)),
    "2020-05-03T10:00:00.123Z": (date(2020, 5, 3), datetime(2020, 5, 3, 10, 0, 0, 123_000)),
    "2020-05-03T10:00:00": (date(2020, 5, 3), datetime(2020, 5, 3, 10)),
    "2021-02-29": (None, None),
    "2020-13": (None, None),
    "2020-05-03T25:00:00Z": (date(2020, 5, 3), None),
    "03/05/2020": (None, None),
    "20200503": (None, None),
    "unknown": (None, None),
    "": (None, None),
    None: (None, None),
}


def test_date_times(spark: SparkSession) -> None:
    written = spark.createDataFrame([(text,) for text in DATE_TIMES], "written string")
    read = written.select("written", date_of(F.col("written")), timestamp_of(F.col("written"))).collect()
    assert {row[0]: (row[1], row[2]) for row in read} == DATE_TIMES


def test_date_times_do_not_depend_on_the_time_zone_of_the_session(spark: SparkSession) -> None:
    spark.conf.set("spark.sql.session.timeZone", "America/New_York")
    try:
        written = spark.createDataFrame([(text,) for text in DATE_TIMES if text], "written string")
        read = written.select(
            "written", date_of(F.col("written")), F.unix_timestamp(timestamp_of(F.col("written")))
        ).collect()
    finally:
        spark.conf.set("spark.sql.session.timeZone", "UTC")
    instants = {text: instant for text, (_, instant) in DATE_TIMES.items()}
    for row in read:
        instant = instants[row[0]]
        assert row[1] == DATE_TIMES[row[0]][0]
        assert row[2] == (instant and int((instant - datetime(1970, 1, 1)).total_seconds()))


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("Encounter/e1", "e1"),
        ("https://hospital.example/fhir/Encounter/e1/_history/2", "e1"),
        ("urn:uuid:e1", "e1"),
        ("Patient/p1", None),
        ("Encounter?identifier=https://hospital.example|e1", None),
        (None, None),
    ],
)
def test_references(spark: SparkSession, reference: str | None, expected: str | None) -> None:
    row = spark.createDataFrame([(reference,)], "reference string").select(
        referenced_id(F.col("reference"), "Encounter")
    )
    assert row.collect()[0][0] == expected
