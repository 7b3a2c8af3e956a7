"""People whose genotypes at the known loci are as they were drawn, and people whose files of two chromosomes landed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest
from pyspark.sql import DataFrame, SparkSession

from lakehouse.synthetic.arrays import dates_of
from lakehouse.synthetic.frames import (
    DDL,
    PERSON,
    TRUE_LAB_ERROR,
    TRUE_LIABILITY,
    TRUE_PERSON,
    TRUE_SAMPLE,
)
from lakehouse.synthetic.genetics import Places, founders, landed
from lakehouse.synthetic.genetics.founders import Founders
from lakehouse.synthetic.genetics.landed import Landed
from lakehouse.synthetic.genomes import panel, panels
from lakehouse.synthetic.genomes.known import known_sites
from lakehouse.synthetic.genomes.lab_errors import prepare
from lakehouse.synthetic.genomes.preparation import LabError
from lakehouse.synthetic.genomes.samples import batches, collect
from lakehouse.synthetic.genomes.windows import Window, windows
from lakehouse.synthetic.genomes.writing import write_chromosome
from lakehouse.synthetic.population import genome, people
from lakehouse.synthetic.population.people import FEMALE, NOBODY, RACES
from lakehouse.synthetic.streams import Streams
from lakehouse.synthetic.world import Genotyping, World

WORLD = World(1_000, 7, genotyping=Genotyping(share=1.0))
"""Of its four batches one is bad."""
CHROMS = ("chr21", "chr22")

PEOPLE = people.draw(WORLD, Streams(WORLD.seed, 0))
GENOME = genome.draw(Streams(WORLD.seed, 0), PEOPLE)


@dataclass(frozen=True, eq=False)
class Population:
    """Genomes that landed, what they are made of, and the frames of the people."""

    frames: DataFrame
    landed: Landed
    founders: Founders


def chosen(world: World) -> tuple[Window, ...]:
    return tuple(window for window in windows(world.genotyping.sites) if window.chrom in CHROMS)


def _persons() -> dict[str, Any]:
    """The columns of PERSON that genetics reads."""
    numbers = {
        name: np.where(values == NOBODY, np.iinfo(np.int64).min, PEOPLE.person[values])
        for name, values in (("mother", PEOPLE.mother), ("father", PEOPLE.father), ("twin", PEOPLE.twin))
    }
    return {
        "person": PEOPLE.person, "family": PEOPLE.family, **numbers, "birth_date": dates_of(PEOPLE.birth),
        "sex": np.where(PEOPLE.sex == FEMALE, "female", "male").astype(object),
        "race": np.array(RACES, dtype=object)[PEOPLE.race],
    }  # fmt: skip


def _shares() -> dict[str, Any]:
    shares = {f"ancestry_{name}": GENOME.ancestry[:, place] for place, name in enumerate(genome.ANCESTRIES)}
    return {"person": PEOPLE.person, **shares}


@pytest.fixture(scope="session")
def known() -> Landed:
    """Everybody, without an error, at the sites of the known loci on autosomes; without Hail."""
    sites = [site for site in known_sites() if site.chrom != "chrX"]
    told = pd.DataFrame(
        [(site.chrom, site.position, site.reference, site.alternate[0]) for site in sites if len(site.alternate) == 1],
        columns=["chrom", "position", "reference", "alternate"],
    )
    dosage = [
        sum(np.array(site.allele)[drawn[:, site.locus]] for drawn in (GENOME.maternal, GENOME.paternal))
        for site in sites
        if len(site.alternate) == 1
    ]
    nobody = np.iinfo(np.int64).min
    rows = pd.DataFrame(_persons() | _shares()).replace({nobody: None})
    described = landed._described(rows.assign(death_date=None, sample_id="", identical=PEOPLE.identical))
    return Landed(None, told, described, np.array(dosage, dtype=np.int8))


@pytest.fixture(scope="session")
def population(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Population:
    """The files of two chromosomes, with the laboratory's errors, as the report reads them."""
    root = tmp_path_factory.mktemp("genetics")
    places = Places(f"{root}/landing", f"{root}/truth", f"{root}/panels", f"{root}/scratch")
    Path(places.panels).mkdir()
    for window in chosen(WORLD):
        panels.keep(places.panels, window, panel.simulate(WORLD.seed, window))
    frames = _frames(spark, root, _write(places))
    with pytest.MonkeyPatch.context() as monkeypatch:
        for module in (landed, founders):
            monkeypatch.setattr(module, "chosen_windows", chosen)
        genomes = landed.read(spark, WORLD, frames, places)
        return Population(frames, genomes, founders.read(WORLD, places.panels, genomes))


def _write(places: Places) -> list[dict[str, Any]]:
    """The files of all batches and the truth about their errors. Returns the columns of TRUE_SAMPLE of each batch."""
    sampled: list[dict[str, Any]] = []
    errors: list[LabError] = []
    for batch in batches(WORLD, range(1)):
        samples = collect(WORLD, batch, PEOPLE.person, PEOPLE.birth, np.full(len(PEOPLE), WORLD.last_day + 1))
        columns = {
            "person": samples.person, "source_id": samples.sample_id, "copy": samples.copy,
            "batch": np.full(len(samples.person), batch.name, dtype=object),
            "collection_date": dates_of(samples.collected),
            "sex": np.where(PEOPLE.sex[samples.person] == FEMALE, "female", "male").astype(object),
            "record_number": np.full(len(samples.person), "", dtype=object),
        }  # fmt: skip
        sampled.append(columns)
        errors += prepare(WORLD, batch, samples, columns["sex"]).errors
        rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        for chrom in CHROMS:
            row = {"batch": batch.name, "chrom": chrom, "samples": rows}
            errors += write_chromosome(WORLD, places.panels, f"{places.landing}/_written", row)[1]
        folder = Path(f"{places.landing}/genomics/{batch.delivery}/{batch.name}")
        folder.mkdir(parents=True)
        for file in Path(places.landing).glob(f"_written/*/batch={batch.name}/*"):
            file.rename(folder / file.name.removeprefix("part-"))
    told = pa.Table.from_pandas(pd.DataFrame(errors).astype({"position": "Int64"}), preserve_index=False)
    Path(f"{places.truth}/{TRUE_LAB_ERROR.name}").mkdir(parents=True)
    pq.write_table(told, f"{places.truth}/{TRUE_LAB_ERROR.name}/0.parquet")
    return sampled


def _frames(spark: SparkSession, root: Path, sampled: list[dict[str, Any]]) -> DataFrame:
    liabilities = genome.liabilities(GENOME)
    told = {
        PERSON: [_persons()],
        TRUE_PERSON: [_shares()],
        TRUE_SAMPLE: sampled,
        TRUE_LIABILITY: [
            {"person": PEOPLE.person, "trait_key": np.full(len(PEOPLE), key, dtype=object), "value": value}
            for key, value in liabilities.items()
        ],
    }
    (root / "frames").mkdir()
    for frame, parts in told.items():
        for number, part in enumerate(parts):
            batch = frame.batch(dict.fromkeys(frame.columns) | part)
            pq.write_table(pa.Table.from_batches([batch]), root / "frames" / f"{frame.name}-{number}.parquet")
    return spark.read.schema(DDL).parquet(f"{root}/frames")
