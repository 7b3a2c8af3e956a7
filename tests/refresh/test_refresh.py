"""The engine's promises, on a small catalogue: refreshed little by little, it is as if built at once."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from lakehouse import config
from lakehouse.buckets import Buckets
from lakehouse.catalog import Catalog
from lakehouse.contract import LandedTable, Table
from lakehouse.quality import REASONS
from lakehouse.refresh.run import Outcome, Refresh
from lakehouse.storage import Record, Storage
from tests.refresh import toy
from tests.support import FromNothing

CONF = config.Conf()


class Lab:
    """A home with the toy catalogue, and landings by hand."""

    def __init__(self, spark: SparkSession, folder: Path) -> None:
        self.storage = Storage(spark, str(folder / "tables"))
        self.batch = 0

    def land(self, table: type[LandedTable], rows: Sequence[tuple[object, ...]]) -> None:
        frame = self.storage.spark.createDataFrame(list(rows), table.ddl())
        buckets = [r.b for r in frame.selectExpr("cast(pmod(xxhash64(patient_id), 65536) as int) b").collect()]
        self.batch += 1
        record = Record("", {}, "incremental", Buckets.of(buckets, 65_536).encode())
        self.storage.append_once(table, frame, record, "test", self.batch)

    def refresh(self, catalog: Catalog = toy.CATALOG, rebuild: bool = False) -> dict[str, Outcome]:
        outcomes = Refresh(self.storage, catalog, CONF).run(rebuild=rebuild)
        return {outcome.table: outcome for outcome in outcomes}

    def modes(self) -> dict[str, str]:
        return {name.split(".")[1]: outcome.mode for name, outcome in self.refresh().items()}

    def rows(self, table: type[Table], quarantine: bool = False) -> list[tuple[object, ...]]:
        return sorted(tuple(row) for row in self.storage.read(table, quarantine=quarantine).collect())

    def assert_equals_full(self) -> None:
        """Every table equals what its function makes of its inputs from nothing."""
        full = FromNothing(self.storage)
        for table in (toy.Link, toy.PersonCost, toy.Total, toy.VisitsOfCost):
            assert self.rows(table) == sorted(tuple(row) for row in full[table].collect()), table.full_name()


@pytest.fixture
def lab(spark: SparkSession, tmp_path: Path) -> Lab:
    return Lab(spark, tmp_path)


@pytest.fixture(scope="module")
def first_refresh(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home after its first refresh, to be copied."""
    folder = tmp_path_factory.mktemp("first")
    lab = Lab(spark, folder)
    lab.land(toy.Visit, VISITS)
    lab.land(toy.Name, NAMES)
    lab.refresh()
    return folder


@pytest.fixture
def built(spark: SparkSession, first_refresh: Path, tmp_path: Path) -> Lab:
    """A home of one's own in which VISITS and NAMES have landed and every table was built."""
    lab = Lab(spark, shutil.copytree(first_refresh, tmp_path / "built"))
    lab.batch = 2
    return lab


@pytest.fixture
def new_lab(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Lab]:
    return lambda: Lab(spark, tmp_path_factory.mktemp("lab"))


VISITS = [(1, 1, "a", 10), (2, 1, "a", 20), (3, 1, "b", 30), (4, 1, "c", 40)]
NAMES = [("a", 1, "Ann"), ("b", 1, "Ben"), ("c", 1, "Ann")]


def test_builds_all_then_nothing(lab: Lab) -> None:
    lab.land(toy.Visit, VISITS)
    lab.land(toy.Name, NAMES)
    assert set(lab.modes().values()) == {"full"}
    lab.assert_equals_full()
    versions = {table: lab.storage.last_commit(table) for table in toy.CATALOG}
    assert set(lab.modes().values()) == {"skipped"}
    assert {table: lab.storage.last_commit(table) for table in toy.CATALOG} == versions


def test_recomputes_the_changed_person_only(built: Lab) -> None:
    built.land(toy.Visit, [(3, 2, "b", 35)])
    modes = built.modes()
    assert modes == {
        "link": "skipped", "latest_visit": "incremental", "person_visit": "incremental",
        "person_cost": "incremental", "total": "full", "visits_of_cost": "incremental",
    }  # fmt: skip
    built.assert_equals_full()
    changed = built.storage.last_commit(toy.PersonCost)
    assert changed is not None
    assert changed.record is not None
    assert changed.record.touched is not None
    assert len(Buckets.decode(changed.record.touched)) == 1


