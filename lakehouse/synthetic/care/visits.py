"""Contacts with care, as the modules beside this one make them: when, why, and of which kind."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lakehouse.synthetic.frames import NULL
from lakehouse.synthetic.knowledge import by_key
from lakehouse.synthetic.population.life import Life
from lakehouse.synthetic.streams import Integers, identify


@dataclass(frozen=True)
class Visits:
    """Encounters, one entry each, in the order of `id` within a source. person is the place in the block.

    start, end: minutes since 1970. reason: a condition key. stay: number of the stay, or NULL. event: the acute
    condition that the encounter is about, or None. procedure: what the encounter is for, or None. asked: the day on
    which an appointment for it was asked for, or NULL.
    """

    id: Integers
    person: Integers
    key: NDArray[Any]
    start: Integers
    end: Integers
    reason: NDArray[Any]
    specialty: NDArray[Any]
    stay: Integers
    event: NDArray[Any]
    procedure: NDArray[Any]
    asked: Integers

    def in_order(self, among: Integers | None = None) -> Integers:
        """The places of the encounters, all or those `among`, person by person and then as they begin."""
        places = np.arange(len(self)) if among is None else among
        return np.asarray(places[np.lexsort((self.start[places], self.person[places]))])

    def first_of_each(self, among: Integers) -> Integers:
        """The places of the first encounter of each person among these places."""
        order = self.in_order(among)
        return np.asarray(order[np.unique(self.person[order], return_index=True)[1]])

    @property
    def day(self) -> Integers:
        """The day on which each begins."""
        return self.start // 1440

    def __len__(self) -> int:
        return len(self.id)


def join(parts: list[Visits]) -> Visits:
    """Encounters of several sources, one after the other."""
    return Visits(*(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Visits)))


def take(visits: Visits, chosen: NDArray[Any]) -> Visits:
    """Some of the encounters."""
    return Visits(*(getattr(visits, f.name)[chosen] for f in fields(Visits)))


def encounter_id(source: str, persons: Integers | int, days: Integers | int, also: Integers | int = 0) -> Integers:
    """The ids of the encounters of a source, by the numbers of persons in the population, and days."""
    return identify(f"encounter:{source}", persons, days, also)


def make(
    source: str, life: Life, person: Integers, day: Integers, key: NDArray[Any] | str, reason: NDArray[Any] | str,
    specialty: NDArray[Any] | str = "", minutes: Integers | None = None, lasts: Integers | None = None,
    stay: Integers | None = None, event: NDArray[Any] | None = None, procedure: str | None = None,
    also: Integers | int = 0,
) -> Visits:  # fmt: skip
    """Encounters of one source. minutes: of the day at which each begins; lasts: how many it lasts.

    also: what tells encounters of the source apart that a person has on one day.
    """
    count = len(person)
    keys = np.full(count, key, dtype=object) if isinstance(key, str) else key
    ids = encounter_id(source, life.people.person[person], day, also)
    at = 480 + 15 * (ids % 36) if minutes is None else minutes
    length = _minutes(keys) if lasts is None else lasts
    start = day.astype(np.int64) * 1440 + at
    return Visits(
        ids, person.astype(np.int64), keys, start, start + length,
        np.full(count, reason, dtype=object) if isinstance(reason, str) else reason,
        np.full(count, specialty, dtype=object) if isinstance(specialty, str) else specialty,
        np.full(count, NULL) if stay is None else stay,
        np.full(count, None, dtype=object) if event is None else event,
        np.full(count, procedure, dtype=object),
        np.full(count, NULL),
    )  # fmt: skip


def _minutes(keys: NDArray[Any]) -> Integers:
    lengths = {key: int(row["minutes"] or 20) for key, row in by_key("encounters").items()}
    return np.array([lengths[key] for key in keys], dtype=np.int64)


def objects(values: list[Any]) -> NDArray[Any]:
    """A column of these values, None among them."""
    found = np.empty(len(values), dtype=object)
    found[:] = values
    return found
