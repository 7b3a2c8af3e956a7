"""How long people wait for appointments: by what it is for, the facility, and how many it is there for.

What has just been found is a reason to ask for an appointment, the first one for it. All others are asked for at the
same pace all the time, so that a wait moves none but those whose cause is younger than the wait; a visit that stays
where it is was asked for as long before.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from lakehouse.synthetic.arrays import lookup
from lakehouse.synthetic.care.encounters import facilities_of
from lakehouse.synthetic.care.visits import Visits
from lakehouse.synthetic.directory import Directory
from lakehouse.synthetic.frames import NULL
from lakehouse.synthetic.knowledge import number, table
from lakehouse.synthetic.population.life import Life
from lakehouse.synthetic.streams import Integers, Streams, identify, numbers_of
from lakehouse.synthetic.world import World


def hold_up(world: World, streams: Streams, life: Life, directory: Directory, visits: Visits) -> Visits:
    """The visits on the days on which people get an appointment, with the days on which they ask for it.

    Nothing is asked for before what it is for is known. Kinds that are not in knowledge/waits.csv need no appointment.
    """
    wait = waits(world, streams, life, directory, visits)
    known = _known(life, visits)
    asked = np.where(visits.day - wait < known, visits.day, visits.day - wait)
    asked = np.where(_are_first(world, life, visits, known), known, asked)
    asked = np.where(wait == NULL, NULL, asked)
    minutes = np.where(wait == NULL, 0, asked + wait - visits.day) * 1440
    return replace(visits, start=visits.start + minutes, end=visits.end + minutes, asked=asked)


def waits(world: World, streams: Streams, life: Life, directory: Directory, visits: Visits) -> Integers:
    """How many days of waiting each visit takes, exponential around the facility's mean; NULL where there is none."""
    keys = {row["encounter_key"]: place for place, row in enumerate(table("waits"))}
    shares = np.array([number(row, "share_of_wait") for row in table("waits")])
    kind = lookup(visits.key, keys)
    facility = facilities_of(world, streams, life, directory, visits)
    mean = shares[kind] * directory.facilities["wait_days"][facility - 1]
    days = np.floor(-mean * np.log1p(-streams.chance("waits", visits.id))).astype(np.int64)
    return np.where(kind < 0, NULL, days)


def _known(life: Life, visits: Visits) -> Integers:
    """Since when it is known what each visit is for: a condition that lasts, otherwise since birth."""
    conditions = lookup(visits.reason, {name: place for place, name in enumerate(life.conditions)})
    return np.where(conditions < 0, life.people.birth[visits.person], life.known[visits.person, conditions])


def _are_first(world: World, life: Life, visits: Visits, known: Integers) -> NDArray[np.bool_]:
    """Which visits are each person's first for a disease that was found in the window, by kind and specialty.

    A procedure is not asked for with the diagnosis, but when it is due.
    """
    of_new = np.isin(visits.reason, life.conditions) & (known >= world.first_day)
    of_new &= np.array([procedure is None for procedure in visits.procedure], dtype=bool)
    places = visits.in_order(np.flatnonzero(of_new))
    what = numbers_of(visits.reason[places] + ":" + visits.key[places] + ":" + visits.specialty[places])
    first = np.zeros(len(visits), dtype=bool)
    first[places[np.unique(identify("first visit", visits.person[places], what), return_index=True)[1]]] = True
    return first
