from __future__ import annotations

import csv
from datetime import date
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from lakehouse.bronze.claims.beneficiary import Beneficiary
from lakehouse.bronze.claims.claims_line import ClaimsLine
from lakehouse.bronze.ehr.ehr_line import EhrLine
from lakehouse.bronze.ehr.patient import Patient
from lakehouse.keys import row_id
from lakehouse.silver.identity.beneficiary_link import BeneficiaryLink
from lakehouse.silver.identity.matching import same_persons
from lakehouse.silver.identity.patient_link import PatientLink
from tests.bronze.ehr.landed import landed
from tests.conftest import SAMPLE
from tests.support import Rows, ehr_lines, rows_of

LINE = {"delivery": "2026-01-01", "file": "claims/2026-01-01/beneficiary.csv", "block_start": 0}


def patient(name: str, given: str | None, family: str | None, born: str | None, sex: str | None) -> dict[str, Any]:
    names = [
        {"use": "maiden", "family": "Maiden", "given": ["Other"]},
        {"use": "official", "family": family, "given": [given, "Middle"]},
    ]
    return {"resourceType": "Patient", "id": name, "name": names, "birthDate": born, "gender": sex}


def beneficiary(
    bene_id: str, given: str | None, family: str | None, born: date | None, sex: str | None, year: int = 2020
) -> dict[str, Any]:
    return {
        **LINE, "bene_id": bene_id, "rfrnc_yr": year, "bene_gvn_name": given, "bene_srnm_name": family,
        "bene_birth_dt": born, "bene_sex_ident_cd": sex, "line": int(bene_id[1:]) * 10_000 + year,
        "line_id": int(bene_id[1:]) * 10_000 + year, "content": int(bene_id[1:]) * 10_000 + year,
    }  # fmt: skip


PATIENTS = [
    patient("plain", "Ann", "Lee", "1950-01-01", "female"),
    patient("accented", "José", "Núñez-O'Hara", "1950-01-02", "male"),
    patient("moved name", "Eve", "New", "1950-01-03", "female"),
    patient("twin a", "Tim", "Roe", "1950-01-04", "male"),
    patient("twin b", "Tom", "Roe", "1950-01-04", "male"),
    patient("shared here 1", "Mary", "Smith", "1950-01-05", "female"),
    patient("shared here 2", "MARY", "SMITH", "1950-01-05", "female"),
    patient("shared there", "John", "Smith", "1950-01-06", "male"),
    patient("no birth date", "Al", "Fox", None, "male"),
    patient("partial birth date", "Al", "Fix", "1950", "male"),
    patient("no given name", None, "Fax", "1950-01-07", "male"),
    patient("no family name", "Al", None, "1950-01-07", "male"),
    patient("name of marks", "-", "Foo", "1950-01-07", "male"),
    patient("no sex", "Al", "Fux", "1950-01-08", None),
    patient("unknown sex", "Al", "Fex", "1950-01-08", "unknown"),
    patient("other sex", "Kim", "May", "1950-01-09", "male"),
    patient("other day", "Kim", "Joy", "1950-01-10", "male"),
]

BENEFICIARIES = [
    beneficiary("b1", "ANN", "LEE", date(1950, 1, 1), "2"),
    beneficiary("b2", "JOSE", "NUNEZ OHARA", date(1950, 1, 2), "1"),
    beneficiary("b3", "EVE", "OLD", date(1950, 1, 3), "2", year=2019),
    beneficiary("b3", "EVE", "NEW", date(1950, 1, 3), "2", year=2020),
    beneficiary("b4", "TOM", "ROE", date(1950, 1, 4), "1"),
    beneficiary("b5", "MARY", "SMITH", date(1950, 1, 5), "2"),
    beneficiary("b6", "JOHN", "SMITH", date(1950, 1, 6), "1"),
    beneficiary("b7", "JOHN", "SMITH", date(1950, 1, 6), "1"),
    beneficiary("b8", "AL", "FOX", None, "1"),
    beneficiary("b9", "AL", "FIX", date(1950, 1, 1), "1"),
    beneficiary("b10", None, "FAX", date(1950, 1, 7), "1"),
    beneficiary("b11", "AL", None, date(1950, 1, 7), "1"),
    beneficiary("b12", "-", "FOO", date(1950, 1, 7), "1"),
    beneficiary("b13", "AL", "FUX", date(1950, 1, 8), None),
    beneficiary("b14", "AL", "FEX", date(1950, 1, 8), "0"),
    beneficiary("b15", "KIM", "MAY", date(1950, 1, 9), "2"),
    beneficiary("b16", "KIM", "JOY", date(1950, 1, 11), "1"),
]

