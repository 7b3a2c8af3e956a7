"""The frames of a population, simulated once and kept as Parquet until all files are written from them.

They lie in `persons=<batch>/frame=<name>/`, one file a block. Each worker writes the frames of a block by itself: a
frame has few of the columns of their union, and Spark would pay for all of them in every row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
from pyspark.sql import DataFrame, SparkSession

from lakehouse.synthetic import jobs
from lakehouse.synthetic.deliveries import batches
from lakehouse.synthetic.file_systems import file_system
from lakehouse.synthetic.folders import Folder
from lakehouse.synthetic.frames import ALL, DDL, FRAME, PERSON, Frame
from lakehouse.synthetic.world import World

Record = Callable[[World, int], Iterator[pa.RecordBatch]]
"""What simulates a block: `block.record`."""

Progress = Callable[[str, int, int], None]
"""Called with what is counted (blocks, parts), how many of it are done, and of how many."""

_COMPLETE = "_SUCCESS"
_PERSONS = "persons"
"""Names the folders of batches. No frame may have a column of that name: Spark would read the folder's value in it."""


class Staging:
    """The frames of a world in a folder, each batch simulated when it is asked for."""

    def __init__(
        self, spark: SparkSession, world: World, folder: Folder, on_progress: Progress, record: Record
    ) -> None:
        self._spark, self._world, self._folder = spark, world, folder
        self._on_progress, self._record = on_progress, record

    def batch(self, number: int) -> dict[Frame, DataFrame]:
        """The rows of each frame in a batch."""
        folder = self._simulated(number)
        return {
            frame: self._spark.read.schema(DDL).parquet(f"{folder.path}/{FRAME}={frame.name}").select(*frame.select())
            for frame in ALL
        }

    def all(self) -> DataFrame:
        """The rows of all frames and batches, in the columns of the union."""
        paths = [self._simulated(number).path for number in range(len(batches(self._world)))]
        rows = self._spark.read.schema(DDL).option("basePath", self._folder.path).parquet(*paths)
        return rows.drop(_PERSONS)

    def remove(self, number: int) -> None:
        """Remove a batch."""
        self._folder.remove(f"{_PERSONS}={number}")

    def _simulated(self, number: int) -> Folder:
        """The folder of a batch, simulated unless it is there."""
        folder, blocks = self._folder.below(f"{_PERSONS}={number}"), batches(self._world)[number]
        if not folder.has(_COMPLETE):
            for frame in ALL:
                folder.create(f"{FRAME}={frame.name}")
            jobs.run(
                self._spark, [lambda: self._simulate(blocks, folder.path)], lambda: self._tell(blocks, folder)
            )  # fmt: skip
            folder.write(_COMPLETE, "")
        return folder

    def _simulate(self, blocks: range, path: str) -> None:
        """Simulate blocks, one a task."""
        world, record = self._world, self._record

        def write(numbers: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            for batch in numbers:
                for block in batch.column("id").to_pylist():
                    _write_block(path, block, record(world, block))
                yield batch

        self._spark.range(blocks.start, blocks.stop, 1, len(blocks)).mapInArrow(write, "id bigint").collect()

    def _tell(self, blocks: range, folder: Folder) -> None:
        written = len(folder.files(f"{FRAME}={PERSON.name}"))
        self._on_progress("blocks", blocks.start + written, self._world.blocks)


def _write_block(path: str, block: int, batches_of_frames: Iterator[pa.RecordBatch]) -> None:
    """One file for each frame that has rows."""
    files, root = file_system(path)
    columns = {frame.name: frame.select() for frame in ALL}
    for batch in batches_of_frames:
        frame = batch.column(FRAME)[0].as_py()
        rows = pa.Table.from_batches([batch]).select(columns[frame])
        pq.write_table(rows, f"{root}/{FRAME}={frame}/block-{block:07d}.parquet", filesystem=files)
