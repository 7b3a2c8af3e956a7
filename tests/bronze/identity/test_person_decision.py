from __future__ import annotations

import pytest
from pyspark.sql import Row, SparkSession

from lakehouse.bronze.identity.identity_line import IdentityLine
from lakehouse.bronze.identity.person_decision import PersonDecision
from lakehouse.bronze.landed_file import LandedFile
from lakehouse.quality import REASONS, flag
from lakehouse.storage import Storage
from tests.landing_zone import taken

FILES = {
    "2026-01-01/decisions.csv": (
        "registration_id_l,registration_id_r,bits,decision,decided_by,comment\n"
        'payer|1,ehr|a,3.5,Same,ann,"one address, one telephone"\n'
        "ehr|b,ehr|c,,apart,ann,\n"
        "ehr|d,ehr|d,,same,ann,\n"
        "ehr|e,,,same,ann,\n"
        "ehr|f,ehr|g,,perhaps,ann,\n"
        "ehr|h,ehr|i,,same,,\n"
        "ehr|j,ehr|k,same\n"
    ),
    "2026-03-01/decisions.tsv": "decision\tregistration_id_r\tregistration_id_l\nundecided\tehr|b\tehr|c\n",
    "2026-03-01/decisions-2.csv": "registration_id_l,registration_id_r\nehr|a,ehr|b\n",
}


@pytest.fixture(scope="module")
def storage(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Storage:
    return taken(spark, tmp_path_factory.mktemp("decided"), {f"identity/{name}": text for name, text in FILES.items()})


@pytest.fixture(scope="module")
def decisions(storage: Storage) -> list[Row]:
    return flag(PersonDecision, PersonDecision.build(storage.read(IdentityLine))).orderBy("delivery", "line").collect()  # type: ignore[arg-type]


def test_each_names_its_pair_in_one_order(decisions: list[Row]) -> None:
    first = decisions[0]
    assert (first.registration_id_l, first.registration_id_r, first.decision) == ("ehr|a", "payer|1", "same")
    assert (first.decided_by, first.comment, first[REASONS]) == ("ann", "one address, one telephone", [])


def test_what_decides_nothing_is_refused(decisions: list[Row]) -> None:
    refused = {row.line: row[REASONS] for row in decisions if row[REASONS] and row.file.endswith("01/decisions.csv")}
    assert refused == {4: ["names two registrations"], 5: ["names two registrations"], 6: ["decides"]}


def test_the_last_word_holds(storage: Storage, decisions: list[Row]) -> None:
    rows = PersonDecision.build(storage.read(IdentityLine))  # type: ignore[arg-type]
    held = {row.registration_id_l for row in PersonDecision.current(rows).collect()}
    assert "ehr|a" in held
    assert "ehr|b" not in held


def test_lines_and_files_that_cannot_be_read_are_told(storage: Storage) -> None:
    files = {row.file.split("/", 1)[1]: row.defect for row in storage.read(LandedFile).collect() if row.defect}
    assert files == {"2026-03-01/decisions-2.csv": "the header names no decision"}
    lines = {row.raw: row.defect for row in storage.read(IdentityLine).collect() if row.defect}
    assert lines == {
        "ehr|j,ehr|k,same": "wrong column count: 3 fields where the header names 6",
    }
