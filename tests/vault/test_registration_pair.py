from __future__ import annotations

from typing import Any

import pytest
from pyspark.sql import DataFrame, Row, SparkSession

from lakehouse.bronze.claims.beneficiary import Beneficiary
from lakehouse.bronze.ehr.ehr_line import EhrLine
from lakehouse.contract import Table
from lakehouse.vault.codes import APART, EXACT, PROBABLE, REVIEW
from lakehouse.vault.registration_pair import RegistrationPair
from tests.support import Rows, ehr_lines, rows_of
from tests.vault.registered import patient

HERE: dict[str, Any] = {"line": "1 Elm Street", "zip": "02134"}
THERE: dict[str, Any] = {"line": "7 Oak Street", "zip": "01002"}
NUMBER: dict[str, Any] = {"ssn": "999-12-3406"}
EMAIL: dict[str, Any] = {"email": "us@example.org"}
PHONE: dict[str, Any] = {"phone": "617-555-0101"}

Told = tuple[str, str, str | None, dict[str, Any]]
BORN = "1950-03-04"

CASES: dict[str, tuple[Told, Told, str | None]] = {
    "alike in all": (("Ann", "A", BORN, HERE), ("ANN", "A", BORN, HERE), PROBABLE),
    "moved": (("Ann", "A", BORN, HERE), ("Ann", "A", BORN, THERE), PROBABLE),
    "called by a short form": (("Elizabeth", "A", BORN, HERE), ("Liz", "A", BORN, HERE), PROBABLE),
    "names changed places": (("Ann", "A", BORN, HERE), ("A", "Ann", BORN, HERE), PROBABLE),
    "day and month changed places": (("Ann", "A", BORN, HERE), ("Ann", "A", "1950-04-03", HERE), PROBABLE),
    "married": (("Ann", "A", BORN, PHONE | HERE), ("Ann", "B", BORN, PHONE | HERE | {"maiden": "A"}), PROBABLE),
    "a slip of the pen": (("Margaret", "A", BORN, HERE), ("Margarte", "A", BORN, HERE), REVIEW),
    "a slip and one address": (("Margaret", "A", BORN, EMAIL), ("Margarte", "A", BORN, EMAIL), PROBABLE),
    "a slip and one middle name": (
        ("Margaret", "A", BORN, HERE | {"middle": "Ruth"}), ("Margarte", "A", BORN, HERE | {"middle": "R"}), PROBABLE,
    ),
    "given and middle name changed places": (
        ("Ann", "A", BORN, HERE | {"middle": "Ruth"}), ("Ruth", "A", BORN, HERE | {"middle": "Ann"}), PROBABLE,
    ),
    "a twin's middle name": (("Ann", "A", BORN, HERE | {"middle": "Ruth"}), ("Ruth", "A", BORN, HERE), REVIEW),
    "newborn without a name": (("Baby Boy", "A", BORN, HERE), ("Ann", "A", BORN, HERE), REVIEW),
    "newborn with a number": (("Baby Boy", "A", BORN, HERE | EMAIL), ("Ann", "A", BORN, HERE | EMAIL), PROBABLE),
    "twins": (("Ann", "A", BORN, HERE | PHONE), ("Tom", "A", BORN, HERE | PHONE), APART),
    "twins of almost one name": (("Daniel", "A", BORN, HERE), ("Danielle", "A", BORN, HERE), REVIEW),
    "twins of one first name": (
        ("Maria", "A", BORN, HERE | {"middle": "Elena"}), ("Maria", "A", BORN, HERE | {"middle": "Luisa"}), REVIEW,
    ),
    "twins of names short for one": (("Ella", "A", BORN, HERE), ("Nora", "A", BORN, HERE), APART),
    "twins of one e-mail address": (("Ann", "A", BORN, HERE | EMAIL), ("Tom", "A", BORN, HERE | EMAIL), REVIEW),
    "senior and junior": (
        ("Al", "A", "1930-03-04", HERE | PHONE | {"suffix": "Sr"}),
        ("Al", "A", "1955-11-20", HERE | PHONE | {"suffix": "Jr"}),
        APART,
    ),
    "junior on his father's e-mail address": (
        ("Al", "A", "1930-03-04", HERE | EMAIL), ("Al", "A", "1955-11-20", HERE | EMAIL), REVIEW,
    ),
    "junior under his father's number": (
        ("Al", "A", BORN, NUMBER | {"suffix": "Sr"}), ("Al", "A", None, NUMBER | {"suffix": "Jr"}), REVIEW,
    ),
    "father and son, one of unknown age": (("Al", "A", BORN, HERE | PHONE), ("Al", "A", None, HERE | PHONE), REVIEW),
    "strangers": (("Ann", "A", BORN, HERE), ("Tom", "B", "1971-10-11", THERE), None),
    "namesakes born on one day": (("Ann", "A", BORN, NUMBER), ("Ann", "A", BORN, {"ssn": "555-71-0007"}), APART),
    "one number and birth date": (("Baby Girl", "A", BORN, NUMBER), ("Tom", "B", BORN, NUMBER), EXACT),
    "one number and given name": (("Ann", "A", BORN, NUMBER), ("Ann", "B", None, NUMBER), EXACT),
    "a child under the mother's number": (("Ann", "A", BORN, NUMBER), ("Tom", "A", "1980-10-11", NUMBER), APART),
    "one e-mail address, name and birth date": (("Ann", "A", BORN, EMAIL), ("Ann", "B", BORN, EMAIL), EXACT),
}  # fmt: skip
"""What two registrations tell (given and family name, birth date, the rest) and what is said of them.

The family names A and B are others in each case, and so are years, numbers, addresses and telephones."""


