"""What reports have in common: how a number is written, a table of figures, and a console's output as a page."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.table import Table

_WIDTH = 132


def number(value: float | None) -> str:
    """Four significant digits at most."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def table(title: str, expected: str, found: str, rows: Iterable[tuple[str, ...]]) -> Table:
    """Figures beside what is expected of them.

    expected, found: what the report calls the two. rows: measure, segment, expected, found, from, to, n, verdict and
    source.
    """
    made = Table(title=title, title_justify="left", expand=True)
    for name in ("measure", "segment"):
        made.add_column(name, overflow="fold")
    for name in (expected, found, "from", "to", "n", ""):
        made.add_column(name, justify="right")
    made.add_column("source", ratio=1)
    for row in rows:
        made.add_row(*row)
    return made


def write(path: Path | str, show: Callable[[Console], None], below: str = "") -> None:
    """Write what is shown on a console as an HTML page to a local path, and below it more HTML."""
    console = Console(record=True, width=_WIDTH, file=StringIO(), highlight=False)
    show(console)
    page = console.export_html().replace("</body>", f"{below}\n</body>")
    Path(path).write_text(page, encoding="utf-8")
