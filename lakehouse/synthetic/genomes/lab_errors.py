"""Errors of the laboratory in whole samples and batches: swaps, contamination, wrong sexes, little DNA, bad batches.

How often each happens stands in knowledge/lab_errors.csv. Two samples that are mistaken for each other, or mixed, lie
side by side on a plate of 96 wells, which is filled column by column. A sample has one such error at most, drawn by its
id; and since samples go in the order of their persons, more persons leave the errors of the first ones as they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lakehouse.synthetic.genomes.laboratory import rate
from lakehouse.synthetic.genomes.preparation import UNMIXED, LabError, Preparation
from lakehouse.synthetic.genomes.samples import DUPLICATE, Batch, Samples
from lakehouse.synthetic.identifiers import sample_id
from lakehouse.synthetic.streams import Floats, Integers, Streams
from lakehouse.synthetic.world import World

Mask = NDArray[np.bool_]

SWAP, CONTAMINATION, SEX, LOW_CALL_RATE = "sample_swap", "contamination", "sex_mismatch", "low_call_rate"
BAD_BATCH = "bad_batch"

WELLS_A_COLUMN = 8
"""The sample beside another on its plate comes so many later."""

_MIXED = (0.03, 0.20)
"""Between which shares of the DNA contamination lies."""

_LITTLE_DNA, _BAD_BATCH = (0.05, 0.12), (0.15, 0.25)
"""Between which shares of the usual depth or signal such a sample, and such a batch, lies."""


def prepare(world: World, batch: Batch, samples: Samples, sex: NDArray[Any]) -> Preparation:
    """How the samples of a batch are prepared, with the errors that happen and the truth about them.

    sex: of each sample's person, male or female.
    """
    streams, sex = Streams(world.seed), sex.astype(object)
    erring = _erring(world, samples)
    beside = np.minimum(np.arange(len(sex)) + WELLS_A_COLUMN, len(sex) - 1)
    share = np.where(erring[CONTAMINATION], _between(streams, CONTAMINATION, samples.number, _MIXED), 0.0)
    quality = np.where(erring[LOW_CALL_RATE], _between(streams, LOW_CALL_RATE, samples.number, _LITTLE_DNA), 1.0)
    sex_told = np.where(erring[SEX], np.where(sex == "male", "female", "male"), sex)
    labels = samples.sample_id.copy()
    one, other = np.flatnonzero(erring[SWAP]), beside[erring[SWAP]]
    labels[one], labels[other] = samples.sample_id[other], samples.sample_id[one]
    ids, neighbours = samples.sample_id, samples.sample_id[beside]
    errors = [
        *_told(batch, DUPLICATE, samples.copy > 0, ids, sample_id(world.seed, samples.person)),
        *_told(batch, SWAP, erring[SWAP], ids, neighbours),
        *_told(batch, CONTAMINATION, erring[CONTAMINATION], ids, neighbours, bad=_texts(share)),
        *_told(batch, SEX, erring[SEX], ids, true=sex, bad=sex_told),
        *_told(batch, LOW_CALL_RATE, erring[LOW_CALL_RATE], ids, bad=_texts(quality)),
    ]
    if is_bad(world, batch) and len(labels):
        of_batch = _between(streams, BAD_BATCH, np.array([batch.number]), _BAD_BATCH)
        quality = quality * of_batch
        errors.append(LabError(str(batch.delivery), batch.name, BAD_BATCH, bad_value=_texts(of_batch)[0]))
    contaminant = np.where(erring[CONTAMINATION], beside, UNMIXED)
    return Preparation(labels, sex_told, quality, contaminant, share, tuple(errors))


def is_bad(world: World, batch: Batch) -> bool:
    """Whether it is a batch of low depth or signal."""
    return happens_to(world, BAD_BATCH, batch)


def happens_to(world: World, error: str, batch: Batch) -> bool:
    """Whether an error of batches happens to this one."""
    drawn = Streams(world.seed).chance(f"laboratory:{error}", np.array([batch.number]))
    return bool(drawn[0] < rate(world, error))


def _erring(world: World, samples: Samples) -> dict[str, Mask]:
    """To which samples each error happens. A swap is told of the first of the two."""
    kinds, streams = (SWAP, CONTAMINATION, SEX, LOW_CALL_RATE), Streams(world.seed)
    count = len(samples.number)
    drawn = {kind: streams.chance(f"laboratory:{kind}", samples.number) < rate(world, kind) for kind in kinds}
    has_neighbour = np.arange(count) + WELLS_A_COLUMN < count
    drawn[SWAP] &= has_neighbour
    drawn[CONTAMINATION] &= has_neighbour
    erring = {kind: np.zeros(count, dtype=bool) for kind in kinds}
    taken = np.zeros(count, dtype=bool)
    for place in np.flatnonzero(np.any(list(drawn.values()), axis=0)).tolist():
        kind = next(kind for kind in kinds if drawn[kind][place])
        if not taken[place]:
            erring[kind][place] = taken[place] = True
            if kind == SWAP:
                taken[place + WELLS_A_COLUMN] = True
    return erring


def _between(streams: Streams, purpose: str, ids: Integers, ends: tuple[float, float]) -> Floats:
    """A number between the ends for each thing."""
    return ends[0] + streams.chance(f"laboratory:{purpose}:size", ids) * (ends[1] - ends[0])


def _told(
    batch: Batch, kind: str, erring: Mask, ids: NDArray[Any], other: NDArray[Any] | None = None,
    true: NDArray[Any] | None = None, bad: NDArray[Any] | None = None,
) -> Iterator[LabError]:  # fmt: skip
    for place in np.flatnonzero(erring).tolist():
        found = [None if values is None else str(values[place]) for values in (other, true, bad)]
        yield LabError(
            str(batch.delivery), batch.name, kind, str(ids[place]), other_sample_id=found[0], true_value=found[1],
            bad_value=found[2],
        )  # fmt: skip


def _texts(numbers: Floats) -> NDArray[Any]:
    return np.array([f"{number:.4f}" for number in numbers.tolist()], dtype=object)
