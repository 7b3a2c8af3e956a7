from __future__ import annotations

import csv
from datetime import date
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from lakehouse.bronze.claims.beneficiary import Beneficiary
from lakehouse.bronze.claims.claims_line import ClaimsLine
from lakehouse.bronze.ehr.ehr_line import EhrLine
from lakehouse.contract import Table
from lakehouse.vault.beneficiary_link import BeneficiaryLink
from lakehouse.vault.master_person_index import MasterPersonIndex
from lakehouse.vault.patient_link import PatientLink
from lakehouse.vault.registration import Registration
from lakehouse.vault.registration_pair import RegistrationPair
from tests.bronze.ehr.landed import landed
from tests.conftest import SAMPLE
from tests.support import Rows, ehr_lines, rows_of
from tests.vault.registered import beneficiary, coverage, patient

LINE = {"delivery": "2026-01-01", "file": "claims/2026-01-01/beneficiary.csv", "block_start": 0}
HERE: dict[str, Any] = {"line": "1 Elm Street", "zip": "02134"}
HERE_TOO: dict[str, Any] = {"drvd_line_1_adr": "1 Elm Street", "bene_zip_cd": "02134"}
BORN = date(1950, 1, 2)

RESOURCES = [
    patient("insured", "Ann", "Lee", "1950-01-01"),
    coverage("insured", "1EG4TE5MK73"),
    patient("first twin", "Tim", "Roe", "1950-01-02", **HERE),
    coverage("first twin", "M1"),
    patient("second twin", "Bob", "Roe", "1950-01-02", **HERE),
    coverage("second twin", "M2"),
    patient("registered twice", "Eve", "Ray", "1950-01-03", ssn="999-12-3456"),
    patient("again", "Eve", "May", "1950-01-03", ssn="999-12-3456"),
    {"resourceType": "Condition", "id": "c1", "subject": {"reference": "Patient/never came"}},
]

BENEFICIARIES = [
    beneficiary("b1", "ANN", "LEIGH", date(1950, 1, 1), mbi_num="1EG4TE5MK73"),
    beneficiary("b2", "TIM", "ROE", BORN, mbi_num="M1", **HERE_TOO),
    beneficiary("b3", "TIM", "ROE", BORN, mbi_num="M2", **HERE_TOO),  # the second twin under the first one's name
    beneficiary("b4", "TIM", "ROE", BORN, mbi_num="M4", payer="other", **HERE_TOO),
]

PERSONS = [
    {"ehr|insured", "payer|b1"},
    {"ehr|first twin", "payer|b2"},
    {"ehr|second twin"},
    {"payer|b3"},
    {"payer|b4"},
    {"ehr|again", "ehr|registered twice"},
    {"ehr|never came"},
    {"payer|b99"},
]
"""Of the twins only what is certain: one payer has two of the name. Who they are at the other one nobody can say."""


@pytest.fixture(scope="module")
def made(spark: SparkSession, sample: Rows) -> Rows:
    named = sorted({b["bene_id"] for b in BENEFICIARIES} | {"b99"})
    landed_rows: dict[type[Table], DataFrame] = {
        EhrLine: ehr_lines(spark, *RESOURCES),
        ClaimsLine: rows_of(spark, ClaimsLine, *({**LINE, "bene_id": b, "raw": ""} for b in named)),
        Beneficiary: rows_of(spark, Beneficiary, *BENEFICIARIES),
    }
    return sample.given(landed_rows, compared=True)


def by_id(links: DataFrame) -> dict[str, int]:
    rows = links.collect()
    found = {row[0]: row.person_id for row in rows}
    assert len(found) == len(rows)
    return found


def test_everybody_whom_a_record_names_is_a_person(made: Rows) -> None:
    ids = {f"ehr|{name}": person for name, person in by_id(made[PatientLink]).items()}
    ids |= {f"payer|{name}": person for name, person in by_id(made[BeneficiaryLink]).items()}
    persons: dict[int, set[str]] = {}
    for registration, person in ids.items():
        persons.setdefault(person, set()).add(registration)
    assert sorted(persons.values(), key=sorted) == sorted(PERSONS, key=sorted)


def test_a_person_is_named_after_the_registration_that_came_first(spark: SparkSession, sample: Rows) -> None:
    """So that a second registration, whatever its id, leaves him his."""

    def index(*since: str) -> dict[str, int]:
        registered = [
            {"registration_id": f"ehr|{name}", "source": "ehr", "source_id": name, "register": "ehr", "since": day}
            for name, day in zip("ba", since, strict=False)
        ]
        pairs = [{"registration_id_l": "ehr|a", "registration_id_r": "ehr|b", "verdict": "exact"}] * (len(since) - 1)
        rows = sample.given({
            Registration: rows_of(spark, Registration, *registered),
            RegistrationPair: rows_of(spark, RegistrationPair, *pairs),
        })  # fmt: skip
        return {row.source_id: row.person_id for row in rows[MasterPersonIndex].collect()}

    alone = index("2026-01-01")["b"]
    assert index("2026-01-01", "2026-02-01") == {"a": alone, "b": alone}
    assert index("2026-03-01", "2026-02-01")["b"] != alone


def test_the_beneficiaries_of_the_sample_are_its_patients(sample: Rows) -> None:
    """By a rule in plain Python, by the names as they are written: the sample writes them alike on both sides."""
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
    persons = by_id(sample[PatientLink])
    assert len(expected) == 18
    assert by_id(sample[BeneficiaryLink]) == {bene: persons[patient] for bene, patient in expected.items()}
    assert len(persons) == 26
