"""What reports have in common: how a number is written, and a console's output as a page."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from pathlib import Path

from rich.console import Console

_WIDTH = 132


def number(value: float | None) -> str:
    """Four significant digits at most."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def write(path: Path | str, show: Callable[[Console], None], below: str = "") -> None:
    """Write what is shown on a console as an HTML page to a local path, and below it more HTML."""
    console = Console(record=True, width=_WIDTH, file=StringIO(), highlight=False)
    show(console)
    page = console.export_html().replace("</body>", f"{below}\n</body>")
    Path(path).write_text(page, encoding="utf-8")