def test_what_adds_up_is_counted_of_the_changed_person_only(built: Lab) -> None:
    """A count that comes to nothing is gone, and one that is the same in the end is no change."""
    built.land(toy.Visit, [(3, 2, "b", 40), (1, 2, "a", None)])
    assert built.modes()["visits_of_cost"] == "incremental"
    assert built.rows(toy.VisitsOfCost) == [(20, 1), (40, 2)]
    built.land(toy.Visit, [(4, 2, "c", 20), (2, 2, "a", 40)])
    assert built.modes()["visits_of_cost"] == "carried"
    built.land(toy.Visit, [(4, 3, "c", 21)])
    assert built.modes()["visits_of_cost"] == "incremental"
    built.assert_equals_full()


@pytest.mark.slow
def test_what_adds_up_is_rebuilt_where_its_inputs_are_no_longer_there_as_they_were(built: Lab) -> None:
    built.land(toy.Visit, [(3, 2, "b", 35)])
    Refresh(built.storage, toy.CATALOG, CONF).run(set(toy.CATALOG) - {toy.VisitsOfCost})
    _vacuum(built.storage.spark, built.storage.path(toy.PersonVisit))
    outcome = built.refresh()["gold.visits_of_cost"]
    assert (outcome.mode, outcome.reason) == (
        "full",
        "counting what changed failed: files of an older version are gone",
    )
    built.assert_equals_full()


@pytest.mark.slow
def test_what_adds_up_needs_no_older_files_of_what_did_not_change(built: Lab) -> None:
    """The links are arranged anew, as OPTIMIZE does, and their older files are removed."""
    links = built.storage.path(toy.Link)
    rows = built.storage.spark.read.format("delta").load(links).repartition(2)
    rows.write.format("delta").mode("overwrite").option("dataChange", "false").save(links)
    _vacuum(built.storage.spark, links)
    built.land(toy.Visit, [(3, 2, "b", 35)])
    assert built.modes()["visits_of_cost"] == "incremental"
    built.assert_equals_full()


@pytest.mark.slow
def test_a_count_that_went_wrong_is_made_anew(built: Lab) -> None:
    """As if a count had been lost: what is taken off leaves less than nothing."""
    last = built.storage.last_commit(toy.VisitsOfCost)
    assert last is not None
    assert last.record is not None
    fewer = built.storage.read(toy.VisitsOfCost).filter("cost != 30")
    built.storage.replace(toy.VisitsOfCost, fewer, last.record)
    built.land(toy.Visit, [(3, 2, "b", 35)])
    outcome = built.refresh()["gold.visits_of_cost"]
    assert (outcome.mode, "'visits is not negative'" in outcome.reason) == ("full", True)
    built.assert_equals_full()


def test_a_column_that_somebody_else_added_is_not_read_before_the_table_is_rebuilt(built: Lab) -> None:
    built.storage.spark.sql(f"alter table delta.`{built.storage.path(toy.PersonVisit)}` add columns (note string)")
    last = built.storage.last_commit(toy.PersonVisit)
    assert last is not None
    assert built.storage.read(toy.PersonVisit, last.readable).columns == list(toy.PersonVisit.declared)


def _vacuum(spark: SparkSession, path: str) -> None:
    spark.conf.set("spark.databricks.delta.retentionDurationCheck.enabled", "false")
    try:
        spark.sql(f"vacuum delta.`{path}` retain 0 hours")
    finally:
        spark.conf.unset("spark.databricks.delta.retentionDurationCheck.enabled")


def test_a_repeated_delivery_wakes_nobody_downstream(built: Lab) -> None:
    built.land(toy.Visit, [(1, 2, "a", 10)])
    assert built.modes() == {
        "link": "skipped", "latest_visit": "carried", "person_visit": "skipped",
        "person_cost": "skipped", "total": "skipped", "visits_of_cost": "skipped",
    }  # fmt: skip
    assert set(built.modes().values()) == {"skipped"}


def test_a_patient_id_that_moves_to_another_person_changes_both(built: Lab) -> None:
    built.land(toy.Name, [("c", 2, "Ben")])
    built.refresh()
    built.assert_equals_full()
    assert sorted(cost for _, _, cost in built.rows(toy.PersonCost)) == [30, 70]  # type: ignore[type-var]


def test_dropped_rows_are_kept_in_quarantine_until_they_are_mended(lab: Lab) -> None:
    lab.land(toy.Visit, [*VISITS, (5, 1, "b", -1)])
    lab.land(toy.Name, NAMES)
    outcome = lab.refresh()["silver.latest_visit"]
    assert (outcome.rows, outcome.quarantined) == (4, 1)
    assert outcome.broken == {"cost is not negative": 1}
    assert lab.rows(toy.LatestVisit, quarantine=True) == [("b", 5, -1, ["cost is not negative"])]
    lab.land(toy.Visit, [(5, 2, "b", 1)])
    outcome = lab.refresh()["silver.latest_visit"]
    assert (outcome.rows, outcome.quarantined) == (5, 0)
    lab.assert_equals_full()


