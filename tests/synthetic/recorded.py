"""A block of people with all that was written down and billed, before any defect is planted."""

from __future__ import annotations

from functools import cache

from lakehouse.synthetic import care, identity
from lakehouse.synthetic.billing import bill
from lakehouse.synthetic.directory import Directory
from lakehouse.synthetic.frames import ALL
from lakehouse.synthetic.journal import Journal
from lakehouse.synthetic.population.life import Life
from lakehouse.synthetic.population.simulation import simulate
from lakehouse.synthetic.streams import Streams
from lakehouse.synthetic.world import World

WORLD = World(people=1_000)


@cache
def block() -> tuple[Life, Journal]:
    """The first block of the world, and its journal; neither is to be changed."""
    streams, journal, directory = Streams(WORLD.seed, 0), Journal(), Directory.of(WORLD.seed)
    life = simulate(WORLD, 0)
    care.write(WORLD, streams, journal, life, directory)
    identity.write(WORLD, streams, journal)
    bill(WORLD, streams, journal, directory)
    return life, journal


def copy(journal: Journal) -> Journal:
    """A journal with the same rows, which can be changed."""
    other = Journal()
    for frame in ALL:
        if len(journal.rows(frame)["person"]):
            other.replace(frame, dict(journal.rows(frame)))
    return other
