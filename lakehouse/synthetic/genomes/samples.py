"""Who is genotyped, when the sample is taken and told of, and in which batch.

All is drawn by a hash of the seed and the person, so it does not depend on who else there is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lakehouse.synthetic.arrays import dates_of
from lakehouse.synthetic.deliveries import days
from lakehouse.synthetic.genomes.laboratory import rate
from lakehouse.synthetic.identifiers import sample_id
from lakehouse.synthetic.streams import Integers, Streams, identify
from lakehouse.synthetic.world import BLOCK, World, day_number

DUPLICATE = "duplicate_sample"
"""The error of genotyping a person again as if he were somebody else."""

_LATER_BLOCKS = 10
"""How many blocks share a batch after the first delivery: a month brings few samples."""

_SOONEST, _LATEST = 60, 180
"""Days from the taking of a sample until the laboratory reports it."""

_AGAIN_WITHIN = 400
"""Days within which a duplicate is taken after the first sample."""


@dataclass(frozen=True)
class Batch:
    """Samples that are prepared together and told of in one delivery: those of the persons of some blocks."""

    delivery: date
    blocks: range

    @property
    def name(self) -> str:
        """What the laboratory calls it: the month of the delivery, and the first block."""
        return f"GX{self.delivery:%y%m}-{self.blocks.start:05d}"

    @property
    def number(self) -> int:
        """An id for draws."""
        return int(identify("laboratory batch", day_number(self.delivery), self.blocks.start))


@dataclass(frozen=True)
class Samples:
    """The samples of a batch by person, and of a person by copy: 0 the first, 1 a duplicate.

    collected: days since 1970-01-01. sample_id: as the laboratory names it.
    """

    person: Integers
    copy: Integers
    sample_id: NDArray[Any]
    collected: Integers

    @property
    def number(self) -> Integers:
        """An id of each sample for draws."""
        return 2 * self.person + self.copy


def batches(world: World, blocks: range) -> tuple[Batch, ...]:
    """Every batch with samples of these blocks: one for each in the first delivery, one of several in later ones."""
    first, *later = days(world)
    return (
        *(Batch(first, range(block, block + 1)) for block in blocks),
        *(
            Batch(day, range(start, start + _LATER_BLOCKS))
            for day in later
            for start in range(blocks.start // _LATER_BLOCKS * _LATER_BLOCKS, blocks.stop, _LATER_BLOCKS)
        ),
    )


def collect(world: World, batch: Batch, persons: Integers, birth: Integers, death: Integers) -> Samples:
    """The samples of a batch.

    persons: those of the batch's blocks. birth, death: their days since 1970-01-01; of who lives on, any day after
    the world's end. A sample is taken on a day of the window on which the person lives, and comes with the first
    delivery after it was reported; what is reported after the last one is never told of.
    """
    streams = Streams(world.seed)
    copies = [_taken(world, streams, persons, birth, death)]
    copies.append(_taken_again(world, streams, copies[0], persons, death))
    chosen = streams.chance("laboratory:genotyped", persons) < world.genotyping.share
    twice = chosen & (streams.chance(f"laboratory:{DUPLICATE}", persons) < rate(world, DUPLICATE))
    person = np.tile(persons, 2)
    copy = np.repeat([0, 1], len(persons))
    collected = np.concatenate(copies)
    lag = _SOONEST + streams.chance("laboratory:report", person, copy) * (_LATEST - _SOONEST)
    comes_with = np.searchsorted(_delivery_days(world), collected + lag.astype(np.int64), side="right")
    in_batch = (comes_with == days(world).index(batch.delivery)) & _lies_in(batch, person)
    places = np.flatnonzero(np.concatenate([chosen, twice]) & (collected >= 0) & in_batch)
    places = places[np.lexsort((copy[places], person[places]))]
    return Samples(
        person[places], copy[places],
        sample_id(world.seed, person[places], copy[places]), collected[places],
    )  # fmt: skip


def manifest(batch: Batch, samples: Samples, record_number: NDArray[Any], sex: NDArray[Any]) -> str:
    """The text of `samples.tsv` of a batch: whose sample each is, as the laboratory registered it.

    record_number, sex: of each sample's person, as told to the laboratory.
    """
    lines = ["\t".join(("sample_id", "medical_record_number", "batch", "sex", "collection_date"))]
    rows = zip(samples.sample_id, record_number, sex, dates_of(samples.collected), strict=True)
    lines += [f"{sample_id}\t{record}\t{batch.name}\t{told}\t{day}" for sample_id, record, told, day in rows]
    return "\n".join([*lines, ""])


def _delivery_days(world: World) -> Integers:
    """A delivery tells what was known before its day."""
    return np.array([day_number(day) for day in days(world)], dtype=np.int64)


def _lies_in(batch: Batch, persons: Integers) -> NDArray[np.bool_]:
    return np.asarray((persons // BLOCK >= batch.blocks.start) & (persons // BLOCK < batch.blocks.stop))


def _taken(world: World, streams: Streams, persons: Integers, birth: Integers, death: Integers) -> Integers:
    """A day of the window on which each person lives; -1 for who lives on none."""
    first, last = np.maximum(birth, world.first_day), np.minimum(death, world.last_day)
    drawn = first + (streams.chance("laboratory:collection", persons) * (last - first + 1)).astype(np.int64)
    return np.where(last >= first, drawn, -1)


def _taken_again(world: World, streams: Streams, taken: Integers, persons: Integers, death: Integers) -> Integers:
    """A later day for a duplicate; -1 for who does not live to see it, or has no first one."""
    later = taken + 1 + (streams.chance("laboratory:collection again", persons) * _AGAIN_WITHIN).astype(np.int64)
    return np.where((taken >= 0) & (later <= np.minimum(death, world.last_day)), later, -1)
