"""FHIR Observations as OMOP measurements and observations."""

from __future__ import annotations

import csv
import gzip
import json
from collections import Counter
from datetime import date, datetime
from importlib.resources import files
from typing import Any

import pytest
from pyspark.sql import Row, SparkSession

from lakehouse.bronze.ehr.ehr_line import EhrLine
from lakehouse.bronze.ehr.observation import Observation as ObservationResource
from lakehouse.quality import REASONS, dropped, flag
from lakehouse.silver.clinical.measurement import Measurement
from lakehouse.silver.clinical.observation import Observation
from tests.conftest import SAMPLE
from tests.silver.clinical.fhir import LOCAL, LOINC, SNOMED, Resource, concept, resource
from tests.support import Rows, ehr_lines, without_claims

UCUM = "http://unitsofmeasure.org"
HBA1C, SMOKING, PRESSURE = concept((LOINC, "4548-4")), concept((LOINC, "72166-2")), concept((LOINC, "85354-9"))
SYSTOLIC, DIASTOLIC = concept((LOINC, "8480-6")), concept((LOINC, "8462-4"))
UNKNOWN = concept((LOCAL, "X1"))


def quantity(value: float, code: str, **more: object) -> Resource:
    return {"value": value, "unit": code, "system": UCUM, "code": code, **more}


def observation(name: str, code: Resource, **elements: object) -> Resource:
    return resource(
        "Observation", name, **{"code": code, "status": "final", "effectiveDateTime": "2021-06-07", **elements}
    )


RESULTS = [
    observation(
        "hba1c",
        HBA1C,
        valueQuantity=quantity(6.5, "%"),
        category=[concept(("category", "laboratory"))],
        effectiveDateTime="2021-06-07T23:30:00-05:00",
        referenceRange=[{"low": {"value": 4}, "high": {"value": 5.6}}],
        encounter={"reference": "Encounter/e1"},
    ),
    observation("below", HBA1C, valueQuantity=quantity(3.5, "%", comparator="<")),
    observation("other unit", HBA1C, valueQuantity=quantity(48, "mmol/mol")),
    observation("strange unit", HBA1C, valueQuantity=quantity(48, "bananas")),
    observation("no unit", HBA1C, valueQuantity={"value": 48}),
    observation("absent", HBA1C, dataAbsentReason=concept(("absent", "unknown"))),
    observation(
        "pressure",
        PRESSURE,
        component=[
            {"code": SYSTOLIC, "valueQuantity": quantity(142, "mm[Hg]")},
            {"code": DIASTOLIC, "valueQuantity": quantity(91, "mm[Hg]")},
        ],
    ),
    observation(
        "valued panel",
        UNKNOWN,
        valueString="high",
        component=[
            {"code": SYSTOLIC, "valueQuantity": quantity(142, "mm[Hg]")},
            {"code": SMOKING, "valueCodeableConcept": concept((SNOMED, "44054006"))},
        ],
    ),
    observation("smoking", SMOKING, valueCodeableConcept=concept((LOCAL, "no"), text="never")),
    observation("diabetic", SMOKING, valueCodeableConcept=concept((LOCAL, "dm"), (SNOMED, "44054006"))),
    observation("unknown with number", UNKNOWN, valueInteger=3),
    observation("unknown with words", UNKNOWN, valueString="fine"),
    observation("yes", UNKNOWN, valueBoolean=True),
    observation("when", UNKNOWN, valueDateTime="2020-02"),
    observation("between", UNKNOWN, valueRange={"low": {"value": 1}, "high": {"value": 2}}),
    observation("issued", UNKNOWN, effectiveDateTime=None, issued="2021-06-08T01:00:00Z"),
    observation("undated", HBA1C, effectiveDateTime=None, valueQuantity=quantity(6.5, "%")),
    observation("undated words", UNKNOWN, effectiveDateTime=None, valueString="fine"),
    observation("cancelled", HBA1C, status="cancelled"),
    observation("error", HBA1C, status="entered-in-error", valueQuantity=quantity(6.5, "%")),
]


@pytest.fixture(scope="module")
def built(spark: SparkSession, sample: Rows) -> Rows:
    return sample.given({EhrLine: ehr_lines(spark, *RESULTS), **without_claims(spark)})


@pytest.fixture(scope="module")
def measured(built: Rows) -> dict[str, list[Row]]:
    return by_name(built[Measurement].orderBy("measurement_concept_id").collect())


@pytest.fixture(scope="module")
def noted(built: Rows) -> dict[str, list[Row]]:
    return by_name(built[Observation].orderBy("observation_concept_id").collect())


