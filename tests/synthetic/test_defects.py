"""Planted defects: as many as there should be, each written down where it is, and nothing else changed."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pyspark.sql import DataFrame, Observation, SparkSession
from pyspark.sql import functions as F

from lakehouse.synthetic import defects, identifiers
from lakehouse.synthetic.defects import spoil_fields, spoil_lines
from lakehouse.synthetic.defects.identifiers import transposed
from lakehouse.synthetic.defects.source_ids import fhir_ids
from lakehouse.synthetic.defects.told import GATHERED, gathered
from lakehouse.synthetic.directory import Directory
from lakehouse.synthetic.ehr.observation import observation
from lakehouse.synthetic.frames import (
    ALL,
    CLAIM,
    CLAIM_LINE,
    CONDITION,
    COVERAGE,
    DIAGNOSIS,
    DRUG_CLAIM,
    ENCOUNTER,
    IDENTITY,
    IMMUNIZATION,
    MEASUREMENT,
    NOTE,
    NULL,
    PERSON,
    TRUE_DEFECT,
    Frame,
)  # fmt: skip
from lakehouse.synthetic.journal import Journal, Rows
from lakehouse.synthetic.knowledge import by_key, table
from lakehouse.synthetic.rendering import Written
from lakehouse.synthetic.streams import Streams
from lakehouse.synthetic.world import Planted, World
from tests.synthetic.ehr import hand_made
from tests.synthetic.recorded import WORLD, block, copy

SEEDS = range(7, 13)
"""The same block with other draws: so many blocks' worth of rows."""

OF_LINES = ("json_cut", "mojibake", "not_utf8", "delimiter_in_field", "leading_zeros_lost", "mojibake_in_name")
Mask = NDArray[np.bool_]


def planted(seed: int, world: World = WORLD) -> Journal:
    journal = copy(block()[1])
    defects.plant(world, Streams(seed, 0), journal)
    return journal


@pytest.fixture(scope="module")
def before() -> Journal:
    return block()[1]


@pytest.fixture(scope="module")
def journals() -> list[Journal]:
    return [planted(seed) for seed in SEEDS]


@pytest.fixture(scope="module")
def after(journals: list[Journal]) -> Journal:
    return journals[0]


@pytest.fixture(scope="module")
def counts(journals: list[Journal]) -> Counter[str]:
    return sum((Counter(j.rows(TRUE_DEFECT)["defect_key"].tolist()) for j in journals), Counter())


def observable(journal: Journal) -> Mask:
    rows = journal.rows(MEASUREMENT)
    single = ~np.isin(rows["measure_key"].astype(str), ["sbp", "dbp"])
    return np.asarray(rows["in_ehr"] & ~np.isnan(rows["value"]) & single)


def holding(rows: Rows) -> Mask:
    return np.asarray(rows["final"] & (rows["action"] != "void"))


def lines_that_hold(journal: Journal) -> Mask:
    claims = journal.rows(CLAIM)
    return np.isin(journal.rows(CLAIM_LINE)["claim"], claims["id"][holding(claims)])


def in_ehr(journal: Journal) -> Mask:
    encounters = journal.rows(ENCOUNTER)
    return np.isin(journal.rows(DIAGNOSIS)["encounter"], encounters["id"][encounters["in_ehr"].astype(bool)])


def paid_once(journal: Journal) -> Mask:
    rows = journal.rows(CLAIM)
    once = (rows["version"] == 1) & np.array([denial is None for denial in rows["denial"]], dtype=bool)
    return np.asarray(holding(rows) & once)


def stays(journal: Journal) -> Mask:
    rows = journal.rows(CLAIM)
    return np.asarray(holding(rows) & (rows["rif"] == "inpatient") & (rows["discharge_date"] > rows["admission_date"]))


