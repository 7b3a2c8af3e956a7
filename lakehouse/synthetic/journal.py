"""What is written down while a block is simulated: rows of frames, column by column."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
from numpy.typing import NDArray

from lakehouse.synthetic.frames import ALL, NULL, Frame

Rows = dict[str, NDArray[Any]]


class Journal:
    """Rows of every frame, in the order in which they were added.

    A column is a numpy array, or one value that all the rows share; a column that is left out is null. In
    columns of whole numbers `frames.NULL` is null, NaT in dates and times, NaN in numbers, None in objects.
    """

    def __init__(self) -> None:
        self._parts: dict[Frame, list[Rows]] = {frame: [] for frame in ALL}

    def add(self, frame: Frame, columns: Mapping[str, Any]) -> None:
        """Add rows. Raises KeyError for a column that the frame does not have."""
        if unknown := set(columns) - set(frame.columns):
            raise KeyError(f"{frame.name} has no {sorted(unknown)}")
        rows = max((len(v) for v in columns.values() if isinstance(v, np.ndarray)), default=1)
        if rows:
            self._parts[frame].append({name: _column(columns.get(name), rows) for name in frame.columns})

    def rows(self, frame: Frame) -> Rows:
        """All rows of the frame so far; its columns are shared, not to be changed."""
        parts = self._parts[frame]
        if len(parts) > 1:
            parts[:] = [{name: _joined([part[name] for part in parts]) for name in frame.columns}]
        return parts[0] if parts else {name: np.empty(0, dtype=object) for name in frame.columns}

    def replace(self, frame: Frame, rows: Rows) -> None:
        """Put these rows in the place of all that the frame has."""
        self._parts[frame] = [rows]

    def keep_first(self, frame: Frame) -> None:
        """Of rows with one id keep the first: the same thing was told twice."""
        rows = self.rows(frame)
        first = np.sort(np.unique(rows["id"], return_index=True)[1])
        self._parts[frame] = [{name: values[first] for name, values in rows.items()}]

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The rows of every frame that has any, as Arrow."""
        for frame in ALL:
            if self._parts[frame]:
                yield frame.batch(self.rows(frame))


def _column(values: Any, rows: int) -> NDArray[Any]:
    if isinstance(values, np.ndarray):
        return values
    if values is None or isinstance(values, str):
        return np.full(rows, values, dtype=object)
    return np.full(rows, values)


def _joined(parts: list[NDArray[Any]]) -> NDArray[Any]:
    """One array; a part that is null throughout takes the type of the others."""
    kinds = {part.dtype.kind for part in parts if part.dtype.kind != "O"}
    if len(kinds) == 1 and any(part.dtype.kind == "O" for part in parts):
        like = next(part for part in parts if part.dtype.kind != "O")
        parts = [part if part.dtype.kind != "O" else _nulls(like, part) for part in parts]
    return np.concatenate(parts)


def _nulls(like: NDArray[Any], part: NDArray[Any]) -> NDArray[Any]:
    if any(value is not None for value in part):
        return part
    null = {"i": NULL, "f": np.nan, "M": np.datetime64("NaT")}.get(like.dtype.kind)
    return part if null is None else np.full(len(part), null, dtype=like.dtype)
