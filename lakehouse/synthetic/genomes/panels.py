"""The founder haplotypes of all windows, simulated once for a world and kept in a folder until its files are written.

One file a window, so that who writes a chromosome holds one window of it at a time.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
from pyspark.sql import SparkSession

from lakehouse.synthetic import jobs
from lakehouse.synthetic.file_systems import file_system
from lakehouse.synthetic.folders import Folder
from lakehouse.synthetic.genomes import panel
from lakehouse.synthetic.genomes.genotypes import Sites
from lakehouse.synthetic.genomes.laboratory import EXOME
from lakehouse.synthetic.genomes.panel import Panel
from lakehouse.synthetic.genomes.windows import Window, windows
from lakehouse.synthetic.world import World

_COMPLETE = "_SUCCESS"
_WINDOWS_A_TASK = 20


def simulate(spark: SparkSession, world: World, folder: Folder, tell: Callable[[int, int], None]) -> None:
    """Simulate the windows of a world into a folder, unless they are there. `tell` hears how many of how many are."""
    if folder.has(_COMPLETE):
        return
    folder.create("")
    total = len(windows(world.genotyping.sites))
    jobs.run(spark, [lambda: _simulate(spark, world, folder.path, total)], lambda: tell(len(folder.names()), total))
    folder.write(_COMPLETE, "")


def read(folder: str, window: Window) -> Panel:
    """The panel of a window, from the folder that they were simulated into."""
    files, root = file_system(folder)
    with files.open_input_file(f"{root}/{_name(window)}") as file:
        kept = np.load(io.BytesIO(file.read()), allow_pickle=False)
    sites = Sites(
        window.chrom, kept["position"], kept["reference"].astype(object),
        tuple(tuple(letters.split(",")) for letters in kept["alternate"].tolist()), kept["name"].astype(object),
        kept["key"],
    )  # fmt: skip
    return Panel(sites, kept["haplotypes"], kept["alleles"])


def keep(folder: str, window: Window, made: Panel) -> None:
    """Write the panel of a window into the folder."""
    kept, (files, root) = io.BytesIO(), file_system(folder)
    sites = made.sites
    np.savez(
        kept, position=sites.position, reference=sites.reference.astype(str), name=sites.name.astype(str),
        alternate=np.array([",".join(letters) for letters in sites.alternate], dtype=str), key=sites.key,
        haplotypes=made.haplotypes, alleles=made.alleles,
    )  # fmt: skip
    with files.open_output_stream(f"{root}/{_name(window)}") as file:
        file.write(kept.getvalue())


def _simulate(spark: SparkSession, world: World, folder: str, total: int) -> None:
    common = world.genotyping.platform != EXOME

    def write(numbers: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in numbers:
            for number in batch.column("id").to_pylist():
                window = windows(world.genotyping.sites)[number]
                keep(folder, window, panel.simulate(world.seed, window, common))
            yield batch

    spark.range(0, total, 1, -(-total // _WINDOWS_A_TASK)).mapInArrow(write, "id bigint").collect()


def _name(window: Window) -> str:
    return f"{window.chrom}-{window.start}.npz"