ELIGIBLE: dict[str, Callable[[Journal], Mask]] = {
    "decimal_slip": lambda j: observable(j) & (j.rows(MEASUREMENT)["value"] != 0),
    "duplicate_observation": observable,
    "orphan_encounter": observable,
    "clock_shift": lambda j: observable(j) & (j.rows(MEASUREMENT)["report"] != NULL),
    "immunization_before_birth": lambda j: j.rows(IMMUNIZATION)["in_ehr"].astype(bool),
    "discharge_before_admission": lambda j: np.asarray(
        j.rows(ENCOUNTER)["in_ehr"] & (j.rows(ENCOUNTER)["encounter_key"] == "inpatient")
    ),
    "note_cut": lambda j: np.array([len(text) > 500 for text in j.rows(NOTE)["text"]]),
    "diagnosis_code_missing": in_ehr,
    "diagnosis_of_other_sex": lambda j: in_ehr(j) & (j.rows(DIAGNOSIS)["rank"] > 1),
    "race_missing": lambda j: j.rows(IDENTITY)["world"] == "ehr",
    "member_race_missing": lambda j: np.isin(j.rows(IDENTITY)["world"].astype(str), ["medicaid", "commercial"]),
    "ndc_transposed": lambda j: holding(j.rows(DRUG_CLAIM)),
    "days_supply_absurd": lambda j: holding(j.rows(DRUG_CLAIM)),
    "service_before_birth": lambda j: holding(j.rows(CLAIM)),
    "service_in_future": lambda j: holding(j.rows(CLAIM)),
    "claim_discharge_before_admission": stays,
    "claim_diagnoses_missing": lambda j: holding(j.rows(CLAIM)),
    "duplicate_claim": paid_once,
    "amount_negative": lines_that_hold,
    "amount_hundredfold": lines_that_hold,
    "units_absurd": lines_that_hold,
}  # fmt: skip
"""By defect: the rows to which it can happen, those included that get another defect."""


@pytest.mark.parametrize("key", ELIGIBLE)
def test_a_defect_is_as_frequent_as_it_should_be(key: str, before: Journal, counts: Counter[str]) -> None:
    rate, rows = float(by_key("defects")[key]["rate"]), int(ELIGIBLE[key](before).sum()) * len(SEEDS)
    # A report's values share their clock.
    spread = 20 if key == "clock_shift" else 1
    slack = 4 * (rows * rate * (1 - rate) * spread) ** 0.5
    assert 0.93 * rate * rows - slack <= counts[key] <= rate * rows + slack


@pytest.mark.parametrize("key", ["unit_missing", "unit_nonstandard", "code_missing"])
def test_careless_facilities_have_more_defects_of_units_and_codes(
    key: str, before: Journal, counts: Counter[str], journals: list[Journal]
) -> None:
    expected = float(by_key("defects")[key]["rate"]) * int(observable(before).sum()) * len(SEEDS)
    assert 0.2 * expected < counts[key] < 3 * expected
    encounters, rows = before.rows(ENCOUNTER), before.rows(MEASUREMENT)
    facility = dict(zip(encounters["id"].tolist(), encounters["facility"].tolist(), strict=True))
    of_row = dict(zip(_fhir(rows), (facility[e] for e in rows["encounter"].tolist()), strict=True))
    values = Counter(of_row[id_] for id_ in of_row)
    told = journals[0].rows(TRUE_DEFECT)
    bad = Counter(of_row[id_] for id_ in told["source_id"][told["defect_key"] == key])
    shares = [bad[one] / values[one] for one in values if values[one] > 1_000]
    assert max(shares) > 5 * np.median(shares)


def _fhir(rows: Rows) -> list[str]:
    return fhir_ids("Observation", rows["id"])


def test_every_defect_of_rows_happens(counts: Counter[str]) -> None:
    rows = {row["key"] for row in table("defects")} - set(OF_LINES)
    assert set(counts) == rows


def differing(before: Journal, after: Journal, frame: Frame, column: str) -> NDArray[np.int64]:
    """The rows, of those that were there before, of which a column is another."""
    old, new = before.rows(frame)[column], after.rows(frame)[column][: len(before.rows(frame)[column])]
    pairs = zip(old.tolist(), new.tolist(), strict=True)
    return np.flatnonzero([one != other and not (one != one and other != other) for one, other in pairs])


