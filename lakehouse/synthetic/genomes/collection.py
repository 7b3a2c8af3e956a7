"""The samples of a block's persons, as they are taken: the frame TRUE_SAMPLE."""

from __future__ import annotations

import numpy as np

from lakehouse.synthetic.arrays import dates_of, days_of
from lakehouse.synthetic.frames import PERSON, TRUE_SAMPLE
from lakehouse.synthetic.genomes.samples import batches, collect
from lakehouse.synthetic.journal import Journal
from lakehouse.synthetic.world import World


def write(world: World, journal: Journal, block: int) -> None:
    """Write down the samples of the people of a block, of every batch that they come in."""
    rows = journal.rows(PERSON)
    persons = rows["person"].astype(np.int64)
    birth, death = days_of(rows["birth_date"]), days_of(rows["death_date"])
    lives = np.where(np.isnat(rows["death_date"]), world.last_day + 1, death)
    for batch in batches(world, range(block, block + 1)):
        samples = collect(world, batch, persons, birth, lives)
        places = np.searchsorted(persons, samples.person)
        journal.add(TRUE_SAMPLE, {
            "person": samples.person, "source_id": samples.sample_id, "copy": samples.copy,
            "batch": np.full(len(places), batch.name, dtype=object), "collection_date": dates_of(samples.collected),
            "sex": rows["sex"][places], "record_number": rows["record_number"][places],
        })  # fmt: skip
