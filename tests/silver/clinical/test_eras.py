"""Eras of conditions, drugs and doses: hand-made cases of the definitions of OMOP CDM 5.4."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from pyspark.sql import Row, SparkSession

from lakehouse.contract import Table
from lakehouse.quality import dropped, flag
from lakehouse.silver.clinical.condition_era import ConditionEra
from lakehouse.silver.clinical.condition_occurrence import ConditionOccurrence
from lakehouse.silver.clinical.dose_era import DoseEra
from lakehouse.silver.clinical.drug_era import DrugEra
from lakehouse.silver.clinical.drug_exposure import DrugExposure
from tests.support import Rows, rows_of

ASTHMA, GOUT = 317009, 440674
LISINOPRIL, LISINOPRIL_10, LISINOPRIL_20 = 1308216, 19080128, 19080129
ACETAMINOPHEN, ACETAMINOPHEN_WITH_OXYCODONE = 1125315, 40231925
ATROPINE_SOLUTION = 40243436
MILLIGRAM = 8576

NEW_YEAR = date(2020, 1, 1)
Given = dict[str, Any]


def day(number: int) -> date:
    """The day of that number; 1 is the first of January."""
    return NEW_YEAR + timedelta(number - 1)


def condition(first: int, last: int | None, person: int = 1, concept: int = ASTHMA) -> Given:
    return {"person_id": person, "condition_concept_id": concept, "condition_start_date": day(first),
            "condition_end_date": None if last is None else day(last)}  # fmt: skip


def exposure(
    first: int, last: int, drug: int = LISINOPRIL_10, quantity: float | None = None, days: int | None = None
) -> Given:
    return {"person_id": 1, "drug_concept_id": drug, "drug_exposure_start_date": day(first),
            "drug_exposure_end_date": day(last), "quantity": None if quantity is None else float(quantity),
            "days_supply": days}  # fmt: skip


def made(spark: SparkSession, sample: Rows, era: type[Table], of: type[Table], *given: Given) -> list[Row]:
    built = sample.given({of: rows_of(spark, of, *given)})[era]
    assert dropped(flag(era, built)).count() == 0
    return built.collect()


@pytest.mark.parametrize(
    ("given", "eras"),
    [
        ([condition(1, 5)], [(1, 5, 1)]),
        ([condition(1, None)], [(1, 1, 1)]),
        ([condition(5, 1)], [(5, 5, 1)]),
        ([condition(1, 10), condition(40, 50)], [(1, 50, 2)]),
        ([condition(1, 10), condition(41, 50)], [(1, 10, 1), (41, 50, 1)]),
        ([condition(1, 100), condition(10, 20), condition(130, None)], [(1, 130, 3)]),
        ([condition(1, 10), condition(1, 10)], [(1, 10, 2)]),
        ([condition(1, 10), condition(40, 50), condition(81, 90)], [(1, 50, 2), (81, 90, 1)]),
        ([condition(1, 10, concept=0), condition(20, 30, concept=0)], []),
    ],
    ids=[
        "one occurrence",
        "no end",
        "end before the start",
        "30 days after the end: the same era",
        "31 days after the end: another",
        "within a longer one, and 30 days after it",
        "the same twice",
        "a chain, then a break",
        "no standard concept",
    ],
)
def test_condition_eras(
    spark: SparkSession, sample: Rows, given: list[Given], eras: list[tuple[int, int, int]]
) -> None:
    rows = made(spark, sample, ConditionEra, ConditionOccurrence, *given)
    found = {(r.condition_era_start_date, r.condition_era_end_date, r.condition_occurrence_count) for r in rows}
    assert found == {(day(first), day(last), count) for first, last, count in eras}


def test_conditions_and_persons_have_eras_of_their_own(spark: SparkSession, sample: Rows) -> None:
    given = [condition(1, 10), condition(11, 20, concept=GOUT), condition(11, 20, person=2)]
    rows = made(spark, sample, ConditionEra, ConditionOccurrence, *given)
    found = {(r.person_id, r.condition_concept_id, r.condition_era_start_date) for r in rows}
    assert found == {(1, ASTHMA, day(1)), (1, GOUT, day(11)), (2, ASTHMA, day(11))}


@pytest.mark.parametrize(
    ("given", "eras"),
    [
        ([exposure(1, 30)], [(1, 30, 1, 0)]),
        ([exposure(1, 30), exposure(31, 60)], [(1, 60, 2, 0)]),
        ([exposure(1, 30), exposure(60, 90)], [(1, 90, 2, 29)]),
        ([exposure(1, 30), exposure(61, 90)], [(1, 30, 1, 0), (61, 90, 1, 0)]),
        ([exposure(1, 30), exposure(21, 50), exposure(55, 60)], [(1, 60, 3, 4)]),
        ([exposure(1, 90), exposure(10, 20), exposure(95, 99)], [(1, 99, 3, 4)]),
        ([exposure(1, 10), exposure(15, 20), exposure(15, 30), exposure(41, 50)], [(1, 50, 4, 14)]),
    ],
    ids=[
        "one exposure",
        "the next day",
        "30 days after the end: the same era",
        "31 days after the end: another",
        "ten days early, which are not stockpiled",
        "within a longer one",
        "two of one day and two gaps",
    ],
)
def test_drug_eras(
    spark: SparkSession, sample: Rows, given: list[Given], eras: list[tuple[int, int, int, int]]
) -> None:
    rows = made(spark, sample, DrugEra, DrugExposure, *given)
    assert {r.drug_concept_id for r in rows} == {LISINOPRIL}
    found = {(r.drug_era_start_date, r.drug_era_end_date, r.drug_exposure_count, r.gap_days) for r in rows}
    assert found == {(day(first), day(last), count, gap) for first, last, count, gap in eras}


def test_drug_eras_are_of_ingredients(spark: SparkSession, sample: Rows) -> None:
    given = [
        exposure(1, 30, LISINOPRIL_10),
        exposure(31, 60, LISINOPRIL_20),
        exposure(61, 90, LISINOPRIL),
        exposure(1, 5, ACETAMINOPHEN_WITH_OXYCODONE),
        exposure(1, 5, 0),
    ]
    rows = made(spark, sample, DrugEra, DrugExposure, *given)
    ingredients = {r.drug_concept_id: (r.drug_era_end_date, r.drug_exposure_count) for r in rows}
    oxycodone = 1124957
    assert ingredients == {LISINOPRIL: (day(90), 3), ACETAMINOPHEN: (day(5), 1), oxycodone: (day(5), 1)}


@pytest.mark.parametrize(
    ("given", "eras"),
    [
        ([exposure(1, 30, quantity=30, days=30)], [(1, 30, 10.0)]),
        ([exposure(1, 30, quantity=30, days=30), exposure(31, 120, quantity=90, days=90)], [(1, 120, 10.0)]),
        (
            [exposure(1, 30, quantity=30, days=30), exposure(31, 60, quantity=60, days=30)],
            [(1, 30, 10.0), (31, 60, 20.0)],
        ),
        (
            [exposure(1, 30, quantity=60, days=30), exposure(31, 60, LISINOPRIL_20, quantity=30, days=30)],
            [(1, 60, 20.0)],
        ),
        (
            [exposure(1, 30, quantity=30, days=30), exposure(61, 90, quantity=30, days=30)],
            [(1, 30, 10.0), (61, 90, 10.0)],
        ),
        ([exposure(1, 30, quantity=30), exposure(31, 60, days=30), exposure(1, 9, ATROPINE_SOLUTION, 9, 9)], []),
    ],
    ids=[
        "a tablet a day",
        "the same dose from another package",
        "the dose doubles",
        "the same dose in half as many tablets",
        "31 days after the end: another",
        "no days, no quantity, no fixed amount",
    ],
)
def test_dose_eras(spark: SparkSession, sample: Rows, given: list[Given], eras: list[tuple[int, int, float]]) -> None:
    rows = made(spark, sample, DoseEra, DrugExposure, *given)
    assert {(r.drug_concept_id, r.unit_concept_id) for r in rows} <= {(LISINOPRIL, MILLIGRAM)}
    found = {(r.dose_era_start_date, r.dose_era_end_date, r.dose_value) for r in rows}
    assert found == {(day(first), day(last), dose) for first, last, dose in eras}


def test_a_dose_of_nothing_is_none(spark: SparkSession, sample: Rows) -> None:
    nothing = rows_of(spark, DrugExposure, exposure(1, 30, quantity=0, days=30))
    assert dropped(flag(DoseEra, sample.given({DrugExposure: nothing})[DoseEra])).count() == 1


def test_the_occurrences_of_the_sample_are_all_in_an_era(sample: Rows) -> None:
    in_eras = sample[ConditionEra].agg({"condition_occurrence_count": "sum"}).first()
    assert in_eras is not None
    assert in_eras[0] == sample[ConditionOccurrence].filter("condition_concept_id != 0").count()
    assert sample[DrugEra].filter("drug_exposure_count > 1").count() > 0