def by_name(rows: list[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(RESULTS[row.line_id - 1]["id"], []).append(row)
    return found


def test_domain_decides_then_the_value(measured: dict[str, list[Row]], noted: dict[str, list[Row]]) -> None:
    assert {name: len(rows) for name, rows in measured.items()} == {
        **dict.fromkeys(("hba1c", "below", "other unit", "strange unit", "no unit", "absent", "undated"), 1),
        **dict.fromkeys(("unknown with number", "cancelled", "valued panel"), 1),
        "pressure": 2,
    }
    assert {name: len(rows) for name, rows in noted.items()} == {
        **dict.fromkeys(("smoking", "diabetic", "unknown with words", "yes", "when", "between"), 1),
        **dict.fromkeys(("issued", "undated words"), 1),
        "valued panel": 2,
    }


def test_a_laboratory_result(measured: dict[str, list[Row]]) -> None:
    (row,) = measured["hba1c"]
    assert (row.measurement_concept_id, row.measurement_source_value) == (3004410, "4548-4")
    assert (row.measurement_date, row.measurement_datetime) == (date(2021, 6, 7), datetime(2021, 6, 8, 4, 30))
    assert (row.value_as_number, row.unit_concept_id, row.unit_source_value) == (6.5, 8554, "%")
    assert (row.range_low, row.range_high, row.is_plausible) == (4.0, 5.6, True)
    assert (row.measurement_type_concept_id, row.value_as_concept_id) == (32856, None)
    assert row.visit_occurrence_id is not None


def test_components_are_rows(built: Rows, measured: dict[str, list[Row]]) -> None:
    systolic, diastolic = measured["pressure"]
    if systolic.measurement_concept_id != 3004249:
        systolic, diastolic = diastolic, systolic
    assert (systolic.measurement_concept_id, systolic.value_as_number) == (3004249, 142.0)
    assert (diastolic.measurement_concept_id, diastolic.value_as_number) == (3012888, 91.0)
    assert {systolic.unit_concept_id, diastolic.unit_concept_id} == {8876}
    assert built[Measurement].count() == built[Measurement].select("measurement_id").distinct().count()


@pytest.mark.parametrize(
    ("name", "value", "in_source", "unit_concept_id", "is_plausible"),
    [
        ("below", 3.5, "<3.5", 8554, False),
        ("other unit", 6.54304, "48.0", 8554, True),
        ("strange unit", 48.0, "48.0", 0, None),
        ("no unit", 6.54304, "48.0", 8554, True),
        ("absent", None, None, None, None),
    ],
)
def test_numbers(
    measured: dict[str, list[Row]],
    name: str,
    value: float | None,
    in_source: str | None,
    unit_concept_id: int | None,
    is_plausible: bool | None,
) -> None:
    (row,) = measured[name]
    assert (row.value_as_number, row.value_source_value) == (pytest.approx(value), in_source)
    assert (row.unit_concept_id, row.is_plausible) == (unit_concept_id, is_plausible)


@pytest.mark.parametrize(
    ("name", "concept_id", "in_words", "in_source"),
    [
        ("smoking", 0, None, "no"),
        ("diabetic", 201826, None, "44054006"),
        ("unknown with words", None, "fine", "fine"),
        ("yes", None, "true", "true"),
        ("when", None, "2020-02", "2020-02"),
        ("between", None, "1.0 - 2.0", "1.0 - 2.0"),
        ("issued", None, None, None),
    ],
)
def test_other_values(
    noted: dict[str, list[Row]], name: str, concept_id: int | None, in_words: str | None, in_source: str | None
) -> None:
    (row,) = noted[name]
    assert (row.value_as_concept_id, row.value_as_string, row.value_source_value) == (concept_id, in_words, in_source)


def test_what_cannot_stay_goes_to_quarantine(built: Rows) -> None:
    refused = {
        table.__name__: {RESULTS[r.line_id - 1]["id"]: r[REASONS] for r in dropped(flag(table, built[table])).collect()}
        for table in (Measurement, Observation)
    }
    assert refused == {
        "Measurement": {"undated": ["date is known"], "cancelled": ["has a result"]},
        "Observation": {"undated words": ["date is known"]},
    }


def test_the_sample_has_a_row_for_every_value(sample: Rows) -> None:
    with files("lakehouse").joinpath("terminology/concept.csv").open(encoding="utf-8") as text:
        domains = {c["concept_code"]: c["domain_id"] for c in csv.DictReader(text) if c["vocabulary_id"] == "LOINC"}
    measurements: Counter[tuple[str, date, float | None]] = Counter()
    observations: Counter[tuple[str, date, float | None]] = Counter()
    with gzip.open(SAMPLE / "ehr" / "2026-01-01" / "Observation.ndjson.gz", "rt") as lines:
        for result in {o["id"]: o for o in map(json.loads, lines)}.values():
            for part in values_of(result):
                number = part.get("valueQuantity", {}).get("value")
                codes = [coding["code"] for coding in part["code"]["coding"]]
                code = next((c for c in codes if c in domains), codes[0])
                is_measurement = domains.get(code, "Measurement" if number is not None else None) == "Measurement"
                day = date.fromisoformat(result["effectiveDateTime"][:10])
                (measurements if is_measurement else observations)[code, day, number] += 1
    for table, name, number, expected in (
        (Measurement, "measurement", "value_source_number", measurements),
        (Observation, "observation", "value_as_number", observations),
    ):
        observed = sample[table].join(sample[ObservationResource].select("line_id"), "line_id", "left_semi")
        rows = observed.select(f"{name}_source_value", f"{name}_date", number).collect()
        assert Counter(map(tuple, rows)) == expected


def values_of(result: dict[str, Any]) -> list[dict[str, Any]]:
    has_value = any(element.startswith("value") for element in result)
    components = result.get("component", [])
    return [result, *components] if has_value or not components else components
