from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from pyspark.sql import DataFrame, Row, SparkSession

from lakehouse.bronze.claims.beneficiary import Beneficiary
from lakehouse.bronze.claims.claims_line import ClaimsLine
from lakehouse.bronze.ehr.ehr_line import EhrLine
from lakehouse.bronze.ehr.patient import Patient
from lakehouse.quality import REASONS, flag
from lakehouse.silver.clinical import concepts
from lakehouse.silver.clinical.death import Death
from lakehouse.silver.clinical.person import Person
from lakehouse.silver.vocabulary.concept import Concept
from lakehouse.vault.beneficiary_link import BeneficiaryLink
from lakehouse.vault.patient_link import PatientLink
from tests.bronze.ehr.landed import landed
from tests.support import Rows, ehr_lines, rows_of, tied


def omb(extension: str, *categories: str) -> dict[str, Any]:
    parts = [{"url": "ombCategory", "valueCoding": {"code": code}} for code in categories]
    return {
        "url": f"http://hl7.org/fhir/us/core/StructureDefinition/us-core-{extension}",
        "extension": [*parts, {"url": "text", "valueString": "in words"}],
    }


def patient(patient_id: str, *extensions: dict[str, Any], **elements: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": patient_id, "extension": list(extensions), **elements}


def beneficiary(line: int, bene_id: str, year: int, **fields: Any) -> dict[str, Any]:
    place = {"delivery": "2026-01-01", "file": "f", "block_start": 0, "line": line, "line_id": 1000 + line}
    return {**place, "content": line, "bene_id": bene_id, "rfrnc_yr": year, **fields}


PATIENTS = [
    patient("plain", omb("race", "2106-3"), omb("ethnicity", "2186-5"), gender="female", birthDate="1950-03-04"),
    patient("year", omb("race", "2028-9"), gender="male", birthDate="1950"),
    patient("month", gender="other", birthDate="1950-03", deceasedBoolean=False),
    patient("several races", omb("race", "2106-3", "2054-5"), gender="male", birthDate="1950-03-04"),
    patient("no birth date", gender="male", deceasedBoolean=True),
    patient("also enrolled", gender="female", birthDate="1950-05-06", deceasedBoolean=True),
    patient(
        "two dates", omb("race", "2076-8"), omb("ethnicity", "2135-2"),
        gender="male", birthDate="1950-05-07", deceasedDateTime="2020-01-01T23:00:00-05:00",
    ),
]  # fmt: skip

ANN = {"bene_birth_dt": date(1950, 5, 6), "bene_sex_ident_cd": "2"}
AL = {"bene_birth_dt": date(1950, 5, 7), "bene_sex_ident_cd": "1"}

BENEFICIARIES = [
    beneficiary(1, "b1", 2019, **ANN, bene_race_cd="1"),
    beneficiary(2, "b1", 2020, **ANN, bene_race_cd="4", death_dt=date(2020, 7, 8), v_dod_sw="V"),
    beneficiary(3, "b2", 2020, **AL, bene_race_cd="1", death_dt=date(2020, 1, 3)),
    beneficiary(4, "b3", 2020, bene_birth_dt=date(1940, 1, 2), bene_sex_ident_cd="0", bene_race_cd="5"),
    beneficiary(5, "b4", 2020, bene_birth_dt=date(1940, 1, 2), bene_sex_ident_cd="1", death_dt=date(2020, 2, 2)),
]


@pytest.fixture(scope="module")
def made(spark: SparkSession, sample: Rows) -> Rows:
    place = {"delivery": "2026-01-01", "file": "f", "block_start": 0, "raw": ""}
    return sample.given({
        EhrLine: ehr_lines(spark, *PATIENTS),
        ClaimsLine: rows_of(spark, ClaimsLine, *({**place, "bene_id": b["bene_id"]} for b in BENEFICIARIES)),
        Beneficiary: rows_of(spark, Beneficiary, *BENEFICIARIES),
        **tied(spark, ("ehr|also enrolled", "payer|b1"), ("ehr|two dates", "payer|b2")),
    })  # fmt: skip


def by_source(made: Rows, rows: DataFrame) -> dict[str, Row]:
    """Rows by the patient's id, or the beneficiary's where he is no patient."""
    names = {row.person_id: row.bene_id for row in made[BeneficiaryLink].collect()}
    names |= {row.person_id: row.patient_id for row in made[PatientLink].collect()}
    found = {names[row.person_id]: row for row in rows.collect()}
    assert len(found) == rows.count()
    return found


@pytest.fixture(scope="module")
def persons(made: Rows) -> dict[str, Row]:
    return by_source(made, made[Person])


def test_everybody_with_a_record_is_one_person(persons: dict[str, Row]) -> None:
    assert set(persons) == {p["id"] for p in PATIENTS} | {"b3", "b4"}


@pytest.mark.parametrize(
    ("name", "born", "born_at", "gender", "race", "ethnicity"),
    [
        ("plain", (1950, 3, 4), datetime(1950, 3, 4), 8532, 8527, 38003564),
        ("year", (1950, None, None), None, 8507, 8515, 0),
        ("month", (1950, 3, None), None, 0, 0, 0),
        ("several races", (1950, 3, 4), datetime(1950, 3, 4), 8507, 0, 0),
        ("no birth date", (None, None, None), None, 8507, 0, 0),
        ("also enrolled", (1950, 5, 6), datetime(1950, 5, 6), 8532, 8515, 0),
        ("two dates", (1950, 5, 7), datetime(1950, 5, 7), 8507, 8557, 38003563),
        ("b3", (1940, 1, 2), datetime(1940, 1, 2), 0, 0, 38003563),
        ("b4", (1940, 1, 2), datetime(1940, 1, 2), 8507, 0, 0),
    ],
)
def test_demographics(
    persons: dict[str, Row],
    name: str,
    born: tuple[int | None, ...],
    born_at: datetime | None,
    gender: int,
    race: int,
    ethnicity: int,
) -> None:
    row = persons[name]
    assert (row.year_of_birth, row.month_of_birth, row.day_of_birth) == born
    assert row.birth_datetime == born_at
    assert (row.gender_concept_id, row.race_concept_id, row.ethnicity_concept_id) == (gender, race, ethnicity)


def test_source_values(persons: dict[str, Row]) -> None:
    assert persons["plain"].race_source_value == "2106-3"
    assert persons["several races"].race_source_value == "2106-3,2054-5"
    assert persons["month"].gender_source_value == "other"
    assert persons["also enrolled"].race_source_value == "4"
    assert persons["b3"].ethnicity_source_value == "5"


def test_a_person_without_a_year_of_birth_goes_to_quarantine(made: Rows) -> None:
    reasons = {row.line_id: row[REASONS] for row in flag(Person, made[Person]).collect() if row[REASONS]}
    assert reasons == {5: ["year of birth is known"]}


def test_of_two_registrations_the_one_that_knows_the_day_of_birth_is_believed(
    spark: SparkSession, sample: Rows
) -> None:
    registered = patient("a", birthDate="1900-01-01", gender="female"), patient("b", birthDate="1950-07-08")
    made = sample.given({
        EhrLine: ehr_lines(spark, *registered), Beneficiary: rows_of(spark, Beneficiary),
        ClaimsLine: rows_of(spark, ClaimsLine), **tied(spark, ("ehr|a", "ehr|b")),
    })  # fmt: skip
    (row,) = made[Person].collect()
    assert (row.birth_datetime, row.gender_source_value) == (datetime(1950, 7, 8), "female")


def test_nothing_of_a_person_identifies_him(sample: Rows) -> None:
    """No value that a patient's record gives as identifier, name, address or contact is in the table."""
    secrets = set()
    for p in landed("Patient"):
        secrets |= {p["id"], *(i["value"] for i in p["identifier"]), *(t["value"] for t in p["telecom"])}
        secrets |= {n["family"] for n in p["name"]} | {a["line"][0] for a in p["address"]}
    values = {str(value) for row in sample[Person].collect() for value in row}
    assert not secrets & values


def test_persons_of_the_sample(sample: Rows) -> None:
    rows = {row.person_id: row for row in sample[Person].collect()}
    persons = {row.patient_id: row.person_id for row in sample[PatientLink].collect()}
    assert set(rows) == set(persons.values())
    assert {row.line_id for row in rows.values()} == {row.line_id for row in sample[Patient].collect()}
    for p in landed("Patient"):
        row = rows[persons[p["id"]]]
        assert row.birth_datetime.date() == date.fromisoformat(p["birthDate"])
        assert row.gender_concept_id == {"male": 8507, "female": 8532}[p["gender"]]
        race, ethnicity = (p["extension"][i]["extension"][0]["valueCoding"]["code"] for i in (0, 1))
        assert (row.race_source_value, row.ethnicity_source_value) == (race, ethnicity)


@pytest.mark.parametrize(
    ("name", "day", "time", "kind"),
    [
        ("also enrolled", date(2020, 7, 8), None, 32885),
        ("two dates", date(2020, 1, 1), datetime(2020, 1, 2, 4), 32817),
        ("b4", date(2020, 2, 2), None, 32813),
        ("no birth date", None, None, 32817),
    ],
)
def test_deaths(made: Rows, name: str, day: date | None, time: datetime | None, kind: int) -> None:
    deaths = by_source(made, made[Death])
    assert len(deaths) == 4
    row = deaths[name]
    assert (row.death_date, row.death_datetime, row.death_type_concept_id) == (day, time, kind)


def test_a_death_without_a_day_goes_to_quarantine(made: Rows) -> None:
    reasons = {row.line_id: row[REASONS] for row in flag(Death, made[Death]).collect() if row[REASONS]}
    assert reasons == {5: ["day of death is known"]}


def test_deaths_of_the_sample(sample: Rows) -> None:
    persons = {row.patient_id: row.person_id for row in sample[PatientLink].collect()}
    expected = {
        persons[p["id"]]: datetime.fromisoformat(p["deceasedDateTime"]).replace(tzinfo=None)
        for p in landed("Patient")
        if "deceasedDateTime" in p
    }
    told = {row.person_id: row for row in sample[Death].collect()}
    assert {person: told[person].death_datetime for person in expected} == expected
    assert {row.death_date for person, row in told.items() if person in expected} == {
        d.date() for d in expected.values()
    }


def test_concepts_are_in_the_vocabulary(sample: Rows) -> None:
    code_sets = [value for value in vars(concepts).values() if isinstance(value, dict) and "__name__" not in value]
    kinds = {value for value in vars(concepts).values() if isinstance(value, int)}
    used = kinds.union(*(codes.values() for codes in code_sets)) - {concepts.NO_CONCEPT}
    known = {row.concept_id for row in sample[Concept].select("concept_id").collect()}
    assert used
    assert used <= known
