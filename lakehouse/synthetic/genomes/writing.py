"""The files of the genomes: for each batch of the laboratory a manifest, and a file of calls for each chromosome.

A chromosome of a batch is one task, which holds one window of it at a time, for the samples of the batch. It writes on
its own machine, since an index is made of a whole file, and hands the files over when they are complete.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.synthetic.file_systems import file_system
from lakehouse.synthetic.genomes import lineage, panels
from lakehouse.synthetic.genomes.calling import call
from lakehouse.synthetic.genomes.calls import Calls, frequencies
from lakehouse.synthetic.genomes.genotypes import Genotypes
from lakehouse.synthetic.genomes.lab_errors import prepare
from lakehouse.synthetic.genomes.laboratory import IMPUTED, PLINK
from lakehouse.synthetic.genomes.lineage import Lineage
from lakehouse.synthetic.genomes.mosaic import genotypes
from lakehouse.synthetic.genomes.panel import Panel
from lakehouse.synthetic.genomes.plink import plink_files
from lakehouse.synthetic.genomes.preparation import LabError, Preparation
from lakehouse.synthetic.genomes.samples import Batch, Samples, batches, manifest
from lakehouse.synthetic.genomes.site_errors import spoil
from lakehouse.synthetic.genomes.vcf import vcf_file
from lakehouse.synthetic.genomes.windows import Window, windows
from lakehouse.synthetic.population import people
from lakehouse.synthetic.streams import Integers, Streams
from lakehouse.synthetic.world import BLOCK, World

_SAMPLE = ("person", "copy", "source_id", "collection_date", "sex", "record_number")
_TOLD = "sites bigint, errors string"


def write_batches(world: World, samples: DataFrame, panels_path: str, path: str) -> tuple[int, str]:
    """Write the files of all batches that the samples come in.

    samples: rows of the frame TRUE_SAMPLE. panels_path: where `panels.simulate` put the founder haplotypes. The files
    are `delivery=<day>/batch=<name>/part-<name of the file>`. Returns how many sites all files have, and what the
    laboratory did wrong, rows of TRUE_LAB_ERROR in JSON.
    """
    by_batch = samples.groupBy("batch").agg(F.sort_array(F.collect_list(F.struct(*_SAMPLE))).alias("samples"))
    chroms = list(dict.fromkeys(window.chrom for window in windows(world.genotyping.sites)))
    tasks = by_batch.withColumn("chrom", F.explode(F.array(*map(F.lit, chroms))))

    def write(rows: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in rows:
            told = [write_chromosome(world, panels_path, path, row) for row in batch.to_pylist()]
            yield pa.RecordBatch.from_pydict({
                "sites": [sites for sites, _ in told],
                "errors": [json.dumps([asdict(error) for error in errors]) for _, errors in told],
            })  # fmt: skip

    number = samples.select("batch").distinct().count() * len(chroms)
    told = tasks.repartitionByRange(max(number, 1), "batch", "chrom").mapInArrow(write, _TOLD).collect()
    errors = [error for row in told for error in json.loads(row.errors)]
    return sum(row.sites for row in told), json.dumps(errors)


def write_chromosome(world: World, panels_path: str, path: str, row: dict[str, Any]) -> tuple[int, list[LabError]]:
    """Write a chromosome of a batch, with the first one its manifest; says how many sites, and what is wrong.

    row: the name of the `batch`, the `chrom`, and the `samples`, each a row of the frame TRUE_SAMPLE.
    """
    of_chrom = [window for window in windows(world.genotyping.sites) if window.chrom == row["chrom"]]
    batch, samples, sex, records = _batch(world, row)
    preparation = prepare(world, batch, samples, sex)
    is_first = of_chrom[0] == windows(world.genotyping.sites)[0]
    errors, sites = list(preparation.errors) if is_first else [], 0
    with tempfile.TemporaryDirectory() as local:
        if is_first:
            (Path(local) / "samples.tsv").write_text(manifest(batch, samples, records, preparation.sex))
        with _file(world, Path(local), row["chrom"], preparation) as write:
            for window in of_chrom:
                panel = panels.read(panels_path, window)
                true = _genotypes(world, window, panel, samples)
                frequency = frequencies(_of_panel(panel)) if world.genotyping.platform == IMPUTED else None
                calls = call(world.genotyping.platform, world.seed, true, samples, preparation, frequency)
                calls, wrong = spoil(world, batch, samples, calls)
                write(calls)
                sites += len(calls.sites.position)
                errors += wrong
        _hand_over(Path(local), f"{path}/delivery={batch.delivery}/batch={batch.name}")
    return sites, errors


def _batch(world: World, row: dict[str, Any]) -> tuple[Batch, Samples, np.ndarray, np.ndarray]:
    """The batch of a row of tasks, its samples, and of each the sex and the record number."""
    told = {name: [sample[name] for sample in row["samples"]] for name in _SAMPLE}
    person, copy = (np.array(told[name], dtype=np.int64) for name in ("person", "copy"))
    collected = np.array(told["collection_date"], dtype="datetime64[D]").astype(np.int64)
    ids, sex, records = (np.array(told[name], dtype=object) for name in ("source_id", "sex", "record_number"))
    block = int(person[0]) // BLOCK
    batch = next(one for one in batches(world, range(block, block + 1)) if one.name == row["batch"])
    return batch, Samples(person, copy, ids, collected), sex, records


def _file(
    world: World, folder: Path, chrom: str, preparation: Preparation
) -> AbstractContextManager[Callable[[Calls], None]]:
    if world.genotyping.form == PLINK:
        return plink_files(folder / chrom, preparation.labels, preparation.sex)
    return vcf_file(folder / f"{chrom}.vcf.bgz", world.genotyping.platform, preparation.labels)


def _genotypes(world: World, window: Window, panel: Panel, samples: Samples) -> Genotypes:
    """The true genotypes of the samples' persons, block by block."""
    persons = np.unique(samples.person)
    found = [
        genotypes(window, panel, of_block, persons[persons // BLOCK == of_block.streams.block])
        for of_block in _lineages(world, tuple(np.unique(persons // BLOCK).tolist()))
    ]
    return Genotypes(panel.sites, persons, np.concatenate([one.alleles for one in found], axis=1))


@lru_cache(maxsize=1)
def _lineages(world: World, blocks: tuple[int, ...]) -> list[Lineage]:
    """Of a batch: its chromosomes are written one after the other."""
    streams = [Streams(world.seed, block) for block in blocks]
    return [lineage.draw(of_block, people.draw(world, of_block)) for of_block in streams]


def _of_panel(panel: Panel) -> Genotypes:
    """The panel's haplotypes, by twos, as if they were of persons."""
    persons = panel.haplotypes.shape[1] // 2
    numbers: Integers = np.arange(persons, dtype=np.int64)
    return Genotypes(panel.sites, numbers, panel.haplotypes.reshape(len(panel.haplotypes), persons, 2))


def _hand_over(local: Path, path: str) -> None:
    """Copy what is in a local folder to where it belongs."""
    files, root = file_system(path)
    files.create_dir(root, recursive=True)
    for file in sorted(local.iterdir()):
        with file.open("rb") as source, files.open_output_stream(f"{root}/part-{file.name}") as target:
            while part := source.read(1 << 22):
                target.write(part)
