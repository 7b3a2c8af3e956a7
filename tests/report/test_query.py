"""Rows on a terminal."""

from __future__ import annotations

import io

from rich.console import Console

from lakehouse.report.query import show


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


def test_no_rows_are_an_empty_table() -> None:
    assert shown(["name", "value"])[0].split() == ["name", "value"]
