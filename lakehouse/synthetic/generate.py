"""Generate a population: simulate it batch by batch, write its files, and deliver them when all are there.

What is cut off goes on when it is started again with the same world, and ends as if it had not been cut off: every
part is written into a folder that nobody reads, noted in the marker, and moved to its place when all are complete.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from pyspark.sql import DataFrame, SparkSession

from lakehouse.synthetic import block, jobs
from lakehouse.synthetic.deliver import UNFINISHED, deliver_files, deliver_truth
from lakehouse.synthetic.deliveries import batches, check
from lakehouse.synthetic.file_systems import file_system
from lakehouse.synthetic.folders import Folder
from lakehouse.synthetic.genomes import panels
from lakehouse.synthetic.inputs import inputs
from lakehouse.synthetic.marker import Marker, digest
from lakehouse.synthetic.parts import CLAIMS, EHR, GENOMICS, TRUTH, Part, parts_of
from lakehouse.synthetic.rendering import write_truth
from lakehouse.synthetic.sources import Sources
from lakehouse.synthetic.staging import Progress, Record, Staging
from lakehouse.synthetic.world import World

_HELD_OPEN = 200


@dataclass(frozen=True)
class Generated:
    """What a population came to.

    rows: by `ehr/<resource>`, `claims/<file>` and `truth/<table>`. files: in the landing zone. was_there: nothing
    was left to do.
    """

    rows: Mapping[str, int]
    files: int
    was_there: bool

    def count(self, place: str) -> int:
        """The rows in a place: ehr, claims or truth."""
        return sum(rows for name, rows in self.rows.items() if name.startswith(f"{place}/"))


class Generation:
    """A population that is to be written into a landing zone, and its truth apart from it.

    scratch: a folder for what `clear` removes. record: what simulates a block.
    Raises UsageError where the deliveries do not fit into the world, LakehouseError where workers cannot write.
    """

    def __init__(
        self,
        spark: SparkSession,
        world: World,
        landing: str,
        truth: str,
        scratch: str,
        on_progress: Progress = lambda what, done, total: None,
        record: Record = block.record,
    ) -> None:
        check(world)
        for path in (scratch, landing) if world.genotyping.share else (scratch,):
            file_system(path)  # refused now, and not by a worker that has simulated for hours
        self._spark, self._world, self._on_progress = spark, world, on_progress
        self._landing, self._truth, self._scratch = (Folder(spark, path) for path in (landing, truth, scratch))
        of_world = self._scratch.below(digest(world))
        self._staging, self._panels = Staging(spark, world, of_world, on_progress, record), of_world.below("panels")

    def write(self, keep_frames: bool = False) -> Generated:
        """Write and deliver what is missing. The frames of a batch are removed after it unless they are to be kept.

        Raises UsageError where the landing zone or the truth holds something else.
        """
        # A task writes several files at once; beyond so many of them Spark would sort the rows by file.
        self._spark.conf.set("spark.sql.maxConcurrentOutputFileWriters", _HELD_OPEN)
        marker = Marker.open(self._landing, self._truth, self._world)
        was_there = marker.is_complete
        if not was_there:
            for batch in range(len(batches(self._world))):
                self._write_batch(batch, marker)
                if not keep_frames:
                    self._staging.remove(batch)
            deliver_files(self._landing)
            deliver_truth(self._truth)
            marker.complete()
            self._landing.remove(UNFINISHED)
        files = sum(len(self._landing.files(place)) for place in (EHR, CLAIMS, GENOMICS))
        return Generated(_by_part(marker.rows), files, was_there)

    def frames(self) -> DataFrame:
        """The rows of all frames, in the columns of their union: those that were kept, or simulated again."""
        return self._staging.all()

    def panels(self) -> str:
        """The folder of the founder haplotypes: those that were kept, or simulated again."""
        tell = partial(self._on_progress, "windows of the genome")
        panels.simulate(self._spark, self._world, self._panels, tell)
        return self._panels.path

    def clear(self) -> None:
        """Remove what is not delivered: the frames and the founder haplotypes."""
        self._scratch.remove("")

    def _write_batch(self, batch: int, marker: Marker) -> None:
        """Write every part of a batch, but for what is written already."""
        missing = [part for part in parts_of(self._world, batch) if _noted(part, batch) not in marker.rows]
        if any(part.place == GENOMICS for part in missing):
            self.panels()
        if missing:
            sources = inputs(self._spark, self._world, self._staging.batch(batch), self._panels.path)
            every = [
                _noted(part, number)
                for number in range(len(batches(self._world)))
                for part in parts_of(self._world, number)
            ]
            jobs.run(
                self._spark,
                [partial(self._write_part, part, batch, sources, marker) for part in missing],
                lambda: self._on_progress("parts", sum(name in marker.rows for name in every), len(every)),
            )

    def _write_part(self, part: Part, batch: int, sources: Sources, marker: Marker) -> None:
        written = part.write(self._world, sources, self._path(part, batch))
        if part.place != TRUTH:
            of_files = f"{written.truth.name}/{batch}-{part.kind}"
            planted = write_truth(written.planted_rows(self._spark), f"{self._truth.path}/{UNFINISHED}/{of_files}")
            marker.add(f"{TRUTH}/{of_files}", planted.rows)
        marker.add(_noted(part, batch), written.rows)

    def _path(self, part: Part, batch: int) -> str:
        """Where a part of a batch is written before it is delivered."""
        if part.place == TRUTH:
            return f"{self._truth.path}/{UNFINISHED}/{part.kind}/{batch}"
        return f"{self._landing.path}/{UNFINISHED}/{part.name}/{batch}"


def _noted(part: Part, batch: int) -> str:
    """The name of a part of a batch in the marker."""
    return f"{part.name}/{batch}"


def _by_part(rows: Mapping[str, int]) -> dict[str, int]:
    """The rows of all batches together."""
    counts: Counter[str] = Counter()
    for noted, count in rows.items():
        counts[noted.rpartition("/")[0]] += count
    return dict(counts)
