"""The command on real homes: killed anywhere it goes on, and two at once do not meet."""

from __future__ import annotations

import random
import signal
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pyarrow  # type: ignore[import-untyped]
import pytest
from deltalake import DeltaTable, QueryBuilder
from pyspark.sql import SparkSession

from lakehouse import catalog
from lakehouse.bronze import landing as landing_zone
from lakehouse.config import Conf
from lakehouse.contract import Table
from lakehouse.refresh.run import Refresh
from lakehouse.storage import Storage
from tests.end_to_end.command import Command, started
from tests.end_to_end.deliveries import cut, deliver

SELECT = ("+silver.visit_occurrence", "+silver.pharmacy_claim")
TABLES = catalog.load().select(SELECT)


@pytest.fixture(scope="module")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two deliveries of four patients, the second with some of the first again."""
    folder = tmp_path_factory.mktemp("landing")
    items = cut(random.Random(7), resources=8, claims=3)
    deliver(folder, "2026-01-01", items[::2])
    deliver(folder, "2026-02-01", items[1::2] + items[:20])
    return folder


@pytest.fixture(scope="module")
def undisturbed(
    spark: SparkSession, landing: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Counter[str]]:
    """The rows of a home that was refreshed once and never killed."""
    home = tmp_path_factory.mktemp("undisturbed")
    storage = Storage(spark, str(home / "tables"))
    landing_zone.take(storage, str(landing), str(home / "checkpoint"), buckets=65_536)
    Refresh(storage, catalog.load(), Conf()).run(TABLES)
    return _rows(home)


def _rows(home: Path) -> dict[str, Counter[str]]:
    """The rows of every table as an independent reader of Delta finds them."""
    return {table.full_name(): _rows_of(home, table) for table in TABLES if _folder(home, table).exists()}


def _rows_of(home: Path, table: type[Table]) -> Counter[str]:
    columns = ", ".join(f'"{name}"' for name in table.declared)
    delta = DeltaTable(str(_folder(home, table)))
    found = QueryBuilder().register("rows", delta).execute(f"select {columns} from rows").read_all()
    return Counter(map(str, pyarrow.table(found).to_pylist()))


def _folder(home: Path, table: type[Table]) -> Path:
    return home / "tables" / table.layer / table.table_name()


def _commits(home: Path) -> set[str]:
    return {str(path) for path in home.glob("tables/*/*/_delta_log/*.json")}


def _is_writing(home: Path) -> bool:
    """Whether a table has rows that no commit names yet."""
    return any(not list(f.glob("_delta_log/*.json")) for f in {p.parent for p in home.glob("tables/*/*/*.parquet")})


def _has_come_to(home: Path, commits: int, writing: bool) -> bool:
    return len(_commits(home)) >= commits and (_is_writing(home) or not writing)


def _refresh(home: Path, landing: Path, *arguments: str) -> tuple[str, ...]:
    """The arguments of a refresh of few tables."""
    chosen = [argument for name in SELECT for argument in ("--select", name)]
    small = ("--set", "spark.settings.spark.driver.memory=1g")
    return ("refresh", "--home", str(home), "--landing", str(landing), *chosen, *small, "--json", *arguments)


def _run(home: Path, landing: Path) -> Command:
    with started(home.parent, *_refresh(home, landing)) as command:
        assert command.wait() == 0, command.complaint
    return command


def _kill_when(home: Path, landing: Path, so: Callable[[], bool]) -> None:
    """Start a refresh and kill it as soon as something is so; it may end before."""
    with started(home.parent, *_refresh(home, landing)) as command:
        killed = command.wait_until(so)
    print(f"killed: {killed}, with {len(_commits(home))} commits")


def _assert_complete(home: Path, landing: Path, undisturbed: dict[str, Counter[str]]) -> None:
    """It has the rows of a home that was never killed, every line that landed once, and a refresh adds nothing."""
    found = _rows(home)
    assert found.keys() == undisturbed.keys() == {table.full_name() for table in TABLES}
    for name, rows in undisturbed.items():
        assert not rows - found[name], f"{name} lacks rows"
        assert not found[name] - rows, f"{name} has rows too many"
    lines = sum(len(path.read_text().splitlines()) for path in landing.glob("ehr/*/*"))
    assert found["bronze.ehr_line"].total() == lines
    before = _commits(home)
    assert {outcome["mode"] for outcome in _run(home, landing).told} == {"skipped"}
    assert _commits(home) == before


@pytest.mark.slow
def test_killed_while_files_land_and_while_a_table_is_written_it_goes_on(
    landing: Path, undisturbed: dict[str, Counter[str]], tmp_path: Path
) -> None:
    home = tmp_path / "home"
    # The lines of the hospital are committed, and those of the payer and the list of files are not yet.
    _kill_when(home, landing, lambda: len(_commits(home)) == 1)
    assert _commits(home)
    assert not list(home.glob("tables/silver"))
    _kill_when(home, landing, partial(_has_come_to, home, commits=5, writing=True))
    _run(home, landing)
    _assert_complete(home, landing, undisturbed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_killed_again_and_again_it_ends_as_if_never_killed(
    landing: Path, undisturbed: dict[str, Counter[str]], tmp_path: Path, seed: int
) -> None:
    home, chance = tmp_path / "home", random.Random(seed)
    print(f"seed {seed}")
    commits = 0
    while commits < len(TABLES):
        commits += chance.randint(1, 3)
        _kill_when(home, landing, partial(_has_come_to, home, commits, writing=chance.random() < 0.5))
    _run(home, landing)
    _assert_complete(home, landing, undisturbed)


@pytest.mark.slow
def test_of_two_at_once_one_is_refused_and_one_that_waits_finds_all_done(
    landing: Path, undisturbed: dict[str, Counter[str]], tmp_path: Path
) -> None:
    home = tmp_path / "home"
    lock = home / "refresh.lock"
    with started(tmp_path, *_refresh(home, landing)) as first:
        assert first.wait_until(lambda: lock.exists() and f"process {first.pid} " in lock.read_text())
        first.send(signal.SIGSTOP)
        with (
            started(tmp_path, *_refresh(home, landing)) as second,
            started(tmp_path, *_refresh(home, landing, "--wait", "300")) as third,
        ):
            assert second.wait() == 1
            assert f"another refresh is running on {home} (process {first.pid} on " in second.complaint
            assert "--wait" in second.complaint
            assert third.wait_until(lambda: third.has_open(lock))
            first.send(signal.SIGCONT)
            assert first.wait() == 0, first.complaint
            assert third.wait() == 0, third.complaint
    assert {outcome["mode"] for outcome in first.told} == {"full"}
    assert {outcome["mode"] for outcome in third.told} == {"skipped"}
    assert _rows(home) == undisturbed
