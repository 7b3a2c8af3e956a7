"""The accounts: every row that landed is found again, and one that is not is missed."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse import quality
from lakehouse.bronze.ehr.encounter import Encounter
from lakehouse.catalog import Catalog
from lakehouse.contract import Table
from lakehouse.report import accounts
from lakehouse.report.accounts import Account
from lakehouse.silver.claims.claim_encounter import ClaimEncounter
from lakehouse.silver.clinical.visit_occurrence import VisitOccurrence
from lakehouse.storage import Record, Storage
from tests.support import Rows

RECORD = Record("", {}, "full")
ENCOUNTERS = Catalog((Encounter, VisitOccurrence))


def write(storage: Storage, table: type[Table], rows: DataFrame) -> None:
    """As a refresh does it: what breaks a promise goes to quarantine."""
    flagged = quality.flag(table, rows)
    storage.replace(table, quality.kept(flagged), RECORD)
    storage.replace(table, quality.dropped(flagged), RECORD, quarantine=True)


@pytest.fixture
def storage(sample: Rows, tmp_path: Path) -> Storage:
    """The sample's encounters and visits; one encounter was delivered twice, and one was taken back later."""
    storage = Storage(sample.storage.spark, f"{tmp_path}/tables")
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


def account(storage: Storage) -> Account:
    (found,) = accounts.balance(storage, ENCOUNTERS)
    return found


def test_balances_with_repeated_and_retracted_rows(storage: Storage) -> None:
    found = account(storage)
    assert (found.source, found.landed, found.superseded, found.retracted) == ("bronze.encounter", 32, 2, 1)
    assert found.kept + found.quarantined == 29
    assert found.missing == 0
    assert accounts.as_json([found])[0]["missing"] == 0


def test_misses_a_row_that_nobody_kept(storage: Storage) -> None:
    before = account(storage)
    visits = storage.read(VisitOccurrence)
    (lost,) = visits.filter("line_id is not null").orderBy("line_id").limit(1).collect()
    storage.replace(VisitOccurrence, visits.filter(f"line_id != {lost.line_id}"), RECORD)
    assert account(storage) == Account(**{**vars(before), "kept": before.kept - 1})
    assert account(storage).missing == 1
