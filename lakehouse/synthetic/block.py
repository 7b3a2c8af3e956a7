"""One block of persons, from its seed to its rows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]

from lakehouse.synthetic import care, defects, identity, truth
from lakehouse.synthetic.billing import bill
from lakehouse.synthetic.directory import Directory
from lakehouse.synthetic.frames import ALL
from lakehouse.synthetic.genomes import collection
from lakehouse.synthetic.journal import Journal
from lakehouse.synthetic.population.simulation import simulate
from lakehouse.synthetic.streams import Streams
from lakehouse.synthetic.world import World


def record(world: World, block: int) -> Iterator[pa.RecordBatch]:
    """Everything that the people of a block leave behind, one batch for each frame that has rows."""
    streams, journal, directory = Streams(world.seed, block), Journal(), Directory.of(world.seed)
    life = simulate(world, block)
    care.write(world, streams, journal, life, directory)
    identity.write(world, streams, journal)
    bill(world, streams, journal, directory)
    defects.plant(world, streams, journal)
    truth.write(world, journal, life)
    collection.write(world, journal, block)
    _cut(world, journal)
    yield from journal.batches()


def _cut(world: World, journal: Journal) -> None:
    """Leave out who is beyond the size of the population: only the last block has such persons."""
    for frame in ALL:
        rows = journal.rows(frame)
        kept = rows["person"].astype(np.int64) < world.people
        if not kept.all():
            journal.replace(frame, {name: values[kept] for name, values in rows.items()})
