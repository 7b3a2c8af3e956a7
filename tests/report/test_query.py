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


def test_no_cell_is_folded_whatever_the_width() -> None:
    """At 40 columns: two of 17 fit with what rich puts between and around them, two of 19 do not."""
    for length in range(10, 25):
        told = shown(["a", "b"], ["x" * length, "y" * length])
        assert any("x" * length in line for line in told), length
        assert any("y" * length in line for line in told), length


def test_no_rows_are_an_empty_table() -> None:
    assert shown(["name", "value"])[0].split() == ["name", "value"]
    assert shown([f"a_long_name_{n}" for n in range(9)]) != []
