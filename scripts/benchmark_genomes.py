"""Measure the making of genomes: founders, calls and compressed files, how fast and in how much memory.

Beside it stands the writer of tskit, which writes the bare genotypes of a simulation, and plink2 if it is named.
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark_use import Use, watching

ROOT = Path(__file__).resolve().parent.parent
SIZES = ("2000x20000", "20000x100000")
_PEER_PEOPLE = 2_000


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options of this measurement."""
    parser.add_argument(
        "--genomes", nargs="+", default=SIZES, metavar="PEOPLExSITES", help=f"default: {' '.join(SIZES)}"
    )
    parser.add_argument("--plink2", type=Path, metavar="PATH", help="the program plink2, to compare its --dummy")


def genomes(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Genomes of all people of each size, from the founders' simulation to the files, on all cores."""
    found = {size: _size(*map(int, size.split("x")), folder / f"genomes-{size}") for size in options.genomes}
    found["tskit_write_vcf"] = _tskit(folder / "tskit.vcf.bgz")
    if options.plink2:
        found["plink2_dummy"] = _plink2(options.plink2, folder / "dummy")
    return found


def _size(people: int, sites: int, folder: Path) -> dict[str, Any]:
    """One size: the founders, and then the files of every sample."""
    from lakehouse import config, session
    from lakehouse.synthetic import block
    from lakehouse.synthetic.deliveries import batches
    from lakehouse.synthetic.folders import Folder
    from lakehouse.synthetic.frames import TRUE_SAMPLE
    from lakehouse.synthetic.genomes import panels
    from lakehouse.synthetic.genomes.writing import write_batches
    from lakehouse.synthetic.staging import Staging
    from lakehouse.synthetic.world import Genotyping, World

    conf = config.load(ROOT / "conf" / "local.yaml")
    spark = session.start(conf.model_copy(update={"home": str(folder)}), name="benchmark")
    try:
        world = World(people=people, genotyping=Genotyping(share=1.0, sites=sites))
        scratch = Folder(spark, str(folder))
        panels_folder = scratch.below("panels")
        with _timed() as founders:
            panels.simulate(spark, world, panels_folder, lambda done, total: None)
        staging = Staging(spark, world, scratch, lambda what, done, total: None, block.record)
        batches_of_samples = [staging.batch(number)[TRUE_SAMPLE].cache() for number in range(len(batches(world)))]
        samples = sum(rows.count() for rows in batches_of_samples)
        files = sum(rows.select("batch").distinct().count() for rows in batches_of_samples)
        with _timed() as calls:
            rows = sum(
                write_batches(world, batch, panels_folder.path, f"{folder}/vcf")[0] for batch in batches_of_samples
            )
    finally:
        spark.stop()
    genotypes = rows / files * samples
    size = sum(file.stat().st_size for file in (folder / "vcf").rglob("*.vcf.bgz"))
    shutil.rmtree(folder)
    return {
        "samples": samples, "sites": round(rows / files), "million_genotypes": round(genotypes / 1e6),
        "founders": founders.told(), "files": calls.told(),
        "million_genotypes_per_second": round(genotypes / calls.seconds / 1e6, 2),
        "million_genotypes_per_cpu_second": round(genotypes / calls.use.cpu_seconds / 1e6, 2),
        "bytes_a_genotype": round(size / genotypes, 2), "peak_mb_of_a_worker": calls.use.worker_mb,
    }  # fmt: skip


@dataclass
class _Timed:
    """How long a step took, and what it used."""

    use: Use
    seconds: float = 0.0

    def told(self) -> str:
        return f"{self.seconds:.0f} s, {self.use.cpu_seconds:.0f} CPU s"


@contextmanager
def _timed() -> Iterator[_Timed]:
    started = time.monotonic()
    with watching(os.getpid()) as use:
        timed = _Timed(use)
        yield timed
    timed.seconds = time.monotonic() - started


def _tskit(path: Path) -> dict[str, Any]:
    """Genotypes without quality or depth, as tskit writes them, compressed by pysam at the level that ours are."""
    import msprime
    import pysam

    trees = msprime.sim_mutations(
        msprime.sim_ancestry(_PEER_PEOPLE, sequence_length=1e6, recombination_rate=1e-8, population_size=1e4,
                             random_seed=7), rate=1e-8, random_seed=7)  # fmt: skip
    started = time.process_time()
    with pysam.BGZFile(str(path), "wb1") as file:
        trees.write_vcf(_Encoded(file))
    seconds = time.process_time() - started
    genotypes = trees.num_sites * _PEER_PEOPLE
    return {
        "samples": _PEER_PEOPLE, "sites": trees.num_sites,
        "million_genotypes_per_cpu_second": round(genotypes / seconds / 1e6, 2),
        "bytes_a_genotype": round(path.stat().st_size / genotypes, 2),
    }  # fmt: skip


class _Encoded(io.TextIOBase):
    """Text into a file of bytes."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def write(self, text: str) -> int:
        return int(self._file.write(text.encode()))


def _plink2(program: Path, prefix: Path) -> dict[str, Any]:
    """Random genotypes without quality or depth, from plink2 into a compressed VCF, on one thread."""
    people, sites = map(int, SIZES[0].split("x"))
    command = [program, "--dummy", str(people), str(sites), "--threads", "1", "--export", "vcf", "bgz", "--out", prefix]
    with _timed() as timed:
        subprocess.run(command, check=True, stdout=sys.stderr)
    return {
        "samples": people, "sites": sites,
        "million_genotypes_per_second": round(people * sites / timed.seconds / 1e6, 2),
    }  # fmt: skip
