"""Names as they are given in the United States, by sex, year of birth and race.

Weights stand in knowledge/given_names.csv and surnames.csv. A race with given names of its own has them for a part
of its people and otherwise shares those of all; a race without a list of its own is named as the white are.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lakehouse.synthetic.choice import Choice
from lakehouse.synthetic.knowledge import table
from lakehouse.synthetic.streams import Floats, Integers

_GROUPS = ("any", "black", "hispanic", "asian")
_SURNAME_GROUPS = ("white", *_GROUPS[1:])
_SHARE_OF_OWN_NAMES = {"any": 0.0, "black": 0.35, "hispanic": 0.6, "asian": 0.4}
_FIRST_YEAR, _LAST_YEAR = 1910, 2030
_YEARS = _LAST_YEAR - _FIRST_YEAR + 1


def given_names(female: NDArray[np.bool_], birth_year: Integers, race: NDArray[Any], uniform: Floats) -> NDArray[Any]:
    """A given name for each, from a number of [0, 1). Years beyond the table count as its first or last."""
    names, choice = _given_names()
    year = np.clip(birth_year, _FIRST_YEAR, _LAST_YEAR) - _FIRST_YEAR
    rows = (female.astype(np.int64) * _YEARS + year) * len(_GROUPS) + _group(race)
    return np.asarray(names[choice.pick(rows, uniform)])


def surnames(race: NDArray[Any], uniform: Floats) -> NDArray[Any]:
    """A surname for each, from a number of [0, 1)."""
    names, choice = _surnames()
    return np.asarray(names[choice.pick(_group(race), uniform)])


def _group(race: NDArray[Any]) -> Integers:
    """The place of each race in the groups that have names of their own; zero for all others."""
    place = {group: number for number, group in enumerate(_GROUPS)}
    return np.array([place.get(name, 0) for name in race.tolist()], dtype=np.int64)


@cache
def _given_names() -> tuple[NDArray[Any], Choice]:
    """All given names, and their weights by sex, year of birth and group."""
    rows = table("given_names")
    weights = np.zeros((2, _YEARS, len(_GROUPS), len(rows)))
    for column, row in enumerate(rows):
        years = slice(int(row["born_from"]) - _FIRST_YEAR, int(row["born_to"]) - _FIRST_YEAR + 1)
        groups = range(len(_GROUPS)) if row["group"] == "any" else [_GROUPS.index(row["group"])]
        weights[int(row["sex"] == "female"), years, groups, column] = float(row["weight"])
    for place, group in enumerate(_GROUPS):
        own = np.array([row["group"] == group for row in rows]) & (group != "any")
        weights[:, :, place, :] = _mixed(weights[:, :, place, :], own, _SHARE_OF_OWN_NAMES[group])
    return np.array([row["name"] for row in rows], dtype=object), Choice.of(weights.reshape(-1, len(rows)))


def _mixed(weights: Floats, own: NDArray[np.bool_], share: float) -> Floats:
    """Weights scaled so that the own names have that share, where there are any."""
    total_own = (weights * own).sum(axis=-1, keepdims=True)
    total_common = (weights * ~own).sum(axis=-1, keepdims=True)
    share_here = np.where(total_own > 0, share, 0)
    factor_own = share_here / np.where(total_own > 0, total_own, 1)
    return np.asarray(weights * np.where(own, factor_own, (1 - share_here) / total_common))


@cache
def _surnames() -> tuple[NDArray[Any], Choice]:
    rows = table("surnames")
    weights = np.array([[float(row[group]) for row in rows] for group in _SURNAME_GROUPS])
    return np.array([row["name"] for row in rows], dtype=object), Choice.of(weights)