def test_a_failed_expectation_stops_only_what_hangs_on_it(built: Lab) -> None:
    good = built.rows(toy.PersonVisit)
    built.land(toy.Visit, [(1, 2, "a", 1_000_000)])
    built.land(toy.Name, [("d", 1, "Dan")])
    outcomes = built.refresh()
    assert {name.split(".")[1]: o.mode for name, o in outcomes.items()} == {
        "link": "full", "latest_visit": "incremental", "person_visit": "failed",
        "person_cost": "blocked", "total": "blocked", "visits_of_cost": "blocked",
    }  # fmt: skip
    assert "1 rows break 'no visit costs a million'" in outcomes["silver.person_visit"].reason
    assert built.rows(toy.PersonVisit) == good
    built.land(toy.Visit, [(1, 3, "a", 11)])
    assert "failed" not in built.modes().values()
    built.assert_equals_full()


def test_a_table_that_somebody_else_wrote_is_rebuilt(built: Lab) -> None:
    built.storage.spark.sql(f"delete from delta.`{built.storage.path(toy.PersonCost)}` where visits = 1")
    assert built.modes()["person_cost"] == "full"
    built.assert_equals_full()


@pytest.mark.slow
def test_a_table_whose_columns_somebody_else_changed_is_rebuilt_as_a_whole(built: Lab) -> None:
    built.storage.spark.sql(f"alter table delta.`{built.storage.path(toy.PersonCost)}` add columns (note string)")
    built.land(toy.Visit, [(1, 2, "a", 12)])
    outcome = built.refresh()["gold.person_cost"]
    assert (outcome.mode, outcome.reason) == ("full", "its columns are not those that it declares")
    built.assert_equals_full()


def test_a_table_that_was_removed_and_built_anew_wakes_what_reads_it(built: Lab) -> None:
    shutil.rmtree(built.storage.path(toy.PersonVisit))
    built.land(toy.Visit, [(9, 1, "a", 70)])
    outcomes = built.refresh()
    assert {outcomes[name].mode for name in ("silver.person_visit", "gold.person_cost")} == {"full"}
    built.assert_equals_full()
    assert set(built.modes().values()) == {"skipped"}


def test_optimize_and_vacuum_wake_nobody(built: Lab) -> None:
    built.land(toy.Visit, [(3, 2, "b", 35)])
    built.refresh()
    for table in (toy.Visit, toy.PersonVisit):
        built.storage.spark.sql(f"optimize delta.`{built.storage.path(table)}`")
        _vacuum(built.storage.spark, built.storage.path(table))
    assert set(built.modes().values()) == {"skipped"}


def test_without_the_log_of_an_input_the_table_is_rebuilt(built: Lab) -> None:
    visits = built.storage.spark.read.format("delta").load(built.storage.path(toy.Visit))
    visits.limit(1).write.format("delta").mode("append").save(built.storage.path(toy.Visit))
    outcome = built.refresh()["silver.latest_visit"]
    assert (outcome.mode, outcome.reason) == ("carried", "bronze.visit changed, and its log does not tell which rows")


def test_the_quarantine_names_its_reasons_last(lab: Lab) -> None:
    lab.land(toy.Visit, [(1, 1, "a", -5)])
    lab.land(toy.Name, NAMES)
    lab.refresh()
    assert lab.storage.read(toy.LatestVisit, quarantine=True).columns == [*toy.LatestVisit.declared, REASONS]


PATIENTS = st.sampled_from("abcdef")
PERSONS = st.sampled_from(["Ann", "Ben", "Cy"])
VISIT = st.tuples(st.integers(1, 8), PATIENTS, st.one_of(st.none(), st.integers(-1, 3)))
NAME = st.tuples(PATIENTS, PERSONS)
DELIVERY = st.tuples(st.lists(VISIT, max_size=4), st.lists(NAME, max_size=2))


@pytest.mark.slow
@settings(max_examples=2, deadline=None, derandomize=False, suppress_health_check=list(HealthCheck))
@given(deliveries=st.lists(DELIVERY, min_size=2, max_size=4))
def test_incremental_equals_full(
    new_lab: Callable[[], Lab], deliveries: list[tuple[list[tuple[int, str, int | None]], list[tuple[str, str]]]]
) -> None:
    """New, corrected, repeated, late, empty and retracted rows, in any order, and persons that merge and split."""
    lab = new_lab()
    lab.land(toy.Name, NAMES)
    lab.land(toy.Visit, VISITS)
    lab.refresh()
    for number, (visits, names) in enumerate(deliveries, start=2):
        latest_visits = {(visit, patient): cost for visit, patient, cost in visits}
        if visits:
            lab.land(toy.Visit, [(v, number, p, cost) for (v, p), cost in latest_visits.items()])
        if names:
            lab.land(toy.Name, [(patient, number, person) for patient, person in dict(names).items()])
        lab.refresh()
    lab.assert_equals_full()
