from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from pyspark.sql import Row, SparkSession

from lakehouse.bronze.claims.beneficiary import Beneficiary
from lakehouse.bronze.ehr.ehr_line import EhrLine
from lakehouse.vault.registration import Registration
from tests.support import Rows, ehr_lines, rows_of
from tests.vault.registered import beneficiary, coverage, patient

RESOURCES = [
    patient(
        "all", " José ", "Núñez-O'Hara", "1950-01-02", "male", middle="de la Cruz", suffix="Jr.", maiden="Núñez",
        ssn="999-12-3456", phone="+1 (617) 555-0101 x12", email=" Jose@Example.org ", line="12 Elm St., Apt. 3",
        zip="02134-1000",
    ),
    coverage("all", "1eg4-te5-mk73"),
    coverage("all", "0001"),
    patient("short", "Liz", "Roe", "1950-05"),
    patient("newborn", "Baby Girl", "Roe", "2026-01-01"),
    patient("unknown", "-", "", "1900-01-01", "unknown", ssn="999-99-9999", phone="911"),
    {"resourceType": "Patient", "id": "bare"},
    patient("named Boyd", "Boyd", "Roe", "2026-01-02"),
    *(patient(f"worn {number}", "Ann", "Roe", None, ssn="219-09-9999", email="none@none.com") for number in range(11)),
]  # fmt: skip

BENEFICIARIES = [
    beneficiary("b1", "EVE", "OLD", date(1950, 1, 3), year=2019, drvd_line_1_adr="1 Oak St", bene_zip_cd="02134",
                payer="medicaid"),
    beneficiary("b1", "EVE", "NEW", date(1950, 1, 3), year=2020, drvd_line_1_adr="9 Ash St", bene_zip_cd="021340001",
                mbi_num="1EG4TE5MK73", payer="medicaid"),
    beneficiary("b2", None, None, None, "0"),
]  # fmt: skip


@pytest.fixture(scope="module")
def registered(spark: SparkSession, sample: Rows) -> dict[str, Row]:
    made = sample.given({
        EhrLine: ehr_lines(spark, *RESOURCES),
        Beneficiary: rows_of(spark, Beneficiary, *BENEFICIARIES),
    })  # fmt: skip
    return {row.registration_id: row for row in made[Registration].collect()}


def test_each_id_is_one_registration(registered: dict[str, Row]) -> None:
    worn = [f"ehr|worn {number}" for number in range(11)]
    ids = (
        "ehr|all",
        "ehr|short",
        "ehr|newborn",
        "ehr|unknown",
        "ehr|bare",
        "payer|b1",
        "payer|b2",
        "ehr|named Boyd",
        *worn,
    )
    assert sorted(registered) == sorted(ids)


def test_marks_of_a_patient(registered: dict[str, Row]) -> None:
    expected: dict[str, Any] = {
        "source": "ehr", "source_id": "all", "register": "ehr", "since": "2026-01-01", "given_name": "JOSE",
        "middle_name": "DELACRUZ", "family_name": "NUNEZOHARA", "family_names": ["NUNEZ", "NUNEZOHARA"],
        "name_suffix": "JR", "birth_date": date(1950, 1, 2), "sex": "male", "social_security_number": "999123456",
        "member_numbers": ["0001", "1EG4TE5MK73"], "telephones": ["6175550101"], "emails": ["jose@example.org"],
        "addresses": ["12 ELM ST APT 3 02134"], "zip_codes": ["02134"],
    }  # fmt: skip
    assert {name: registered["ehr|all"][name] for name in expected} == expected


def test_marks_of_a_beneficiary(registered: dict[str, Row]) -> None:
    expected: dict[str, Any] = {
        "source": "payer", "source_id": "b1", "register": "payer/medicaid", "given_name": "EVE", "family_name": "NEW",
        "family_names": ["NEW", "OLD"], "birth_date": date(1950, 1, 3), "sex": "female",
        "member_numbers": ["1EG4TE5MK73"], "addresses": ["1 OAK ST 02134", "9 ASH ST 02134"], "zip_codes": ["02134"],
    }  # fmt: skip
    assert {name: registered["payer|b1"][name] for name in expected} == expected
    assert registered["payer|b2"]["register"] == "payer"


def test_a_short_form_stands_for_what_it_may_mean(registered: dict[str, Row]) -> None:
    assert registered["ehr|short"].given_names == ["ELIZABETH", "LIZ"]


def test_what_stands_for_not_known_is_null(registered: dict[str, Row]) -> None:
    assert registered["ehr|newborn"].given_name is None
    assert registered["ehr|short"].birth_date is None
    marks = {"given_name", "family_name", "birth_date", "sex", "social_security_number"}
    for nobody in ("ehr|unknown", "ehr|bare", "payer|b2"):
        assert {name: registered[nobody][name] for name in marks} == dict.fromkeys(marks)
        assert registered[nobody].telephones == registered[nobody].addresses == []


def test_a_number_that_many_have_is_nobody_s(registered: dict[str, Row]) -> None:
    assert (registered["ehr|worn 3"].social_security_number, registered["ehr|worn 3"].emails) == (None, [])


def test_a_name_that_begins_like_none_is_one(registered: dict[str, Row]) -> None:
    assert registered["ehr|named Boyd"].given_name == "BOYD"
