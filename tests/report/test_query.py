"""Queries: what they may read, and rows on a terminal."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from pyspark.sql import SparkSession
from rich.console import Console

from lakehouse import catalog, config
from lakehouse.errors import UsageError
from lakehouse.lake import Lake
from lakehouse.report.query import answer, show
from lakehouse.storage import Storage


def shown(columns: list[str], *rows: list[object]) -> list[str]:
    console = Console(file=io.StringIO(), width=40)
    show(console, columns, list(rows))
    return [line.rstrip() for line in console.file.getvalue().splitlines() if line.strip()]  # type: ignore[attr-defined]


def test_rows_that_fit_are_a_table() -> None:
    header, _, row = shown(["name", "value"], ["[/a]", 1.23456])
    assert (header.split(), row.split()) == (["name", "value"], ["[/a]", "1.235"])


def test_rows_that_are_too_wide_stand_below_each_other_and_nothing_is_cut() -> None:
    told = shown(["name", "a_long_text"], ["x", "word " * 20], ["y", None])
    assert told == ["row 1", "  name         x", f"  a_long_text  {('word ' * 20).rstrip()}",
                    "row 2", "  name         y", "  a_long_text"]  # fmt: skip


def test_no_cell_is_folded_whatever_the_width() -> None:
    """At 40 columns: two of 17 fit with what rich puts between and around them, two of 19 do not."""
    for length in range(10, 25):
        told = shown(["a", "b"], ["x" * length, "y" * length])
        assert any("x" * length in line for line in told), length
        assert any("y" * length in line for line in told), length


def test_no_rows_are_an_empty_table() -> None:
    assert shown(["name", "value"])[0].split() == ["name", "value"]
    assert shown([f"a_long_name_{n}" for n in range(9)]) != []


NAMES = "select count(*) from vault.nickname"


@pytest.fixture(scope="module")
def lake(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    conf = config.load(home=str(tmp_path_factory.mktemp("asked")))
    opened = Lake(conf, spark, Storage(spark, conf.tables_path), catalog.load())
    opened.refresh(["nickname", "code_system"])
    yield opened
    spark.conf.unset("spark.sql.runSQLOnFiles")
    for name in ("vault", "silver"):
        spark.sql(f"drop database if exists {name} cascade")


@pytest.mark.parametrize("reason", [None, "", "  "])
@pytest.mark.parametrize(
    "query",
    [
        NAMES,
        "table VAULT.Nickname",
        "with n as (select * from `vault`.`nickname`) select name from n",
        "select * from vault . nickname",
        "select * from vault/* no */.-- really\n`nickname`",
        "select 1 where exists (select * from vault.nickname)",
        "select '--', * from vault.nickname",
    ],
)
def test_what_identifies_people_is_not_shown_without_a_reason(lake: Lake, query: str, reason: str | None) -> None:
    with pytest.raises(UsageError, match=r"vault.nickname tells who people are: .* --reason"):
        answer(lake, query, reason)


def test_each_reading_of_what_identifies_people_is_on_record(lake: Lake) -> None:
    assert answer(lake, NAMES, " tracing a complaint ").first()[0] > 400  # type: ignore[index]
    answer(lake, "select * from silver.code_system")
    answer(lake, "describe vault.nickname")
    read = "select tables, reason, query, read_by from vault.identified_reading order by read_at"
    first, second = answer(lake, read, "who reads names").collect()
    assert first[:3] == (["vault.nickname"], "tracing a complaint", NAMES)
    assert second[:3] == (["vault.identified_reading"], "who reads names", read)
    assert " on " in first.read_by


def test_files_are_not_shown_by_their_paths(lake: Lake) -> None:
    for kind in ("delta", "parquet", "text"):
        with pytest.raises(UsageError):
            answer(lake, f"select * from {kind}.`{lake.conf.tables_path}/vault/nickname`", "curiosity").collect()


@pytest.mark.parametrize(
    "query",
    [
        "with n as (select 1) update silver.code_system as r set uri = 'x'",
        "with n as (select 1) delete/**/from silver.code_system",
        "with n as (select 'a' as uri, 'b' as vocabulary_id) insert/**/into silver.code_system select * from n",
        "from silver.code_system insert/**/overwrite directory '/tmp/never' select *",
        "with n as (select 1) merge into silver.code_system t using n on true when matched then delete",
        "select java_method('java.lang.System', 'getenv', 'PATH')",
        "select `reflect` ('java.lang.System', 'exit', 0)",
        "set spark.sql.runSQLOnFiles = true",
        "drop table silver.code_system",
    ],
)
def test_what_writes_or_reaches_beyond_the_tables_is_refused(lake: Lake, query: str) -> None:
    rows = answer(lake, "select * from silver.code_system").count()
    with pytest.raises(UsageError, match=r"only queries|functions of Java"):
        answer(lake, query)
    assert answer(lake, "select * from silver.code_system").count() == rows