CHANGES: dict[tuple[Frame, str], tuple[str, ...]] = {
    (MEASUREMENT, "value"): ("unit_wrong", "decimal_slip"),
    (MEASUREMENT, "unit"): ("unit_wrong", "unit_missing", "unit_nonstandard"),
    (MEASUREMENT, "start_time"): ("clock_shift", "observation_after_death"),
    (MEASUREMENT, "encounter"): ("orphan_encounter",),
    (MEASUREMENT, "uncoded"): ("code_missing",),
    (IMMUNIZATION, "start_time"): ("immunization_before_birth",),
    (CONDITION, "onset_date"): ("onset_in_future",),
    (ENCOUNTER, "start_time"): ("discharge_before_admission",),
    (ENCOUNTER, "end_time"): ("discharge_before_admission",),
    (DIAGNOSIS, "condition_key"): ("diagnosis_of_other_sex", "diagnosis_code_obsolete", "diagnosis_code_missing"),
    (IDENTITY, "race_missing"): ("race_missing", "member_race_missing"),
    (NOTE, "text"): ("note_cut",),
    (CLAIM, "npi"): ("npi_missing", "npi_transposed", "npi_unknown"),
    (CLAIM, "start_date"): ("service_before_birth", "service_after_death"),
    (CLAIM, "end_date"): ("service_in_future", "service_after_death"),
    (CLAIM, "processed_date"): ("service_after_death",),
    (CLAIM, "admission_date"): ("claim_discharge_before_admission",),
    (CLAIM, "discharge_date"): ("claim_discharge_before_admission",),
    (CLAIM, "diagnoses"): ("claim_diagnosis_obsolete", "claim_diagnosis_of_other_sex", "claim_diagnoses_missing"),
    (CLAIM_LINE, "hcpcs"): ("hcpcs_missing", "hcpcs_letter_for_digit"),
    (CLAIM_LINE, "charge"): ("amount_negative", "amount_hundredfold"),
    (CLAIM_LINE, "units"): ("units_absurd",),
    (DRUG_CLAIM, "ndc"): ("ndc_transposed",),
    (DRUG_CLAIM, "days_supply"): ("days_supply_absurd",),
}
"""By frame and column: the defects that change it. All other columns stay."""

SOURCE_IDS: dict[Frame, Callable[[Rows], list[str]]] = {
    MEASUREMENT: _fhir,
    IMMUNIZATION: lambda rows: fhir_ids("Immunization", rows["id"]),
    CONDITION: lambda rows: fhir_ids("Condition", rows["id"]),
    ENCOUNTER: lambda rows: fhir_ids("Encounter", rows["id"]),
    DIAGNOSIS: lambda rows: fhir_ids("Condition", rows["encounter"], rows["rank"]),
    IDENTITY: lambda rows: [
        fhir_ids("Patient", np.array([id_]))[0] if world == "ehr" else id_
        for world, id_ in zip(rows["world"], rows["source_id"], strict=True)
    ],
    NOTE: lambda rows: fhir_ids("DocumentReference", rows["id"]),
    CLAIM: lambda rows: [f"-{id_}" for id_ in rows["id"]],
    CLAIM_LINE: lambda rows: [f"-{id_}/{line}" for id_, line in zip(rows["claim"], rows["line_number"], strict=True)],
    DRUG_CLAIM: lambda rows: [f"-{id_}" for id_ in rows["id"]],
}


@pytest.mark.parametrize(("frame", "column"), CHANGES, ids=[f"{f.name}-{c}" for f, c in CHANGES])
def test_the_truth_points_at_the_rows_that_changed(frame: Frame, column: str, before: Journal, after: Journal) -> None:
    changed = differing(before, after, frame, column)
    ids = SOURCE_IDS[frame]({name: values[changed] for name, values in before.rows(frame).items()})
    told = after.rows(TRUE_DEFECT)
    of_column = np.isin(told["defect_key"].astype(str), CHANGES[frame, column])
    suffixes = [f"/{line}" if frame is CLAIM_LINE else "" for line in told["line_number"][of_column]]
    assert Counter(ids) == Counter(i + s for i, s in zip(told["source_id"][of_column], suffixes, strict=True))


