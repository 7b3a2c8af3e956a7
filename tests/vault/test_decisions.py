"""What people decided comes before what rules and weights say."""

from __future__ import annotations

from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from lakehouse.bronze.claims.beneficiary import Beneficiary
from lakehouse.bronze.ehr.ehr_line import EhrLine
from lakehouse.bronze.identity.person_decision import PersonDecision
from lakehouse.contract import Table
from lakehouse.quality import REASONS, flag
from lakehouse.vault.clerical_review import ClericalReview
from lakehouse.vault.master_person_index import MasterPersonIndex
from lakehouse.vault.registration_pair import RegistrationPair
from tests.support import Rows, ehr_lines, rows_of
from tests.vault.registered import patient

HERE: dict[str, Any] = {"line": "1 Elm Street", "zip": "02134"}
NUMBER: dict[str, Any] = {"ssn": "999-12-3406"}

REGISTERED = [
    patient("ann", "Ann", "Lee", "1950-01-01", **HERE),
    patient("ann again", "Ann", "Lee", "1950-01-01", **HERE),
    patient("tim", "Tim", "Roe", "1960-01-02", **HERE),
    patient("bob", "Bob", "Roe", "1960-01-02", **HERE),
    patient("stranger", "Zoe", "Quinn", "1971-10-11"),
    patient("another", "Max", "Berg", "1982-12-13"),
    patient("eve", "Eve", "Ray", "1990-01-03", **NUMBER),
    patient("eve married", "Eve", "May", "1990-01-03", **NUMBER),
    patient("eve moved", "Eve", "Day", "1990-01-03", **NUMBER),
]

DECIDED = [
    ("ann", "ann again", "apart"),
    ("bob", "tim", "same"),
    ("another", "stranger", "same"),
    ("eve", "eve married", "apart"),
    ("ann", "nobody", "same"),
]


@pytest.fixture(scope="module")
def judged(spark: SparkSession, sample: Rows) -> Rows:
    place = {"file": "identity/2026-01-01/decisions.csv", "block_start": 0, "delivery": "2026-01-01"}
    decisions = [
        {
            **place, "line": line, "line_id": line, "content": line, "decision": decision,
            "registration_id_l": f"ehr|{one}", "registration_id_r": f"ehr|{other}",
        }
        for line, (one, other, decision) in enumerate(DECIDED, start=1)
    ]  # fmt: skip
    given: dict[type[Table], DataFrame] = {
        EhrLine: ehr_lines(spark, *REGISTERED),
        Beneficiary: rows_of(spark, Beneficiary),
        PersonDecision: rows_of(spark, PersonDecision, *decisions),
    }
    return sample.given(given, compared=True)


def test_a_decision_is_a_verdict_with_its_line(judged: Rows) -> None:
    decided = judged[RegistrationPair].filter("rule = 'decided' and bits is not null").collect()
    assert {(row.registration_id_l, row.verdict, row.line_id) for row in decided} == {
        ("ehr|ann", "apart", 1), ("ehr|bob", "exact", 2), ("ehr|another", "exact", 3), ("ehr|eve", "apart", 4),
    }  # fmt: skip


def test_persons_are_as_decided(judged: Rows) -> None:
    person = {row.source_id: row.person_id for row in judged[MasterPersonIndex].collect()}
    assert person["ann"] != person["ann again"]
    assert person["bob"] == person["tim"]
    assert person["another"] == person["stranger"]
    assert len({person[name] for name in ("ann", "bob", "another", "eve")}) == 4


def test_two_who_are_tied_by_others_although_somebody_parted_them_are_shown_again(judged: Rows) -> None:
    shown = {(row.registration_id_l, row.registration_id_r) for row in judged[ClericalReview].collect()}
    assert ("ehr|eve", "ehr|eve married") in shown
    assert ("ehr|ann", "ehr|ann again") not in shown


def test_a_decision_about_who_is_not_registered_waits_in_quarantine(judged: Rows) -> None:
    flagged = flag(RegistrationPair, judged[RegistrationPair]).filter(f"size({REASONS}) > 0").collect()
    assert [(row.registration_id_r, row[REASONS]) for row in flagged] == [("ehr|nobody", ["both are registered"])]
