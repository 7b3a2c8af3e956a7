"""The accounts: every row that landed is found again, and one that is not is missed."""

from __future__ import annotations

import io
import shutil
from datetime import datetime
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from rich.console import Console

from lakehouse import quality
from lakehouse.bronze import landing
from lakehouse.bronze.ehr.encounter import Encounter
from lakehouse.bronze.ehr.patient import Patient
from lakehouse.catalog import Catalog
from lakehouse.contract import Table
from lakehouse.report import accounts, summary
from lakehouse.report.accounts import Account
from lakehouse.silver.claims.claim_encounter import ClaimEncounter
from lakehouse.silver.clinical.person import Person
from lakehouse.silver.clinical.visit_occurrence import VisitOccurrence
from lakehouse.storage import Record, Storage
from lakehouse.vault.patient_link import PatientLink
from tests.conftest import BUCKETS, SAMPLE
from tests.end_to_end.written import balanced
from tests.support import FromNothing, Rows, rows_of

RECORD = Record("", {}, "full")
ENCOUNTERS = Catalog((Encounter, VisitOccurrence))


def write(storage: Storage, table: type[Table], rows: DataFrame) -> None:
    """As a refresh does it: what breaks a promise goes to quarantine."""
    flagged = quality.flag(table, rows)
    storage.replace(table, quality.kept(flagged), RECORD)
    storage.replace(table, quality.dropped(flagged), RECORD, quarantine=True)


@pytest.fixture(scope="module")
def storage(sample: Rows, tmp_path_factory: pytest.TempPathFactory) -> Storage:
    """The sample's encounters and visits; one encounter was delivered twice, and one was taken back later."""
    storage = Storage(sample.storage.spark, str(tmp_path_factory.mktemp("accounts")))
    encounters = sample[Encounter].orderBy("line_id").limit(30)
    first, second = encounters.limit(2).collect()
    again = encounters.filter(f"line_id = {first.line_id}").withColumns(
        {"line_id": F.lit(1).cast("bigint"), "delivery": F.lit("2027")}
    )
    back = encounters.filter(f"line_id = {second.line_id}").withColumns({
        "line_id": F.lit(2).cast("bigint"), "delivery": F.lit("2027"), "content": F.lit(7).cast("bigint"),
        "status": F.lit("entered-in-error"), "last_updated": F.expr("timestamp '2100-01-01'"),
    })  # fmt: skip
    write(storage, Encounter, encounters.unionByName(again).unionByName(back))
    made = sample.given({Encounter: storage.read(Encounter), ClaimEncounter: sample[ClaimEncounter]})
    write(storage, VisitOccurrence, made[VisitOccurrence])
    return storage


def of_encounters(storage: Storage) -> list[Account]:
    return [account for account in accounts.balance(storage, ENCOUNTERS) if account.source == "bronze.encounter"]


def test_balances_by_delivery_with_repeated_and_retracted_rows(storage: Storage) -> None:
    first, later = of_encounters(storage)
    assert (first.delivery, first.landed, first.superseded, first.retracted) == ("2026-01-01", 30, 1, 0)
    assert (later.delivery, later.landed, later.superseded, later.retracted) == ("2027", 2, 1, 1)
    assert first.kept + first.quarantined == 29
    assert [account.missing for account in (first, later)] == [0, 0]
    assert accounts.as_json([first])[0]["missing"] == 0


def test_deliveries_add_up_to_their_source(storage: Storage) -> None:
    found = of_encounters(storage)
    (whole,) = accounts.by_source(found)
    assert whole.delivery == "all"
    assert (whole.landed, whole.superseded, whole.retracted, whole.missing) == (32, 2, 1, 0)
    assert whole.kept == sum(account.kept for account in found)


def test_misses_a_row_that_nobody_kept_in_its_delivery(storage: Storage, tmp_path: Path) -> None:
    before = of_encounters(storage)
    storage = Storage(storage.spark, str(shutil.copytree(storage.tables_path, tmp_path / "tables")))
    visits = storage.read(VisitOccurrence)
    (lost,) = visits.filter("line_id is not null").orderBy("line_id").limit(1).collect()
    storage.replace(VisitOccurrence, visits.filter(f"line_id != {lost.line_id}"), RECORD)
    first, later = of_encounters(storage)
    assert first == Account(**{**vars(before[0]), "kept": before[0].kept - 1})
    assert (first.missing, later) == (1, before[1])
    console = Console(file=io.StringIO(), width=160)
    summary.print_accounts(console, [first, later])
    told = console.file.getvalue()  # type: ignore[attr-defined]
    assert "1 of 30 rows of bronze.encounter in 2026-01-01" in told
    assert "every row" not in told


def test_patients_who_are_one_person_are_merged(spark: SparkSession, tmp_path: Path) -> None:
    storage = Storage(spark, f"{tmp_path}/tables")
    place = {"file": "f", "block_start": 0, "arrived_at": datetime(2026, 1, 1), "fits": True, "unread_fields": [],
             "moved_on": False}  # fmt: skip
    patients = [
        {**place, "line": n, "line_id": n, "content": n, "delivery": "2026-01-01" if n < 3 else "2026-02-01",
         "patient_id": name, "resource_id": name}
        for n, name in enumerate(("one", "other", "nobody", "one", "refused", "too"), start=1)
    ]  # fmt: skip
    persons = {"one": 1, "other": 1, "nobody": 2, "refused": 3, "too": 3}
    links = [{"patient_id": name, "person_id": person} for name, person in persons.items()]
    person = {"person_id": 1, "gender_concept_id": 0, "year_of_birth": 1950, "race_concept_id": 0,
              "ethnicity_concept_id": 0, "line_id": 4}  # fmt: skip
    write(storage, Patient, rows_of(spark, Patient, *patients))
    write(storage, PatientLink, rows_of(spark, PatientLink, *links))
    write(storage, Person, rows_of(spark, Person, person))
    storage.replace(Person, rows_of(spark, Person, {"person_id": 3, "line_id": 5}), RECORD, quarantine=True)
    first, later = accounts.balance(storage, Catalog((Patient, PatientLink, Person)))
    assert (first.landed, first.superseded, first.merged, first.missing) == (2, 1, 1, 0)
    # Of nobody's person there is no row; of a person who was refused all patients are accounted for.
    assert (later.landed, later.kept, later.quarantined, later.merged, later.missing) == (4, 1, 1, 1, 1)


def test_a_source_that_an_older_lakehouse_built_has_no_account_yet(storage: Storage, tmp_path: Path) -> None:
    older = Storage(storage.spark, str(tmp_path / "tables"))
    rows = storage.read(Encounter).drop("moved_on")
    rows.write.format("delta").save(older.path(Encounter))
    assert accounts.balance(older, Catalog((Encounter,))) == []


def test_resources_without_a_table_are_kept_where_they_are(storage: Storage) -> None:
    (found,) = accounts.balance(storage, Catalog((Encounter,)))[:1]
    assert (found.source, found.landed, found.kept, found.missing) == ("bronze.encounter", 30, 29, 0)


@pytest.mark.slow
def test_the_sample_balances(spark: SparkSession, tmp_path: Path) -> None:
    storage = Storage(spark, f"{tmp_path}/tables")
    landing.take(storage, str(SAMPLE), f"{tmp_path}/checkpoint", BUCKETS)
    found = balanced(FromNothing(storage))
    assert len({account.source for account in found}) > 20
    for account in found:
        assert account.delivery == "2026-01-01"
        assert account.missing == 0, account