@pytest.fixture(scope="module")
def judged(spark: SparkSession, sample: Rows) -> dict[str, Row]:
    registered = [
        _of_case(number, side, told)
        for number, (one, other, _) in enumerate(CASES.values())
        for side, told in (("a", one), ("b", other))
    ]
    landed_rows: dict[type[Table], DataFrame] = {
        EhrLine: ehr_lines(spark, *registered),
        Beneficiary: rows_of(spark, Beneficiary),
    }
    pairs = sample.given(landed_rows, compared=True)[RegistrationPair].collect()
    return {f"{row.registration_id_l} {row.registration_id_r}": row for row in pairs}


def _of_case(number: int, side: str, told: Told) -> dict[str, Any]:
    """A registration whose family name, year of birth, address and numbers are of its case alone."""
    given, family, born, also = told
    letters = f"{chr(ord('a') + number % 20)}{chr(ord('k') + number // 20)}"

    def of_case(name: str) -> str:
        return f"{letters}{'fam' if name == 'A' else 'oth'}{letters * 2}" if name in ("A", "B") else name

    own = {
        "line": lambda value: f"{number} {value}",
        "ssn": lambda value: f"{value[:-4]}{(int(value[-4:]) + number * 331) % 10_000:04}",
        "phone": lambda value: f"{value[:-2]}{number + 10}",
        "email": lambda value: f"{number}{value}",
        "maiden": of_case,
    }
    also = {name: own[name](value) if name in own else value for name, value in also.items()}
    born = f"{int(born[:4]) + 3 * number}{born[4:]}" if born else None
    return patient(f"{number}{side}", of_case(given), of_case(family), born, None, **also)


@pytest.mark.parametrize("case", CASES)
def test_each_case_is_judged_as_it_should_be(judged: dict[str, Row], case: str) -> None:
    number = list(CASES).index(case)
    found = judged.get(f"ehr|{number}a ehr|{number}b")
    assert (found.verdict if found else None) == CASES[case][2], found


def test_nobody_is_confused_with_somebody_of_another_case(judged: dict[str, Row]) -> None:
    of_cases = {f"ehr|{number}a ehr|{number}b" for number in range(len(CASES))}
    assert {pair for pair, row in judged.items() if row.verdict in (EXACT, PROBABLE)} <= of_cases


def test_the_evidence_is_told(judged: dict[str, Row]) -> None:
    row = judged[f"ehr|{(number := list(CASES).index('called by a short form'))}a ehr|{number}b"]
    evidence = {reached.comparison: reached.level for reached in row.evidence}
    assert evidence == {"given_name": "short form", "family_name": "same", "birth_date": "same", "addresses": "same"}
    assert row.rule is None
