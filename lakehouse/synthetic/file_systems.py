"""Files written and read by Spark's Python workers themselves, on any file system that Arrow knows."""

from __future__ import annotations

from typing import Any

import pyarrow.fs  # type: ignore[import-untyped]


def file_system(path: str) -> tuple[Any, str]:
    """The file system of a path as Arrow knows it, and the path in it."""
    if "://" not in path:
        return pyarrow.fs.LocalFileSystem(), path
    found: tuple[Any, str] = pyarrow.fs.FileSystem.from_uri(path.replace("s3a://", "s3://", 1))
    return found