def test_nothing_else_changed(before: Journal, after: Journal) -> None:
    for frame in ALL:
        for column in before.rows(frame):
            if (frame, column) not in CHANGES and frame is not TRUE_DEFECT:
                assert not len(differing(before, after, frame, column)), (frame.name, column)
    grown = {frame.name for frame in ALL if len(after.rows(frame)["person"]) > len(before.rows(frame)["person"])}
    assert grown == {"measurement", "claim", "claim_line", "true_defect"}


def test_true_and_bad_values_are_those_of_the_rows(before: Journal, after: Journal) -> None:
    told = after.rows(TRUE_DEFECT)
    row_of = {id_: row for row, id_ in enumerate(_fhir(before.rows(MEASUREMENT)))}
    old, new = before.rows(MEASUREMENT)["value"], after.rows(MEASUREMENT)["value"]
    for key, id_, true, bad in zip(
        *(told[c] for c in ("defect_key", "source_id", "true_value", "bad_value")), strict=True
    ):
        if key in ("unit_wrong", "decimal_slip"):
            assert (float(true), float(bad)) == pytest.approx((old[row_of[id_]], new[row_of[id_]]))
            assert true != bad


def out_of_balance(journal: Journal, amount: str) -> set[str]:
    """The claims of which the lines do not add up to the head."""
    claims, lines = journal.rows(CLAIM), journal.rows(CLAIM_LINE)
    sums: dict[int, int] = defaultdict(int)
    for claim, cents in zip(lines["claim"].tolist(), lines[amount].tolist(), strict=True):
        sums[claim] += cents
    heads = zip(claims["id"].tolist(), claims[amount].tolist(), strict=True)
    return {f"-{id_}" for id_, cents in heads if sums[id_] != cents}


@pytest.mark.parametrize("amount", ["charge", "allowed", "paid", "deductible", "coinsurance"])
def test_lines_add_up_to_the_head_of_the_claim_but_for_defects_of_charges(
    amount: str, before: Journal, after: Journal
) -> None:
    told = after.rows(TRUE_DEFECT)
    wrong = np.isin(told["defect_key"].astype(str), ["amount_negative", "amount_hundredfold"])
    expected = set(told["source_id"][wrong]) if amount == "charge" else set()
    assert out_of_balance(after, amount) == out_of_balance(before, amount) | expected


def test_duplicates_repeat_what_is_there_under_another_id(after: Journal) -> None:
    told = after.rows(TRUE_DEFECT)
    for key, frame in (("duplicate_observation", MEASUREMENT), ("duplicate_claim", CLAIM)):
        rows, of_key = after.rows(frame), told["defect_key"] == key
        row_of = {id_: row for row, id_ in enumerate(SOURCE_IDS[frame](rows))}
        for true, bad in zip(told["true_value"][of_key], told["bad_value"][of_key], strict=True):
            one, other = row_of[true], row_of[bad]
            same = [name for name in rows if name not in ("id", "group", "report")]
            assert all(
                rows[n][one] == rows[n][other] or rows[n][one] != rows[n][one] for n in same if rows[n].dtype != object
            )
            assert rows["id"][one] != rows["id"][other]


def test_identifiers_are_bad_in_the_way_that_is_told(after: Journal) -> None:
    told = after.rows(TRUE_DEFECT)
    npis = set(Directory.of(WORLD.seed).practitioners["npi"].tolist())
    values = {key: told["bad_value"][told["defect_key"] == key].tolist() for key in ("npi_transposed", "npi_unknown")}
    assert not any(identifiers.valid_npi(npi) for npi in values["npi_transposed"])
    assert all(identifiers.valid_npi(npi) and npi not in npis for npi in values["npi_unknown"])
    assert transposed("1223", 0) == "2123"
    assert transposed("9012", 0) == "9102"  # a check digit would not see 09


