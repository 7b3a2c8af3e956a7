"""The promise of the whole: a home that grew delivery by delivery is as if all had landed at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse import catalog, quality
from lakehouse.bronze import landing
from lakehouse.bronze.unreadable import Unreadable
from lakehouse.catalog import Catalog
from lakehouse.config import Conf
from lakehouse.contract import LandedTable, Table
from lakehouse.gold.cost.cost_per_member_month import CostPerMemberMonth
from lakehouse.refresh.run import Outcome, Refresh
from lakehouse.report import accounts
from lakehouse.silver.clinical.coded_event import CodedEvent
from lakehouse.silver.clinical.death import Death
from lakehouse.silver.clinical.person import Person
from lakehouse.silver.clinical.visit_detail import VisitDetail
from lakehouse.storage import Storage
from tests.end_to_end.deliveries import Sequence
from tests.support import FromNothing

_OF_GENOMES = catalog.load().downstream({t for t in catalog.load() if t.uses_hail})


def _all_behind(tables: Iterable[type[Table]]) -> Catalog:
    return Catalog.of(catalog.load().upstream(set(tables)))


ALL = _all_behind({t for t in catalog.load() if t.layer != "bronze"} - _OF_GENOMES | {Unreadable})
FEW = _all_behind({Person, Death, VisitDetail, CodedEvent, CostPerMemberMonth})
"""Every kind of dependency: by the same key, through either link, through both, on fixed rows, and on everything."""


class Home:
    """A home in which deliveries land, and which is refreshed after each."""

    def __init__(self, spark: SparkSession, folder: Path, tables: Catalog, buckets: int) -> None:
        self.tables = tables
        self.folder = folder
        self.landing = folder / "landing"
        self.storage = Storage(spark, str(folder / "tables"))
        # With few buckets all are soon changed; a share above 1 would be no share.
        self.conf = Conf.model_validate({"refresh": {"buckets": buckets, "full_above": 1}})

    def refresh(self) -> dict[str, Outcome]:
        landing.take(
            self.storage, str(self.landing), str(self.folder / "checkpoint"), buckets=self.conf.refresh.buckets
        )
        outcomes = {o.table: o for o in Refresh(self.storage, self.tables, self.conf).run()}
        assert not [o.details for o in outcomes.values() if o.mode in ("failed", "blocked")]
        return outcomes

    def assert_equals_from_nothing(self) -> None:
        """Every table and every quarantine has the rows that its function makes of what landed, and says how many."""
        fresh = FromNothing(self.storage)
        for table in (t for t in self.tables if not issubclass(t, LandedTable)):
            assert fresh[table].columns == list(table.declared)
            expected = Counter(map(str, fresh.flagged[table].collect()))
            kept = quality.flag(table, self.storage.read(table))
            refused = self.storage.read(table, quarantine=True)
            found = Counter(map(str, kept.collect()))
            if refused.columns == kept.columns:
                found += Counter(map(str, refused.collect()))
            name = table.full_name()
            assert not expected - found, f"{name} lacks rows: {list((expected - found).elements())[:2]}"
            assert not found - expected, f"{name} has rows too many: {list((found - expected).elements())[:2]}"
            last = self.storage.last_commit(table)
            assert last is not None
            assert last.record is not None
            assert last.record.rows + last.record.quarantined == expected.total(), name


def _grow_and_repeat(home: Home, seed: int, shares: tuple[float, ...]) -> None:
    print(f"seed {seed}, files in {home.landing}")
    sequence = Sequence(home.landing, seed)
    for share in shares:
        sequence.deliver(share)
        outcomes = home.refresh()
    assert "incremental" in {o.mode for name, o in outcomes.items() if not name.startswith("bronze")}

    sequence.repeat()
    woken = {name: o.mode for name, o in home.refresh().items() if o.mode in ("full", "incremental")}
    # The day of the last delivery is told there, and is new.
    assert not [name for name in woken if not name.startswith("bronze.") and name != "silver.cdm_source"], woken
    assert {o.mode for o in home.refresh().values()} == {"skipped"}
    home.assert_equals_from_nothing()
    assert [a for a in accounts.balance(home.storage, home.tables) if a.missing] == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1])
def test_a_home_that_grew_equals_one_built_from_nothing(spark: SparkSession, tmp_path: Path, seed: int) -> None:
    """New, corrected, repeated, late, empty, retracted and orphaned records, and persons that become others."""
    _grow_and_repeat(Home(spark, tmp_path, FEW, buckets=65_536), seed, shares=(0.6, 0.5))


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "buckets"), [(2, 65_536), (3, 16)])
def test_long_histories_equal_one_delivery(spark: SparkSession, tmp_path: Path, seed: int, buckets: int) -> None:
    """With few buckets persons share them, and one that changed is recomputed with some that did not."""
    _grow_and_repeat(Home(spark, tmp_path, ALL, buckets), seed, shares=(0.4, 0.0, 0.5, 1.0))
