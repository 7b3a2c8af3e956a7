"""Queries over the tables by their names, and their rows on a terminal."""

from __future__ import annotations

import re
from functools import reduce
from typing import Any

from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame
from rich.console import Console
from rich.markup import escape

from lakehouse.errors import UsageError
from lakehouse.lake import Lake
from lakehouse.report.summary import grid

_QUERIES = ("select", "with", "values", "from", "table", "describe", "show", "explain")
_WRITES = re.compile(r"\b(insert\s+(into|overwrite)|delete\s+from|merge\s+into|update\s+\S+\s+set)\b", re.IGNORECASE)
"""What may follow `with` and `from`, and writes."""

_SHOW_TABLES = re.compile(r"\s*show\s+tables\s*;?\s*$", re.IGNORECASE)

_UNFOLDED = 1_000_000
"""A width at which no cell is folded."""


def check(query: str) -> None:
    """Raise UsageError where it is no query, or one that writes."""
    first = re.sub(r"^\s*\(*", "", query).split(None, 1)
    if not first or first[0].lower() not in _QUERIES or _WRITES.search(query):
        raise UsageError(f"only queries are answered, they write nothing and begin with one of {', '.join(_QUERIES)}")


def answer(lake: Lake, query: str) -> DataFrame:
    """The rows that answer a query. Raises UsageError where a name or the grammar is wrong."""
    lake.name_tables(query)
    if _SHOW_TABLES.match(query):
        return _all_tables(lake)
    try:
        return lake.spark.sql(query)
    except AnalysisException as error:
        if error.getErrorClass() == "TABLE_OR_VIEW_NOT_FOUND":
            name = (error.getMessageParameters() or {})["relationName"].replace("`", "")
            raise UsageError(f"there is no table {name!r}: {_instead(lake, name)}") from None
        # Spark begins with the name of the error, and goes on with the query or the plan that it had made by then.
        told = str(error).strip().partition("\n")[0]
        raise UsageError(re.sub(r"^\[\S+\] |; line \d+ pos \d+;?$", "", told)) from None


def _all_tables(lake: Lake) -> DataFrame:
    """What `show tables` tells of one layer, of all of them."""
    layers = [row.namespace for row in lake.spark.sql("show schemas").collect()]
    return reduce(DataFrame.unionAll, [lake.spark.sql(f"show tables in {layer}") for layer in layers])


def _instead(lake: Lake, name: str) -> str:
    try:
        return f"name it with its layer, {lake.catalog.find(name).full_name()}"
    except UsageError as error:
        return str(error).removeprefix(f"there is no table {name!r}: ")


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
