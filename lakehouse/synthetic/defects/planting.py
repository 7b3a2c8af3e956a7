"""Planting: choosing the rows that get a defect, changing them, and writing down what was true of them.

Whether a row gets a defect depends on the seed, the defect and the row's id alone. A row gets one defect at most.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lakehouse.synthetic.arrays import find
from lakehouse.synthetic.frames import ENCOUNTER, MEASUREMENT, PERSON, TRUE_DEFECT, Frame
from lakehouse.synthetic.journal import Journal, Rows
from lakehouse.synthetic.knowledge import by_key, number
from lakehouse.synthetic.streams import Floats, Integers, Streams, identify
from lakehouse.synthetic.world import World

Mask = NDArray[np.bool_]

_CARELESS_OF = 5
"""One in so many facilities is careless with units and codes."""

_CARELESS, _CAREFUL = 4.0, 0.25
"""How much more, and less, such defects happen there and elsewhere: once on the mean of all facilities."""


class Planting:
    """The defects of a block while they are planted."""

    def __init__(self, world: World, streams: Streams, journal: Journal) -> None:
        self.world, self.streams, self.journal = world, streams, journal
        self._taken: dict[Frame, Mask] = {}

    def rows(self, frame: Frame) -> Rows:
        """The rows of a frame as they are now."""
        return self.journal.rows(frame)

    def count(self, frame: Frame) -> int:
        """How many rows a frame has."""
        return len(self.rows(frame)["person"])

    def share(self, key: str) -> float:
        """How often the defect happens in this world, of what it can happen to."""
        return number(by_key("defects")[key], "rate") * self.world.planted.defects

    def choose(
        self, key: str, frame: Frame, eligible: Mask, *ids: NDArray[Any], factor: Floats | float = 1.0
    ) -> Integers:
        """The places of the rows that get the defect, drawn by their ids; they get no other one.

        factor: how much more often than usual it happens, for each row.
        """
        if not self.share(key) or not len(eligible):
            return np.empty(0, dtype=np.int64)
        taken = self._taken.setdefault(frame, np.zeros(len(eligible), dtype=bool))
        drawn = self.streams.chance(f"defect:{key}", *(part.astype(np.int64) for part in ids))
        chosen = np.flatnonzero(eligible & ~taken & (drawn < self.share(key) * factor))
        taken[chosen] = True
        return chosen

    def free(self, frame: Frame) -> Mask:
        """The rows that have no defect so far."""
        taken = self._taken.get(frame)
        return np.ones(self.count(frame), dtype=bool) if taken is None else ~taken

    def draw(self, key: str, least: int, most: int, *ids: NDArray[Any]) -> Integers:
        """A whole number from least to most for each of these ids."""
        drawn = self.streams.chance(f"defect:{key}:how", *(part.astype(np.int64) for part in ids))
        return least + (drawn * (most - least + 1)).astype(np.int64)

    def change(self, frame: Frame, column: str, chosen: Integers, values: Any) -> None:
        """Put values in a column of the chosen rows; a column that was null throughout takes their type."""
        rows = dict(self.rows(frame))
        changed = rows[column].copy()
        changed[chosen] = values
        self.journal.replace(frame, {**rows, column: changed})

    def append(self, frame: Frame, rows: Rows) -> None:
        """Add rows, which get no other defect."""
        self.journal.add(frame, rows)
        if frame in self._taken:
            added = np.ones(self.count(frame) - len(self._taken[frame]), dtype=bool)
            self._taken[frame] = np.concatenate([self._taken[frame], added])

    def note(
        self, key: str, file_kinds: str | NDArray[Any], persons: NDArray[Any], source_ids: Iterable[str], field: Any,
        true_values: Iterable[Any], bad_values: Iterable[Any], line_numbers: NDArray[Any] | None = None,
    ) -> None:  # fmt: skip
        """Write down defects as truth: where each stands, what was true, and what stands there now."""
        if len(persons):
            self.journal.add(TRUE_DEFECT, {
                "person": persons.astype(np.int64), "world": by_key("defects")[key]["world"], "defect_key": key,
                "file_kind": file_kinds, "source_id": _texts(source_ids), "field": field,
                "line_number": line_numbers, "true_value": _texts(true_values), "bad_value": _texts(bad_values),
            })  # fmt: skip

    @cached_property
    def births(self) -> Integers:
        """The days of birth of the persons, in the order of PERSON."""
        return self.rows(PERSON)["birth_date"].astype("datetime64[D]").astype(np.int64)

    def person_places(self, persons: NDArray[Any]) -> Integers:
        """Where persons stand in PERSON."""
        return find(self.rows(PERSON)["person"].astype(np.int64), persons.astype(np.int64))

    def observable(self) -> Mask:
        """The rows of MEASUREMENT that are an Observation with a number by themselves: no blood pressures."""
        rows = self.rows(MEASUREMENT)
        if not len(rows["person"]):
            return np.zeros(0, dtype=bool)
        measure = rows["measure_key"]
        return np.asarray(
            rows["in_ehr"].astype(bool)
            & ~np.isnan(rows["value"].astype(float))
            & (measure != "sbp")
            & (measure != "dbp")
        )

    @cached_property
    def carelessness(self) -> Floats:
        """For each value of MEASUREMENT, how much more often than usual the facility is careless with it."""
        encounters, rows = self.rows(ENCOUNTER), self.rows(MEASUREMENT)
        at = find(encounters["id"].astype(np.int64), rows["encounter"].astype(np.int64))
        facility = encounters["facility"][at].astype(np.int64) if len(encounters["id"]) else at
        is_careless = identify("careless facility", self.streams.seed, facility) % _CARELESS_OF == 0
        return np.where(is_careless, _CARELESS, _CAREFUL)


def _texts(values: Iterable[Any]) -> NDArray[Any]:
    return np.array([None if value is None else _text(value) for value in values], dtype=object)


def _text(value: Any) -> str:
    return f"{value:.10g}" if isinstance(value, float) else str(value)