def test_dates_are_impossible_and_within_what_is_told(after: Journal) -> None:
    told, people = after.rows(TRUE_DEFECT), after.rows(PERSON)
    for key, person, bad in zip(told["defect_key"], told["person"], told["bad_value"], strict=True):
        if key in ("service_before_birth", "immunization_before_birth"):
            assert np.datetime64(bad) < people["birth_date"][person]
        elif key in ("service_after_death", "observation_after_death"):
            assert people["death_date"][person] + 60 < np.datetime64(bad) <= np.datetime64(WORLD.end) + 1


def test_the_null_world_has_no_defects_and_twice_as_many_are_twice_as_many(before: Journal, after: Journal) -> None:
    null = planted(7, replace(WORLD, planted=Planted(defects=0)))
    assert not len(null.rows(TRUE_DEFECT)["person"])
    twice = planted(7, replace(WORLD, planted=Planted(defects=2)))
    assert len(twice.rows(TRUE_DEFECT)["person"]) == pytest.approx(2 * len(after.rows(TRUE_DEFECT)["person"]), rel=0.1)


def test_defects_are_the_same_each_time_and_others_with_another_seed(journals: list[Journal]) -> None:
    again, first, other = (j.rows(TRUE_DEFECT) for j in (planted(7), journals[0], journals[1]))
    assert all((again[name] == first[name]).all() for name in first)
    assert set(other["source_id"]) != set(first["source_id"])


def test_a_row_has_its_defects_whatever_other_rows_there_are(before: Journal, after: Journal) -> None:
    fewer = copy(before)
    for frame in ALL:
        if frame not in (PERSON, COVERAGE):
            rows = fewer.rows(frame)
            fewer.replace(frame, {name: values[rows["person"].astype(np.int64) < 500] for name, values in rows.items()})
    defects.plant(WORLD, Streams(7, 0), fewer)
    told, all_told = fewer.rows(TRUE_DEFECT), after.rows(TRUE_DEFECT)
    of_them = all_told["person"] < 500
    assert sorted(told["source_id"]) == sorted(all_told["source_id"][of_them])


# --- lines of files -------------------------------------------------------------------------------------------------

MANY = replace(WORLD, planted=Planted(defects=10))
LINES = 4_000


def gathered_from(rows: DataFrame, spark: SparkSession) -> list[Any]:
    """The defects that are gathered while the rows are made."""
    written = Observation()
    rows.observe(written, F.count(F.lit(1)).alias("rows"), gathered()).drop("defect").write.format("noop").mode(
        "overwrite"
    ).save()
    return Written(0, written.get[GATHERED]).planted_rows(spark).collect()


@pytest.fixture(scope="module")
def resources(spark: SparkSession) -> DataFrame:
    name = F.when(F.col("id") % 4 == 0, "Núñez").otherwise("Brown")
    value = F.to_json(F.struct(F.lit("Patient").alias("resourceType"), F.struct(name.alias("family")).alias("name")))
    rows = spark.range(LINES).select("id", value.alias("value"), (F.col("id") % 100).alias("person"))
    return rows.withColumn("id", F.md5(F.col("id").cast("string")))


def test_lines_are_spoiled_as_told(spark: SparkSession, resources: DataFrame) -> None:
    spoiled = spoil_lines(MANY, "Patient", resources)
    rows = spoiled.withColumn("bytes", F.col("value").cast("binary")).drop("value").collect()
    told = {row.defect.source_id: row.defect for row in rows if row.defect}
    kinds = Counter(defect.defect_key for defect in told.values())
    rates = {"json_cut": LINES * 0.003, "mojibake": LINES / 4 * 0.3, "not_utf8": LINES / 4 * 0.1}
    assert all(abs(kinds[key] - expected) < 4 * expected**0.5 for key, expected in rates.items())
    for row in rows:
        key = row.defect.defect_key if row.defect else None
        if key == "not_utf8":
            assert "Núñez" in bytes(row.bytes).decode("latin-1")
            assert row.defect.bad_value == "N\ufffd\ufffdez"
        elif key == "json_cut":
            assert len(row.bytes) == int(row.defect.bad_value) < int(row.defect.true_value)
        else:
            family = json.loads(bytes(row.bytes))["name"]["family"]
            assert family == (row.defect.bad_value if key else family)
            assert family in (("NÃºÃ±ez",) if key else ("Núñez", "Brown"))
    assert sorted(d.source_id for d in gathered_from(spoiled, spark)) == sorted(told)


