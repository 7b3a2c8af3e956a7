"""The care that people receive, as frames: from their lives to what is written down about them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakehouse.synthetic.care import (
    acute,
    diagnoses,
    drugs,
    encounters,
    notes,
    observations,
    persons,
    planned,
    prevention,
    procedures,
    routine,
    social_needs,
    waits,
)
from lakehouse.synthetic.care.visits import Visits, join, take
from lakehouse.synthetic.directory import Directory
from lakehouse.synthetic.journal import Journal
from lakehouse.synthetic.population.life import Life
from lakehouse.synthetic.population.stays import Stay
from lakehouse.synthetic.streams import Streams
from lakehouse.synthetic.world import World

_NOT_IN_BETWEEN = ("inpatient", "skilled_nursing", "home_health", "hospice")
"""Encounters that are, or follow from, a stay; all others are not made during one."""


def write(world: World, streams: Streams, journal: Journal, life: Life, directory: Directory) -> None:
    """Write down who the people of a block are and all care that they receive."""
    persons.write(world, streams, journal, life)
    contacts = _contacts(world, streams, life, directory)
    doses = prevention.plan(world, streams, life)
    of_doses, for_vaccines = prevention.attach(life, contacts, doses)
    made = encounters.write(world, streams, journal, life, directory, join([contacts, for_vaccines]))
    diagnoses.write(world, streams, journal, life, made)
    observations.write(world, streams, journal, life, made)
    social_needs.write(streams, journal, life, made)
    drugs.write(world, journal, life, made)
    procedures.write(streams, journal, life, made)
    prevention.write(streams, journal, life, made, doses, of_doses)
    notes.write(streams, journal, life, made)


def _contacts(world: World, streams: Streams, life: Life, directory: Directory) -> Visits:
    """All contacts of a block in the window and within lives, but for those that a stay comes in the way of."""
    appointments = join([*routine.draw(world, streams, life), *planned.draw(world, streams, life)])
    contacts = join([*acute.draw(streams, life), waits.hold_up(world, streams, life, directory, appointments)])
    begins = np.maximum(life.people.birth[contacts.person], world.first_day)
    ends = np.minimum(life.death[contacts.person], world.last_day)
    made = (contacts.day >= begins) & (contacts.day <= ends)
    made &= np.isin(np.arange(len(contacts)), np.unique(contacts.id, return_index=True)[1])  # each once
    return take(contacts, made & ~_during_stays(life, contacts))


def _during_stays(life: Life, visits: Visits) -> NDArray[np.bool_]:
    """Which visits fall into a stay: they are not made. Stays and what follows them are."""
    found = np.zeros(len(visits), dtype=bool)
    by_person: dict[int, list[Stay]] = {}
    for stay in life.stays:
        by_person.setdefault(stay.person, []).append(stay)
    outside = np.isin(visits.key, _NOT_IN_BETWEEN, invert=True)
    for person, stays in by_person.items():
        mine = np.flatnonzero(outside & (visits.person == person))
        for stay in stays:
            found[mine] |= (visits.day[mine] >= stay.start) & (visits.day[mine] <= stay.end)
    return found
