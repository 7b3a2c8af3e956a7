"""What a person reads at the end of a refresh."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table as Grid

from lakehouse.refresh.plan import Decision
from lakehouse.refresh.run import Outcome
from lakehouse.report.accounts import FATES, Account, by_source

_MOST_COUNTS = 20

_STYLE = {
    "full": "green", "incremental": "green", "carried": "cyan", "skipped": "dim", "failed": "bold red", "blocked": "red"
}  # fmt: skip


def grid(*columns: str, right: Iterable[str] = ()) -> Grid:
    """An empty table; the columns named in `right` hold numbers."""
    made = Grid(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for column in columns:
        made.add_column(column, justify="right" if column in right else "left", overflow="fold")
    return made


def print_outcomes(console: Console, outcomes: list[Outcome], seconds: float, with_traces: bool = False) -> None:
    """Each table with its rows, time, mode and quarantine, then what failed, with the stack traces if asked."""
    table = grid("table", "mode", "rows", "quarantined", "seconds", "why", right=("rows", "quarantined", "seconds"))
    for outcome in outcomes:
        table.add_row(
            outcome.table,
            f"[{_STYLE[outcome.mode]}]{outcome.mode}[/]",
            f"{outcome.rows:,}",
            f"{outcome.quarantined:,}" if outcome.quarantined else "",
            f"{outcome.seconds:.1f}",
            escape(outcome.reason),
        )
    console.print(table)
    modes = Counter(outcome.mode for outcome in outcomes)
    told = ", ".join(f"{number} {mode}" for mode, number in modes.most_common())
    tables = "1 table" if len(outcomes) == 1 else f"{len(outcomes)} tables"
    console.print(f"{tables} in {seconds:.1f} s: {told}", highlight=False)
    for outcome in outcomes:
        if outcome.mode == "failed":
            console.print(f"[bold red]failed[/] {outcome.table}: {escape(outcome.reason)}", highlight=False)
            if with_traces:
                console.print(outcome.details, markup=False, highlight=False)


def print_plan(console: Console, decisions: Mapping[str, Decision]) -> None:
    """What a refresh would do with each table that it would not simply skip, and why."""
    table = grid("table", "would be", "why")
    for name, decision in decisions.items():
        if decision.mode != "skip":
            table.add_row(name, decision.mode, escape(decision.reason))
        elif decision.is_open:
            table.add_row(name, "skipped or refreshed", escape(decision.reason))
    if table.row_count:
        console.print(table)
    current = len(decisions) - table.row_count
    console.print(f"{current} of {len(decisions)} tables are up to date", highlight=False)


def plan_as_json(decisions: Mapping[str, Decision], files: Collection[str]) -> dict[str, object]:
    """What a refresh would do with each table, and the files that wait, as plain values."""
    tables = [
        {"table": name, "mode": d.mode, "reason": d.reason, "may_change": d.is_open} for name, d in decisions.items()
    ]
    return {"files": sorted(files), "tables": tables}


def print_waiting(console: Console, landing: str, files: Collection[str]) -> None:
    """How many files wait in the landing zone, and the first of them."""
    number = "1 file waits" if len(files) == 1 else f"{len(files):,} files wait"
    console.print(f"{number} in {landing}{':' if files else ''}", highlight=False, markup=False)
    for name in sorted(files)[:_MOST_COUNTS]:
        console.print(f"  {name}", highlight=False, markup=False)
    if len(files) > _MOST_COUNTS:
        console.print(f"  and {len(files) - _MOST_COUNTS:,} others")


def print_accounts(console: Console, accounts: list[Account]) -> None:
    """Where the rows of each source went, and the deliveries that do not balance."""
    numbers = ("landed", *FATES, "missing")
    table = grid("source", "deliveries", *numbers, right=("deliveries", *numbers))
    deliveries = Counter(account.source for account in accounts)
    for account in by_source(accounts):
        cells = [f"{getattr(account, name):,}" for name in numbers]
        if account.missing:
            cells[-1] = f"[bold red]{cells[-1]}[/]"
        table.add_row(account.source, str(deliveries[account.source]), *cells)
    console.print(table)
    unbalanced = [account for account in accounts if account.missing]
    for account in unbalanced:
        told = f"{account.missing:,} of {account.landed:,} rows of {account.source} in {account.delivery}"
        console.print(f"[bold red]missing[/] {escape(told)}", highlight=False)
    verdict = "[bold red]rows are missing[/]" if unbalanced else "every row of every delivery is accounted for"
    console.print(f"landed = {' + '.join(FATES)}: {verdict}", highlight=False)


def print_counts(console: Console, title: str, counts: DataFrame) -> None:
    """The largest of counts, and how many others there are; nothing where there are none. Their last column: `rows`."""
    largest = counts.orderBy(F.desc("rows"), *counts.columns[:-1]).limit(_MOST_COUNTS).collect()
    if not largest:
        return
    table = grid(*counts.columns, right=("rows",))
    for *key, rows in largest:
        table.add_row(*(escape(str(part)) for part in key), f"{rows:,}")
    console.print(f"[bold]{title}[/]")
    console.print(table)
    if len(largest) < _MOST_COUNTS:
        return
    ((every, of_all),) = counts.agg(F.count("*"), F.sum("rows")).collect()
    if every > len(largest):
        console.print(f"and {every - len(largest):,} others, of {of_all - sum(row.rows for row in largest):,} rows")
