"""What a person reads at the end of a refresh."""

from __future__ import annotations

import io
import re

from pyspark.sql import SparkSession
from rich.console import Console

from lakehouse.refresh.plan import Decision
from lakehouse.refresh.run import Outcome
from lakehouse.report import summary

FAILED = Outcome("gold.a", "failed", "rows[/b] are [wrong]", details="Traceback: line[7] of a.py")


def printed(with_traces: bool) -> str:
    console = Console(file=io.StringIO(), width=160)
    summary.print_outcomes(console, [FAILED], 1.0, with_traces)
    return str(console.file.getvalue())  # type: ignore[attr-defined]


def test_a_failure_is_told_to_the_letter_with_its_trace_where_asked() -> None:
    assert "failed gold.a: rows[/b] are [wrong]\n" in printed(False)
    assert "Traceback" not in printed(False)
    assert FAILED.details in printed(True)


def counted(spark: SparkSession, counts: list[tuple[str, int]]) -> str:
    console = Console(file=io.StringIO(), width=160)
    summary.print_counts(console, "unreadable", spark.createDataFrame(counts, "file string, rows bigint"))
    return str(console.file.getvalue())  # type: ignore[attr-defined]


def test_counts_are_told_by_names_as_they_are(spark: SparkSession) -> None:
    assert "ehr/[/d]/a[b].ndjson" in counted(spark, [("ehr/[/d]/a[b].ndjson", 3)])
    assert counted(spark, []) == ""


def test_of_many_counts_the_largest_are_told_and_the_others_added_up(spark: SparkSession) -> None:
    told = counted(spark, [(f"file {n:02}", n) for n in range(1, 31)])
    assert "file 11" in told
    assert "file 10" not in told
    assert "and 10 others, of 55 rows" in told


def test_a_plan_tells_what_is_done_and_what_may_be() -> None:
    console = Console(file=io.StringIO(), width=160)
    plan = {
        "a.built": Decision("full", "never built"),
        "a.same": Decision("skip", "nothing it reads changed"),
        "a.open": Decision("skip", "unless rows of a.built change", is_open=True),
    }
    summary.print_plan(console, plan)
    told = console.file.getvalue()  # type: ignore[attr-defined]
    assert "a.same" not in told
    assert re.search(r"a\.open +skipped or refreshed +unless rows of a\.built change", told)
    assert "1 of 3 tables are up to date" in told
    as_json = summary.plan_as_json(plan, ["b", "a"])
    assert as_json["files"] == ["a", "b"]
    assert [(t["table"], t["mode"], t["may_change"]) for t in as_json["tables"]] == [  # type: ignore[attr-defined]
        ("a.built", "full", False), ("a.same", "skip", False), ("a.open", "skip", True),
    ]  # fmt: skip


def waiting(*files: str) -> str:
    console = Console(file=io.StringIO(), width=160)
    summary.print_waiting(console, "landing", files)
    return str(console.file.getvalue())  # type: ignore[attr-defined]


def test_of_many_files_that_wait_the_first_are_told() -> None:
    told = waiting(*(f"file[{n:02}]" for n in range(25)))
    assert told.startswith("25 files wait in landing:\n  file[00]\n")
    assert told.endswith("  file[19]\n  and 5 others\n")
    assert waiting("one") == "1 file waits in landing:\n  one\n"
    assert waiting() == "0 files wait in landing\n"