ONE_PERSON = {("b1", "plain"), ("b2", "accented"), ("b3", "moved name"), ("b4", "twin b")}


@pytest.fixture(scope="module")
def made(spark: SparkSession, sample: Rows) -> Rows:
    enrolled = rows_of(spark, Beneficiary, *BENEFICIARIES)
    named = sorted({b["bene_id"] for b in BENEFICIARIES} | {"b99"})
    claims = rows_of(spark, ClaimsLine, *({**LINE, "bene_id": b, "raw": ""} for b in named))
    orphan = {"resourceType": "Condition", "id": "c1", "subject": {"reference": "Patient/never came"}}
    ehr = ehr_lines(spark, *PATIENTS, orphan)
    return sample.given({EhrLine: ehr, ClaimsLine: claims, Beneficiary: enrolled})


def person_ids(spark: SparkSession, kind: str, names: list[str]) -> dict[str, int]:
    rows = spark.createDataFrame([(name,) for name in names], "name string").select("name", row_id(kind, "name"))
    return {row[0]: row[1] for row in rows.collect()}


def as_dict(links: DataFrame) -> dict[str, int]:
    rows = links.collect()
    found = {row[0]: row.person_id for row in rows}
    assert len(found) == len(rows)
    return found


def test_only_those_who_agree_in_all_four_and_are_alone_in_it_are_one_person(made: Rows) -> None:
    pairs = {(row.bene_id, row.patient_id) for row in same_persons(made[Patient], made[Beneficiary]).collect()}
    assert pairs == ONE_PERSON


def test_everybody_whom_a_record_names_is_a_person(spark: SparkSession, made: Rows) -> None:
    patients = as_dict(made[PatientLink])
    expected = person_ids(spark, "person", [*(p["id"] for p in PATIENTS), "never came"])
    assert patients == expected
    beneficiaries = as_dict(made[BeneficiaryLink])
    alone = person_ids(spark, "beneficiary", [*{b["bene_id"] for b in BENEFICIARIES}, "b99"])
    assert beneficiaries == alone | {bene_id: patients[patient_id] for bene_id, patient_id in ONE_PERSON}


def test_the_beneficiaries_of_the_sample_are_its_patients(sample: Rows) -> None:
    """The same rule in plain Python, by the names as they are written: the sample writes them alike on both sides."""
    by_mark: dict[tuple[str, ...], str] = {}
    for p in landed("Patient"):
        by_mark[p["birthDate"], p["gender"], p["name"][0]["family"], p["name"][0]["given"][0]] = p["id"]
    months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    expected = {}
    for file in (SAMPLE / "claims").glob("*/beneficiary_*.csv"):
        for row in csv.DictReader(file.open(encoding="utf-8"), delimiter="|"):
            day, month, year = row["BENE_BIRTH_DT"].split("-")
            born = f"{year}-{months.index(month) + 1:02}-{day}"
            sex = {"1": "male", "2": "female"}[row["BENE_SEX_IDENT_CD"]]
            expected[row["BENE_ID"]] = by_mark[born, sex, row["BENE_SRNM_NAME"], row["BENE_GVN_NAME"]]
    persons = as_dict(sample[PatientLink])
    assert len(expected) == 18
    assert as_dict(sample[BeneficiaryLink]) == {bene: persons[patient] for bene, patient in expected.items()}
    assert len(persons) == 26