def test_fields_are_spoiled_as_told(spark: SparkSession) -> None:
    field = {
        "BENE_ID": "person", "BENE_ZIP_CD": "if(id % 2 = 0, '02118', '12118')", "DRVD_LINE_1_ADR": "'12 Elm Street'",
        "BENE_SRNM_NAME": "if(id % 2 = 0, 'Núñez', 'Brown')",
    }  # fmt: skip
    fields = F.struct(*(F.expr(value).cast("string").alias(name) for name, value in field.items()))
    rows = spark.range(LINES).selectExpr("id", "id as person").select(
        F.lit("medicare").alias("payer"), F.lit("2024-01-01").cast("date").alias("known_on"), "person",
        F.lit(None).cast("bigint").alias("claim"), F.lit(1).alias("line_number"), fields.alias("fields"),
    )  # fmt: skip
    spoiled = spoil_fields(MANY, "beneficiary", rows)
    told = [row for row in spoiled.collect() if row.defect]
    kinds = Counter(row.defect.defect_key for row in told)
    rates = {
        "delimiter_in_field": LINES * 0.005,
        "leading_zeros_lost": LINES / 2 * 0.1,
        "mojibake_in_name": LINES / 2 * 0.3,
    }
    assert all(abs(kinds[key] - expected) < 4 * expected**0.5 + 0.1 * expected for key, expected in rates.items())
    bad = {"delimiter_in_field": "12 Elm| Street", "leading_zeros_lost": "2118", "mojibake_in_name": "NÃºÃ±ez"}
    assert all(row.fields[row.defect.field] == row.defect.bad_value == bad[row.defect.defect_key] for row in told)
    assert all(row.defect.source_id == str(row.person) for row in told)
    assert len(gathered_from(spoiled, spark)) == len(told)


def test_lines_of_the_null_world_stay_as_they_are(spark: SparkSession, resources: DataFrame) -> None:
    null = spoil_lines(replace(WORLD, planted=Planted(defects=0)), "Patient", resources)
    assert null.filter("defect is not null").isEmpty()
    assert null.drop("defect").exceptAll(resources).isEmpty()


def test_what_is_told_of_observations_is_what_their_files_say(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = hand_made._journal()
    defects.plant(replace(WORLD, planted=Planted(defects=5)), Streams(7, 0), journal)
    monkeypatch.setattr(hand_made, "_journal", lambda: journal)
    lines = observation(hand_made.sources(spark, tmp_path)).filter("version = 1").select("id", F.to_json("resource"))
    resources = {row[0]: json.loads(row[1]) for row in lines.collect()}
    told = journal.rows(TRUE_DEFECT)
    seen = Counter(told["defect_key"])
    assert seen["unit_missing"] > 5
    assert seen["code_missing"] > 5
    for key, id_, bad in zip(told["defect_key"], told["source_id"], told["bad_value"], strict=True):
        if told["file_kind"][0] != "Observation" or id_ not in resources:
            continue
        quantity, code = resources[id_]["valueQuantity"], resources[id_]["code"]
        assert ("unit" not in quantity) == (key == "unit_missing")
        assert ("coding" not in code) == (key == "code_missing")
        if key in ("unit_wrong", "unit_nonstandard", "orphan_encounter"):
            field = {"unit_wrong": "value", "unit_nonstandard": "unit"}.get(key)
            found = quantity[field] if field else resources[id_]["encounter"]["reference"].removeprefix("Encounter/")
            assert str(found) == bad or float(found) == pytest.approx(float(bad))
