"""Units of measured values: left out, written otherwise, or not those of the value."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lakehouse.synthetic.defects.planting import Planting
from lakehouse.synthetic.defects.source_ids import observation_ids
from lakehouse.synthetic.frames import MEASUREMENT
from lakehouse.synthetic.knowledge import by_key, number, table
from lakehouse.synthetic.streams import Integers

_VALUE, _UNIT = "valueQuantity.value", "valueQuantity.unit"
_DECIMALS = 2


def plant(planting: Planting) -> None:
    """Plant them in MEASUREMENT, more of them where a facility is careless."""
    if planting.count(MEASUREMENT):
        _wrong(planting)
        _missing(planting)
        _nonstandard(planting)


def _wrong(planting: Planting) -> None:
    rows = planting.rows(MEASUREMENT)
    slips = {row["measure_key"]: row for row in table("unit_slips")}
    convertible = np.array([key in slips for key in rows["measure_key"].tolist()], dtype=bool)
    chosen = _choose(planting, "unit_wrong", planting.observable() & convertible)
    factors, offsets = (
        np.array([number(slips[key], name) for key in rows["measure_key"][chosen]]) for name in ("factor", "offset")
    )
    true = rows["value"][chosen]
    bad = np.round(true * factors + offsets, _DECIMALS)
    planting.change(MEASUREMENT, "value", chosen, bad)
    planting.change(MEASUREMENT, "unit", chosen, _units(rows["measure_key"][chosen]))
    _note(planting, "unit_wrong", chosen, _VALUE, true, bad)


def _missing(planting: Planting) -> None:
    rows = planting.rows(MEASUREMENT)
    chosen = _choose(planting, "unit_missing", planting.observable())
    planting.change(MEASUREMENT, "unit", chosen, "")
    none = np.full(len(chosen), None, dtype=object)
    _note(planting, "unit_missing", chosen, _UNIT, _units(rows["measure_key"][chosen]), none)


def _nonstandard(planting: Planting) -> None:
    rows = planting.rows(MEASUREMENT)
    small = {row["key"] for row in table("measures") if row["unit"].upper() != row["unit"]}
    differs = np.array([key in small for key in rows["measure_key"].tolist()], dtype=bool)
    chosen = _choose(planting, "unit_nonstandard", planting.observable() & differs)
    true = _units(rows["measure_key"][chosen])
    bad = np.array([unit.upper() for unit in true], dtype=object)
    planting.change(MEASUREMENT, "unit", chosen, bad)
    _note(planting, "unit_nonstandard", chosen, _UNIT, true, bad)


def _choose(planting: Planting, key: str, eligible: NDArray[np.bool_]) -> Integers:
    ids = planting.rows(MEASUREMENT)["id"]
    return planting.choose(key, MEASUREMENT, eligible, ids, factor=planting.carelessness)


def _units(measures: NDArray[Any]) -> NDArray[Any]:
    return np.array([by_key("measures")[key]["unit"] for key in measures], dtype=object)


def _note(
    planting: Planting, key: str, chosen: Integers, field: str, true: NDArray[Any], bad: NDArray[Any]
) -> None:  # fmt: skip
    rows = planting.rows(MEASUREMENT)
    planting.note(key, "Observation", rows["person"][chosen], observation_ids(rows, chosen), field, true, bad)
