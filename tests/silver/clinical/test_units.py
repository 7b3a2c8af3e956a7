"""Numbers in the usual unit of their test."""

from __future__ import annotations

import pytest
from pyspark.sql import Row, SparkSession

from lakehouse.silver.clinical.units import in_usual_unit
from lakehouse.silver.vocabulary.lab_vital import LabVital
from lakehouse.silver.vocabulary.unit_conversion import UnitConversion
from lakehouse.silver.vocabulary.unit_of_test import UnitOfTest
from tests.support import Rows, rows_of

NEEDED = "event_concept_id int, value_as_number double, unit_concept_id int, unit_source_value string, "
LIMITS = "range_low double, range_high double"

A1C, GLUCOSE, CREATININE, CREATININE_OF_BLOOD, CHOLESTEROL = 3004410, 3004501, 3016723, 3051825, 3027114
TRIGLYCERIDES, UREA_NITROGEN, CALCIUM, BILIRUBIN, URATE = 3022192, 3013682, 3006906, 3024128, 3037556
PHOSPHATE, MAGNESIUM, IRON, VITAMIN_D, B12, FREE_T4 = 3011904, 3001420, 3002400, 3020149, 3000593, 3008598
HAEMOGLOBIN, LEUKOCYTES, HAEMATOCRIT, CRP, TROPONIN, ALT = 3000963, 3000905, 3023314, 3020460, 3021337, 3006923
ALBUMIN_CREATININE, SODIUM, TSH = 3034485, 3019550, 3009201
TEMPERATURE, HEIGHT, WEIGHT, SYSTOLIC, PULSE = 3020891, 3036277, 3025315, 3004249, 3027018

PERCENT, MG_DL, MMOL_L, UMOL_L, NMOL_L, PMOL_L, G_DL, G_L = 8554, 8840, 8753, 8749, 8736, 8729, 8713, 8636
MMOL_MOL, CELSIUS, FAHRENHEIT, CM, INCH, METRE, KG, POUND, GRAM = 9579, 586323, 9289, 8582, 9327, 9546, 9529, 8739, 8504


@pytest.fixture(scope="module")
def units(sample: Rows) -> list[Row]:
    return sample[UnitOfTest].collect()


@pytest.mark.parametrize(
    ("test", "number", "unit", "expected", "usual"),
    [
        (GLUCOSE, 10.0, MMOL_L, 180.16, MG_DL),
        (CREATININE, 88.42, UMOL_L, 1.0, MG_DL),
        (CREATININE_OF_BLOOD, 88.42, UMOL_L, 1.0, MG_DL),
        (CHOLESTEROL, 1.0, MMOL_L, 38.67, MG_DL),
        (TRIGLYCERIDES, 1.0, MMOL_L, 88.57, MG_DL),
        (UREA_NITROGEN, 1.0, MMOL_L, 2.801, MG_DL),
        (CALCIUM, 2.5, MMOL_L, 10.02, MG_DL),
        (BILIRUBIN, 17.1, UMOL_L, 1.0, MG_DL),
        (URATE, 59.48, UMOL_L, 1.0, MG_DL),
        (PHOSPHATE, 1.0, MMOL_L, 3.097, MG_DL),
        (MAGNESIUM, 1.0, MMOL_L, 2.431, MG_DL),
        (IRON, 17.91, UMOL_L, 100.0, 8837),
        (VITAMIN_D, 2.496, NMOL_L, 1.0, 8842),
        (B12, 0.7378, PMOL_L, 1.0, 8845),
        (FREE_T4, 12.87, PMOL_L, 1.0, 8817),
        (HAEMOGLOBIN, 140.0, G_L, 14.0, G_DL),
        (HAEMOGLOBIN, 8.69, MMOL_L, 14.0, G_DL),
        (LEUKOCYTES, 7.5, 9444, 7.5, 8848),
        (LEUKOCYTES, 7500.0, 8647, 7.5, 8848),
        (HAEMATOCRIT, 0.42, 44777604, 42.0, PERCENT),
        (CRP, 1.2, MG_DL, 12.0, 8751),
        (TROPONIN, 40.0, 8725, 0.04, 8842),
        (ALT, 1.0, 32995, 60.0, 8645),
        (ALBUMIN_CREATININE, 3.4, 44777612, 30.06, 8723),
        (SODIUM, 140.0, 9557, 140.0, MMOL_L),
        (TSH, 4.0, 9093, 4.0, 9040),
        (A1C, 48.0, MMOL_MOL, 6.5, PERCENT),
        (A1C, 0.0, MMOL_MOL, 2.152, PERCENT),
        (A1C, 7.0, 9225, 7.0, PERCENT),
        (TEMPERATURE, 98.6, FAHRENHEIT, 37.0, CELSIUS),
        (TEMPERATURE, 32.0, FAHRENHEIT, 0.0, CELSIUS),
        (TEMPERATURE, -40.0, FAHRENHEIT, -40.0, CELSIUS),
        (HEIGHT, 70.0, INCH, 177.8, CM),
        (HEIGHT, 1.78, METRE, 178.0, CM),
        (WEIGHT, 180.0, POUND, 81.65, KG),
        (WEIGHT, 3400.0, GRAM, 3.4, KG),
        (SYSTOLIC, 16.0, 44777602, 120.0, 8876),
        (WEIGHT, 80.0, KG, 80.0, KG),
    ],
)
def test_factors_that_are_published_elsewhere(
    units: list[Row], test: int, number: float, unit: int, expected: float, usual: int
) -> None:
    (found,) = (u for u in units if (u.measurement_concept_id, u.unit_concept_id) == (test, unit))
    converted = number * found.factor + found.addend
    assert converted == pytest.approx(expected, rel=1e-2 if test == A1C else 1e-3, abs=1e-9)
    assert found.usual_unit_concept_id == usual


