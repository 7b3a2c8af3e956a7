"""Blocks of which thirty persons are left, simulated once: what the writing of files is tested with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]

from lakehouse.synthetic import block, frames
from lakehouse.synthetic.world import BLOCK, World

PERSONS = 30


def simulate(folder: Path, world: World) -> None:
    """Simulate the blocks of the world, and keep the thin ones."""
    for number in range(world.blocks):
        with pa.OSFile(str(_file(folder, world, number)), "wb") as file, pa.ipc.new_file(file, frames.SCHEMA) as kept:
            for batch in block.record(world, number):
                persons = batch.column("person").to_pylist()
                kept.write_batch(batch.filter(pa.array([person % BLOCK < PERSONS for person in persons])))


def record(folder: Path, world: World, number: int) -> Iterator[pa.RecordBatch]:
    """What `block.record` does, of the thin blocks that are kept."""
    with pa.OSFile(str(_file(folder, world, number)), "rb") as file:
        reader = pa.ipc.open_file(file)
        for place in range(reader.num_record_batches):
            batch = reader.get_batch(place)
            mine = batch.filter(pc.less(batch.column("person"), world.people))
            if len(mine):
                yield mine


def _file(folder: Path, world: World, number: int) -> Path:
    return folder / f"{world.seed}-{number}.arrow"
