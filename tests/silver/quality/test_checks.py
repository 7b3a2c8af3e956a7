"""Each check of the Data Quality Dashboard, seen passing and failing on rows made by hand."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from lakehouse.contract import Table
from lakehouse.silver.quality.cdm import FIELDS, FLOAT, INTEGER, VARCHAR
from lakehouse.silver.quality.checks import CATEGORY_OF, checks_of
from lakehouse.silver.quality.counts import fits
from lakehouse.silver.quality.quality_check_count import QualityCheckCount
from lakehouse.silver.quality.quality_check_result import QualityCheckResult
from lakehouse.silver.quality.quality_reference_count import QualityReferenceCount
from tests.support import rows_of

FIRST, SECOND = "2026-01-01", "2026-02-01"
EHR, SNOMED_ILLNESS, DRUG, INGREDIENT, TEST, UNIT, OTHER_UNIT = 32817, 201820, 40163924, 1503297, 3004501, 8840, 8753
PROSTATE = 200962
MALE, FEMALE = 8507, 8532

Found = dict[tuple[str, str, str, str], Any]
Rows = dict[str, list[dict[str, Any]]]


def results(spark: SparkSession, rows: Rows) -> Found:
    """The results by table, field, check and delivery; of a concept, its check is `check:concept`."""
    inputs: dict[str, DataFrame] = {}
    for name, table in {**QualityCheckCount.inputs(), **QualityCheckResult.inputs()}.items():
        delivered = [{"delivery": _delivery_of(row.get("line_id")), **row} for row in rows.get(name, [])]
        inputs[name] = rows_of(spark, table, *delivered)
    for name, table in (("counts", QualityCheckCount), ("references", QualityReferenceCount)):
        inputs[name] = built(table, inputs).localCheckpoint()
    found = built(QualityCheckResult, inputs).collect()
    assert len(found) == len({tuple(row[part] for part in QualityCheckResult.key) for row in found})
    assert {row.category for row in found} <= {"conformance", "completeness", "plausibility"}
    return {
        (row.cdm_table, row.cdm_field, f"{row.check_name}:{row.concept_id}" if row.concept_id else row.check_name,
         row.delivery): (row.rows_looked_at, row.rows_failing, row.passed)
        for row in found
    }  # fmt: skip


def built(table: type[Table], rows: dict[str, DataFrame]) -> DataFrame:
    made: DataFrame = table.build(**{name: rows[name] for name in table.inputs()})  # type: ignore[attr-defined]
    return made


def _delivery_of(line: int | None) -> str | None:
    return None if line is None else FIRST if line <= 10 else SECOND


def concept(id_: int, domain: str, kind: str | None = None, standard: str | None = "S", **more: str) -> dict[str, Any]:
    return {"concept_id": id_, "domain_id": domain, "concept_class_id": kind, "standard_concept": standard, **more}


CONCEPTS = [
    concept(EHR, "Type Concept"), concept(SNOMED_ILLNESS, "Condition"), concept(PROSTATE, "Condition"),
    concept(DRUG, "Drug", "Clinical Drug"), concept(INGREDIENT, "Drug", "Ingredient"), concept(TEST, "Measurement"),
    concept(UNIT, "Unit"), concept(OTHER_UNIT, "Unit"), concept(MALE, "Gender"), concept(FEMALE, "Gender"),
    concept(9201, "Visit"), concept(5, "Condition", standard=None), concept(6, "Condition", invalid_reason="D"),
]  # fmt: skip

WORLD: Rows = {
    "concept": CONCEPTS,
    "domain": [{"domain_id": "Drug"}],
    "cdm_source": [{
        "cdm_source_name": "hand-made", "source_release_date": date(2026, 2, 1), "cdm_release_date": date(2026, 2, 1),
    }],
    "ranges": [{"loinc_code": "2345-7", "concept_id": TEST, "unit_concept_id": UNIT, "plausible_low": 10.0,
                "plausible_high": 1000.0}],
    "person": [
        {"person_id": 1, "gender_concept_id": MALE, "year_of_birth": 1950, "month_of_birth": 6, "day_of_birth": 15,
         "race_concept_id": 0, "ethnicity_concept_id": 0, "line_id": 1},
        {"person_id": 2, "gender_concept_id": FEMALE, "year_of_birth": 1980, "race_concept_id": 0,
         "ethnicity_concept_id": 0, "line_id": 101},
    ],
    "death": [{"person_id": 1, "death_date": date(2020, 5, 1), "death_type_concept_id": EHR, "line_id": 1}],
    "visit_occurrence": [
        {"visit_occurrence_id": 7, "person_id": 1, "visit_concept_id": 9201, "visit_start_date": date(2019, 3, 1),
         "visit_end_date": date(2019, 3, 5), "visit_type_concept_id": EHR, "visit_source_concept_id": 0, "line_id": 2},
    ],
    "observation_period": [
        {"observation_period_id": 1, "person_id": 1, "observation_period_start_date": date(2019, 1, 1),
         "observation_period_end_date": date(2019, 12, 31), "period_type_concept_id": EHR},
    ],
}  # fmt: skip
"""A man who died and a woman, one stay, and the concepts that the rows below name."""


def condition(line: int | None, **said: Any) -> dict[str, Any]:
    return {
        "condition_occurrence_id": line, "person_id": 1, "condition_concept_id": SNOMED_ILLNESS,
        "condition_start_date": date(2019, 3, 2), "condition_type_concept_id": EHR, "visit_occurrence_id": 7,
        "condition_source_value": "44054006", "condition_source_concept_id": SNOMED_ILLNESS, "line_id": line,
    } | said  # fmt: skip


def drug(line: int, **said: Any) -> dict[str, Any]:
    day = date(2019, 3, 2)
    return {
        "drug_exposure_id": line, "person_id": 1, "drug_concept_id": DRUG, "drug_exposure_start_date": day,
        "drug_exposure_end_date": day, "drug_type_concept_id": EHR, "days_supply": 30, "line_id": line,
    } | said  # fmt: skip


def era(id_: int, **said: Any) -> dict[str, Any]:
    return {
        "drug_era_id": id_, "person_id": 1, "drug_concept_id": INGREDIENT, "drug_era_start_date": date(2019, 3, 2),
        "drug_era_end_date": date(2019, 3, 2), "drug_exposure_count": 1, "gap_days": 0,
    } | said  # fmt: skip


def measurement(line: int, **said: Any) -> dict[str, Any]:
    return {
        "measurement_id": line, "person_id": 1, "measurement_concept_id": TEST, "measurement_date": date(2019, 3, 2),
        "measurement_type_concept_id": EHR, "value_as_number": 95.0, "unit_concept_id": UNIT,
        "unit_source_value": "mg/dL", "visit_occurrence_id": 7, "line_id": line,
    } | said  # fmt: skip


CONDITIONS = [
    condition(1),
    condition(2, condition_end_date=date(2019, 3, 1)),  # ends before it starts
    condition(3, condition_start_date=date(1950, 6, 14)),  # before birth, and not in its visit
    condition(4, condition_start_date=date(2020, 7, 1)),  # 61 days after death
    condition(5, condition_start_date=date(2020, 6, 30)),  # 60 days after death
    condition(6, condition_start_date=date(2026, 2, 3), person_id=2, visit_occurrence_id=None),  # after tomorrow
    condition(7, condition_start_date=date(1949, 12, 31), person_id=2, visit_occurrence_id=None),
    condition(8, condition_start_date=date(2019, 2, 22)),  # a week before the visit
    condition(9, condition_start_date=date(2019, 2, 21)),  # a day more
    condition(10, condition_concept_id=0, condition_source_value="unknown", condition_source_concept_id=0),
    condition(11, condition_concept_id=5),  # not standard
    condition(12, condition_concept_id=6),  # no longer valid
    condition(13, condition_concept_id=DRUG),  # of another domain
    condition(14, condition_concept_id=404),  # no such concept
    condition(15, person_id=99, visit_occurrence_id=98, provider_id=97),  # nobody, nowhere
    condition(16, condition_concept_id=PROSTATE),
    condition(17, condition_concept_id=PROSTATE, person_id=2),  # a woman, and the visit is the man's
    condition(18, condition_start_date=None, condition_source_value=None),
    condition(None),  # of no line
]  # fmt: skip


def period(id_: int, person: int, start: date, end: date) -> dict[str, Any]:
    return {
        "observation_period_id": id_, "person_id": person, "observation_period_start_date": start,
        "observation_period_end_date": end, "period_type_concept_id": EHR,
    }  # fmt: skip


PERIODS = [
    period(1, 1, date(2019, 1, 1), date(2019, 12, 31)),
    period(2, 1, date(2020, 1, 1), date(2020, 1, 31)),  # the day after
    period(3, 3, date(2019, 1, 1), date(2019, 12, 31)),
    period(4, 3, date(2020, 1, 2), date(2020, 1, 31)),  # a day between
    period(5, 4, date(2019, 1, 1), date(2019, 12, 31)),
    period(6, 4, date(2019, 3, 1), date(2019, 3, 31)),
    period(7, 4, date(2019, 6, 1), date(2019, 6, 30)),  # not in the one before, but in the first
]

BAD: Rows = {
    **WORLD,
    "observation_period": PERIODS,
    "condition_occurrence": CONDITIONS,
    "drug_exposure": [
        drug(1),
        drug(2, days_supply=0, drug_exposure_end_date=date(2026, 1, 20)),  # after its delivery, not after the last
        drug(3, days_supply=366, drug_exposure_end_date=date(2026, 2, 3)),  # after tomorrow
        drug(4, quantity=0.0),
    ],
    "drug_era": [era(1), era(2, drug_concept_id=DRUG, drug_era_end_date=date(2026, 2, 3))],
    "measurement": [
        measurement(1),
        measurement(2, unit_concept_id=OTHER_UNIT),
        measurement(3, unit_concept_id=None, unit_source_value=None),
        measurement(4, unit_concept_id=0),
        measurement(5, value_as_number=9.9),
        measurement(11, value_as_number=1000.1),
        measurement(12, value_as_number=9.9, unit_concept_id=OTHER_UNIT),
        measurement(13, value_as_number=None, unit_concept_id=None, unit_source_value=None),  # says it in words
    ],
}
VISIT = WORLD["visit_occurrence"][0]
VISITS = [
    VISIT,
    # A few minutes into the day of birth.
    {**VISIT, "visit_occurrence_id": 8, "visit_start_date": date(1950, 6, 15), "visit_end_date": None,
     "visit_start_datetime": datetime(1950, 6, 15, 0, 5)},
    # Delivered on 1 February: tomorrow is the 2nd, whatever the hour; and it ends on the day on which it begins.
    {**VISIT, "visit_occurrence_id": 9, "person_id": 2, "line_id": 102, "visit_start_date": date(2026, 2, 2),
     "visit_end_date": None, "visit_start_datetime": datetime(2026, 2, 2, 8),
     "visit_end_datetime": datetime(2026, 2, 2, 7)},
]  # fmt: skip

GOOD: Rows = {
    **WORLD,
    "visit_occurrence": VISITS,
    "condition_occurrence": [condition(1), condition(16, condition_concept_id=PROSTATE)],
    "drug_exposure": [drug(1)],
    "drug_era": [era(1)],
    "measurement": [measurement(1)],
    "condition_era": [
        {"condition_era_id": 1, "person_id": 1, "condition_concept_id": SNOMED_ILLNESS,
         "condition_era_start_date": date(2019, 3, 2), "condition_era_end_date": date(2019, 3, 2),
         "condition_occurrence_count": 1}
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def bad(spark: SparkSession) -> Found:
    return results(spark, BAD)


@pytest.fixture(scope="module")
def good(spark: SparkSession) -> Found:
    return results(spark, GOOD)


CONDITION = "condition_occurrence"
FAILING = {
    # table, field, check: rows looked at and failing among the bad rows
    (CONDITION, "stop_reason", "cdmField"): (19, 19),
    (CONDITION, "condition_start_date", "isRequired"): (19, 1),
    (CONDITION, "condition_start_date", "measureValueCompleteness"): (19, 1),
    (CONDITION, "condition_start_date", "plausibleValueLow"): (18, 1),
    (CONDITION, "condition_start_date", "plausibleValueHigh"): (18, 1),
    (CONDITION, "condition_start_date", "plausibleAfterBirth"): (17, 2),
    (CONDITION, "condition_start_date", "plausibleTemporalAfter"): (18, 2),
    (CONDITION, "condition_end_date", "plausibleTemporalAfter"): (1, 1),
    (CONDITION, "condition_start_date", "plausibleBeforeDeath"): (14, 1),
    (CONDITION, "condition_start_date", "plausibleDuringLife"): (15, 1),
    (CONDITION, "condition_start_date", "plausibleStartBeforeEnd"): (1, 1),
    (CONDITION, "condition_start_date", "withinVisitDates"): (15, 4),
    (CONDITION, "person_id", "isForeignKey"): (19, 1),
    (CONDITION, "visit_occurrence_id", "isForeignKey"): (17, 2),
    (CONDITION, "provider_id", "isForeignKey"): (1, 1),
    (CONDITION, "condition_concept_id", "isForeignKey"): (19, 1),
    (CONDITION, "condition_concept_id", "fkDomain"): (17, 1),
    (CONDITION, "condition_concept_id", "isStandardValidConcept"): (17, 2),
    (CONDITION, "condition_concept_id", "standardConceptRecordCompleteness"): (19, 1),
    (CONDITION, "condition_source_concept_id", "sourceConceptRecordCompleteness"): (19, 1),
    (CONDITION, "condition_source_value", "sourceValueCompleteness"): (2, 1),
    (CONDITION, "condition_concept_id", f"plausibleGender:{PROSTATE}"): (2, 1),
    (CONDITION, "person_id", "measurePersonCompleteness"): (2, 0),
    ("note", "person_id", "measurePersonCompleteness"): (2, 2),
    ("observation_period", "person_id", "measurePersonCompleteness"): (2, 1),
    ("observation_period", "person_id", "measureObservationPeriodOverlap"): (3, 2),
    ("condition_era", "person_id", "measureConditionEraCompleteness"): (3, 3),
    ("drug_exposure", "days_supply", "plausibleValueLow"): (4, 1),
    ("drug_exposure", "days_supply", "plausibleValueHigh"): (4, 1),
    ("drug_exposure", "drug_exposure_end_date", "plausibleValueHigh"): (4, 1),
    ("drug_era", "drug_era_end_date", "plausibleValueHigh"): (2, 1),
    ("drug_exposure", "quantity", "plausibleValueLow"): (1, 1),
    ("drug_era", "drug_concept_id", "fkClass"): (2, 1),
    ("measurement", "measurement_concept_id", f"plausibleUnitConceptIds:{TEST}"): (6, 3),
    ("measurement", "value_as_number", f"plausibleValueLow:{TEST}"): (3, 1),
    ("measurement", "value_as_number", f"plausibleValueHigh:{TEST}"): (3, 1),
    ("measurement", "unit_concept_id", "standardConceptRecordCompleteness"): (6, 1),
}


@pytest.mark.parametrize("asked", FAILING, ids=".".join)
def test_finds_what_fails(bad: Found, asked: tuple[str, str, str]) -> None:
    assert bad[(*asked, "all")][:2] == FAILING[asked]


def test_a_check_passes_up_to_its_threshold(bad: Found, good: Found) -> None:
    key = (CONDITION, "condition_source_value", "sourceValueCompleteness", "all")
    assert (bad[key][2], good[key][2]) == (False, True)  # 50 and 0 of 100, where 10 may
    value = (CONDITION, "condition_source_value", "measureValueCompleteness", "all")
    assert bad[value] == (19, 1, True)  # 100 may
    nothing = (CONDITION, "condition_end_date", "plausibleValueLow", "all")
    assert good[nothing] == (0, 0, None)


def test_every_check_is_seen_passing(good: Found) -> None:
    passing = {check.split(":")[0] for (_, _, check, _), (_, _, passed) in good.items() if passed}
    assert passing == set(CATEGORY_OF)


def test_every_check_is_seen_failing(bad: Found) -> None:
    """But for those that the contract of the tables excludes: types and keys."""
    failing = {check.split(":")[0] for (_, _, check, _), (_, failing, _) in bad.items() if failing}
    assert set(CATEGORY_OF) - failing == {"cdmDatatype", "isPrimaryKey"}


def test_rows_are_told_by_the_delivery_of_their_line(bad: Found) -> None:
    def of(delivery: str) -> tuple[int, int]:
        found: tuple[int, int] = bad[CONDITION, "condition_start_date", "isRequired", delivery][:2]
        return found

    assert (of(FIRST), of(SECOND), of("all")) == ((10, 0), (8, 1), (19, 1))  # one row has no line
    assert bad["person", "person_id", "isRequired", SECOND][:2] == (1, 0)  # told by a claim
    assert {delivery for (table, *_, delivery) in bad if table == "drug_era"} == {"all"}
    values = (CONDITION, "condition_source_value", "sourceValueCompleteness")
    assert (bad[(*values, FIRST)][:2], bad[(*values, SECOND)][:2]) == ((2, 1), (1, 0))


@pytest.mark.parametrize(
    ("spark_type", "cdm_type", "conforms"),
    [("bigint", INTEGER, True), ("string", INTEGER, False), ("decimal(12,2)", FLOAT, True), ("date", VARCHAR, False)],
)
def test_a_column_of_another_type_does_not_conform(spark_type: str, cdm_type: str, conforms: bool) -> None:
    assert fits(spark_type, cdm_type) is conforms


def test_what_is_declared_holds_together() -> None:
    """Each field once; what a field points to is there, in its table or among the tables."""
    for table, fields in FIELDS.items():
        names = [field.name for field in fields]
        assert len(names) == len(set(names)), table
        for field in fields:
            for other in (field.standard_field, field.since, field.until):
                assert other is None or other in names, (table, field.name, other)


def test_times_of_the_day_of_birth_are_after_birth(good: Found) -> None:
    for field, visits in (("visit_start_date", 3), ("visit_start_datetime", 2)):
        assert good["visit_occurrence", field, "plausibleAfterBirth", "all"][:2] == (visits, 0)


def test_days_are_compared_and_not_hours(good: Found) -> None:
    for field, check, visits in (
        ("start", "plausibleValueHigh", 2),
        ("start", "plausibleStartBeforeEnd", 1),
        ("end", "plausibleTemporalAfter", 1),
    ):
        assert good["visit_occurrence", f"visit_{field}_datetime", check, "all"][:2] == (visits, 0)


def test_every_check_that_is_declared_is_counted_and_no_other(bad: Found) -> None:
    of_values = {"sourceValueCompleteness", "plausibleGender", "plausibleUnitConceptIds"}
    for name in ("person", "visit_occurrence", CONDITION, "drug_exposure", "measurement"):
        types = {column: declared.type for column, declared in QualityCheckCount.inputs()[name].declared.items()}
        declared = {(check.field, check.name) for check in checks_of(name, types)}
        counted = {
            (field, check) for table, field, check, of in bad if (table, of) == (name, "all") and ":" not in check
        }
        assert {pair for pair in declared ^ counted if pair[1] not in of_values} <= {
            ("value_as_number", "plausibleValueLow"), ("value_as_number", "plausibleValueHigh"),
        }  # fmt: skip


def test_every_table_that_is_declared_is_read() -> None:
    assert set(FIELDS) <= set(QualityCheckCount.inputs()) | set(QualityCheckResult.inputs())
    assert set(QualityReferenceCount.inputs()) == set(QualityCheckCount.inputs()) - {"ranges"}