@pytest.mark.parametrize(
    ("test", "told"),
    [
        (A1C, {PERCENT, MMOL_MOL}),
        (TEMPERATURE, {CELSIUS, FAHRENHEIT}),
        (CREATININE, {MG_DL, UMOL_L}),
        (HEIGHT, set()),
        (WEIGHT, set()),
        (CHOLESTEROL, {MG_DL, MMOL_L}),
        (HAEMOGLOBIN, set()),
        (SYSTOLIC, set()),
        (GLUCOSE, set()),
        (PULSE, set()),
    ],
    ids=["a1c", "temperature", "creatinine", "height", "weight", "cholesterol", "g/dL or g/L", "mmHg or kPa",
         "no range is known", "one unit"],
)  # fmt: skip
def test_a_range_tells_the_unit_only_where_no_two_touch(units: list[Row], test: int, told: set[int]) -> None:
    of_test = [unit for unit in units if unit.measurement_concept_id == test]
    assert {unit.unit_concept_id for unit in of_test if unit.is_told_by_range} == told


@pytest.mark.parametrize(
    ("high", "is_told"),
    [(9.9, True), (10.0, False), (10.1, False)],
    ids=["apart", "touch", "overlap"],
)
def test_ranges_that_touch_tell_nothing(spark: SparkSession, high: float, is_told: bool) -> None:
    """1 to `high` in the usual unit is 10 to ten times as much in the other."""
    tests = rows_of(
        spark, LabVital, {"concept_id": 1, "unit_concept_id": 2, "plausible_low": 1.0, "plausible_high": high}
    )
    conversion = {"measurement_concept_id": 1, "unit_concept_id": 3, "factor": 0.1, "addend": 0.0}
    rows = UnitOfTest.build(tests, rows_of(spark, UnitConversion, conversion)).collect()  # type: ignore[arg-type]
    assert [row.is_told_by_range for row in rows] == [is_told, is_told]


CASES = [
    # test, number, unit, its concept; number, unit, evidence, in usual unit, plausible afterwards
    ((A1C, 6.5, "%", PERCENT), (6.5, PERCENT, "stated", True, True)),
    ((A1C, 48.0, "mmol/mol", MMOL_MOL), (6.54304, PERCENT, "stated", True, True)),
    ((A1C, 300.0, "mmol/mol", MMOL_MOL), (29.596, PERCENT, "stated", True, False)),
    ((A1C, 48.0, "bananas", 0), (48.0, 0, "stated", False, None)),
    ((A1C, 48.0, "kg", KG), (48.0, KG, "stated", False, None)),
    ((A1C, 48.0, None, None), (6.54304, PERCENT, "recognised by range", True, True)),
    ((A1C, 15.0, None, None), (15.0, PERCENT, "recognised by range", True, True)),
    ((A1C, 17.5, None, None), (17.5, None, None, None, None)),
    ((TEMPERATURE, 98.6, None, None), (37.0, CELSIUS, "recognised by range", True, True)),
    ((TEMPERATURE, 37.0, None, None), (37.0, CELSIUS, "recognised by range", True, True)),
    ((TEMPERATURE, 70.0, None, None), (70.0, None, None, None, None)),
    ((HEIGHT, 70.0, None, None), (70.0, None, None, None, None)),
    ((0, 70.0, "cm", CM), (70.0, CM, "stated", None, None)),
    ((A1C, None, None, None), (None, None, None, None, None)),
]


def test_numbers_are_converted_and_their_own_kept(spark: SparkSession, sample: Rows) -> None:
    given = spark.createDataFrame(
        [(test, number, concept, unit, 20.0, 42.0, i) for i, ((test, number, unit, concept), _) in enumerate(CASES)],
        f"{NEEDED}{LIMITS}, i int",
    )
    rows = in_usual_unit(given, sample[UnitOfTest]).orderBy("i").collect()
    assert len(rows) == len(CASES)
    for row, ((_, number, unit, concept), (value, *others)) in zip(rows, CASES, strict=True):
        assert row.value_as_number == (None if value is None else pytest.approx(value)), row
        assert [row.unit_concept_id, row.unit_evidence, row.is_in_usual_unit, row.is_plausible] == others, row
        assert (row.value_source_number, row.unit_source_value, row.unit_source_concept_id) == (number, unit, concept)
    assert (rows[0].range_low, rows[0].range_high) == (20.0, 42.0)
    assert (rows[1].range_low, rows[1].range_high) == (pytest.approx(3.98160), pytest.approx(5.99416))
