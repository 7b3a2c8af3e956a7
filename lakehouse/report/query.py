"""Queries over the tables by their names, and their rows on a terminal."""

from __future__ import annotations

import re
from functools import reduce
from typing import Any

from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame
from rich.console import Console
from rich.markup import escape

from lakehouse import audit
from lakehouse.errors import UsageError, shown
from lakehouse.lake import Lake, plainly
from lakehouse.report.summary import grid

_QUERIES = ("select", "with", "values", "from", "table", "describe", "show", "explain")
_SHOWS = ("show", "describe", "explain")
"""Queries that show no rows of the tables that they name."""

_WRITES = ("InsertIntoStatement", "InsertIntoDir", "UpdateTable", "DeleteFromTable", "MergeIntoTable")
"""What Spark's grammar allows after `with` and `from`, by the names of its nodes."""

_REACHES_JAVA = re.compile(r"\b(java_method|reflect|try_reflect)\s*\(", re.IGNORECASE)

_SHOW_TABLES = re.compile(r"\s*show\s+tables\s*;?\s*$", re.IGNORECASE)

_UNFOLDED = 1_000_000
"""A width at which no cell is folded."""


def check(query: str) -> None:
    """Raise UsageError where it is no query, or one that reaches beyond the tables."""
    if _first_word(query) not in _QUERIES:
        raise UsageError(_ONLY_QUERIES)
    if _REACHES_JAVA.search(plainly(query)):
        raise UsageError("functions of Java are not called: they could do anything")


_ONLY_QUERIES = f"only queries are answered, they write nothing and begin with one of {', '.join(_QUERIES)}"


def _first_word(query: str) -> str:
    first = re.sub(r"^\s*\(*", "", query).split(None, 1)
    return first[0].lower() if first else ""


def answer(lake: Lake, query: str, reason: str | None = None) -> DataFrame:
    """The rows that answer a query.

    reason: why tables that identify people are read; it is recorded before the rows are computed.
    Raises UsageError where a name or the grammar is wrong, or such a table is named without a reason.
    """
    check(query)
    identifying = audit.identifying(lake.name_tables(query))
    if identifying and _first_word(query) not in _SHOWS:
        audit.record(lake.audit, identifying, reason, query)
    # Files have no names that say whether they identify people.
    lake.spark.conf.set("spark.sql.runSQLOnFiles", "false")
    if _SHOW_TABLES.match(query):
        return _all_tables(lake)
    try:
        _refuse_writing(lake, query)
        rows = lake.spark.sql(query)
    except AnalysisException as error:
        if error.getErrorClass() == "TABLE_OR_VIEW_NOT_FOUND":
            name = (error.getMessageParameters() or {})["relationName"].replace("`", "")
            raise UsageError(f"there is no table {shown(name)}: {_instead(lake, name)}") from None
        # Spark begins with the name of the error, and goes on with the query or the plan that it had made by then.
        told = str(error).strip().partition("\n")[0]
        raise UsageError(re.sub(r"^\[\S+\] |; line \d+ pos \d+;?$", "", told)) from None
    # Planned, and not run yet. Wherever in the query the script is, its node has that name.
    if "ScriptTransformation" in rows._jdf.queryExecution().analyzed().toString():
        raise UsageError("rows are not handed to scripts: they could do anything")
    return rows


def _refuse_writing(lake: Lake, query: str) -> None:
    """Raise UsageError where the query, as Spark reads it, writes: it would do so before a row is asked for."""
    if _first_word(query) in _SHOWS:
        return
    nodes = [lake.spark._jsparkSession.sessionState().sqlParser().parsePlan(query)]
    for node in nodes:
        kind = node.getClass().getSimpleName()
        if kind in _WRITES or kind.endswith("Command"):
            raise UsageError(_ONLY_QUERIES)
        children = node.children()
        nodes += [children.apply(number) for number in range(children.size())]


def _all_tables(lake: Lake) -> DataFrame:
    """What `show tables` tells of one layer, of all of them."""
    layers = [row.namespace for row in lake.spark.sql("show schemas").collect()]
    return reduce(DataFrame.unionAll, [lake.spark.sql(f"show tables in {layer}") for layer in layers])


def _instead(lake: Lake, name: str) -> str:
    try:
        return f"name it with its layer, {lake.catalog.find(name).full_name()}"
    except UsageError as error:
        return str(error).removeprefix(f"there is no table {shown(name)}: ")


def show(console: Console, columns: list[str], rows: list[list[Any]]) -> None:
    """The rows as a table, or one below the other where they are too wide for that."""
    cells = [[_cell(value) for value in row] for row in rows]
    numbers = [c for i, c in enumerate(columns) if any(isinstance(row[i], (int, float)) for row in rows)]
    table = grid(*columns, right=numbers)
    for row in cells:
        table.add_row(*map(escape, row))
    is_wide = console.measure(table, options=console.options.update(width=_UNFOLDED)).maximum > console.width
    if rows and len(columns) > 1 and is_wide:
        _show_below(console, columns, cells)
    else:
        console.print(table)


def _show_below(console: Console, columns: list[str], rows: list[list[str]]) -> None:
    width = max(map(len, columns))
    for number, row in enumerate(rows, start=1):
        console.print(f"[bold]row {number}[/]", highlight=False)
        for column, text in zip(columns, row, strict=True):
            console.print(f"  {column:{width}}  {text}", markup=False, highlight=False, soft_wrap=True)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
