"""The files of a chromosome of a batch, from the panels of its windows to what is read in them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pysam
import pytest

from lakehouse.synthetic.arrays import dates_of
from lakehouse.synthetic.genomes import panels
from lakehouse.synthetic.genomes.known import known_sites
from lakehouse.synthetic.genomes.lab_errors import SWAP
from lakehouse.synthetic.genomes.panel import simulate
from lakehouse.synthetic.genomes.preparation import LabError
from lakehouse.synthetic.genomes.samples import Batch, Samples, batches, collect
from lakehouse.synthetic.genomes.windows import windows
from lakehouse.synthetic.genomes.writing import write_chromosome
from lakehouse.synthetic.population import genome, people
from lakehouse.synthetic.population.people import MALE
from lakehouse.synthetic.streams import Streams
from lakehouse.synthetic.world import Genotyping, Planted, World

WORLD = World(1_000, 7, genotyping=Genotyping(share=0.1, sites=1_100), planted=Planted(lab_errors=0))
FIRST, SMALL = "chr1", "chr22"
PEOPLE = people.draw(WORLD, Streams(WORLD.seed, 0))
TRUE = genome.draw(Streams(WORLD.seed, 0), PEOPLE)


@dataclass(frozen=True)
class Written:
    folder: Path
    batch: Batch
    samples: Samples
    sites: int
    errors: list[LabError]

    def records(self, chrom: str = SMALL) -> list[pysam.VariantRecord]:
        with pysam.VariantFile(str(self.folder / f"part-{chrom}.vcf.bgz")) as file:
            return list(file)


Write = Callable[..., Written]


def of_batch(world: World, batch: Batch) -> tuple[Samples, list[dict[str, Any]]]:
    samples = collect(world, batch, PEOPLE.person, PEOPLE.birth, np.full(len(PEOPLE), world.last_day + 1))
    sex = np.where(PEOPLE.sex[samples.person] == MALE, "male", "female")
    rows = zip(samples.person, samples.copy, samples.sample_id, dates_of(samples.collected), sex, strict=True)
    names = ("person", "copy", "source_id", "collection_date", "sex")
    return samples, [dict(zip(names, row, strict=True)) | {"record_number": f"MRN{row[0]}"} for row in rows]


@pytest.fixture(scope="module")
def kept_panels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The panels of the smallest chromosome and of the first."""
    folder = tmp_path_factory.mktemp("panels")
    for window in windows(WORLD.genotyping.sites):
        if window.chrom == SMALL:
            panels.keep(str(folder), window, simulate(WORLD.seed, window))
    return folder


@pytest.fixture(scope="module")
def write(kept_panels: Path, tmp_path_factory: pytest.TempPathFactory) -> Write:
    def written(world: World = WORLD, **values: Any) -> Written:
        path, batch = tmp_path_factory.mktemp("genomes"), batches(world, range(1))[0]
        samples, rows = of_batch(world, batch)
        row = {"batch": batch.name, "chrom": SMALL, "samples": rows} | values
        sites, errors = write_chromosome(world, str(kept_panels), str(path), row)
        return Written(path / f"delivery={batch.delivery}" / f"batch={batch.name}", batch, samples, sites, errors)

    return written


@pytest.fixture(scope="module")
def faultless(write: Write) -> Written:
    return write()


def test_a_panel_is_read_as_it_was_kept(kept_panels: Path) -> None:
    window = next(one for one in windows(WORLD.genotyping.sites) if one.chrom == SMALL and one.loci)
    made, read = simulate(WORLD.seed, window), panels.read(str(kept_panels), window)
    assert np.array_equal(made.haplotypes, read.haplotypes)
    assert np.array_equal(made.alleles, read.alleles)
    assert (made.sites.alternate, made.sites.reference.tolist()) == (
        read.sites.alternate,
        read.sites.reference.tolist(),
    )


def test_a_file_has_the_sites_of_its_windows_and_the_samples_of_its_batch(faultless: Written) -> None:
    of_chrom = [window for window in windows(WORLD.genotyping.sites) if window.chrom == SMALL]
    records = faultless.records()
    assert len(records) == faultless.sites == sum(window.sites for window in of_chrom)
    assert list(records[0].samples) == faultless.samples.sample_id.tolist()
    assert [record.pos for record in records] == sorted(record.pos for record in records)
    assert (faultless.folder / f"part-{SMALL}.vcf.bgz.tbi").exists()
    assert faultless.errors == []


def test_good_calls_at_known_loci_are_the_alleles_that_lives_were_led_by(faultless: Written) -> None:
    of_chrom = {(s.position, s.reference, s.alternate): s for s in known_sites() if s.chrom == SMALL}
    right = []
    for record in faultless.records():
        site = of_chrom.pop((record.pos, record.ref, record.alts), None)
        if site is not None:
            for person, call in zip(faultless.samples.person.tolist(), record.samples.values(), strict=True):
                drawn = sorted(site.allele[one[person, site.locus]] for one in (TRUE.maternal, TRUE.paternal))
                if None not in call["GT"] and (call["GQ"] or 0) >= 20:
                    right.append(sorted(call["GT"]) == drawn)
    assert of_chrom == {}
    assert len(right) > 500
    assert np.mean(right) > 0.998


def test_the_same_world_writes_the_same_bytes(faultless: Written, write: Write) -> None:
    again = write()
    names = sorted(file.name for file in faultless.folder.iterdir())
    assert [(again.folder / name).read_bytes() for name in names] == [
        (faultless.folder / name).read_bytes() for name in names
    ]


def test_what_a_person_has_does_not_depend_on_who_else_is_in_the_batch(faultless: Written, write: Write) -> None:
    _, rows = of_batch(WORLD, faultless.batch)
    fewer = write(samples=rows[5:9])
    for all_told, told in zip(faultless.records(), fewer.records(), strict=True):
        assert [str(call["GT"]) for call in list(all_told.samples.values())[5:9]] == [
            str(call["GT"]) for call in told.samples.values()
        ]


def test_labels_are_swapped_in_the_files_and_told_with_the_first_chromosome(write: Write, kept_panels: Path) -> None:
    careless = replace(WORLD, planted=Planted(lab_errors=40))
    assert all(error.sample_id is None for error in write(careless).errors)  # at sites alone
    for window in windows(WORLD.genotyping.sites):
        if window.chrom == FIRST:
            panels.keep(str(kept_panels), window, simulate(WORLD.seed, window))
    written = write(careless, chrom=FIRST)
    swapped = {error.sample_id: error.other_sample_id for error in written.errors if error.kind == SWAP}
    labels = list(written.records(FIRST)[0].samples)
    ids = written.samples.sample_id.tolist()
    assert swapped
    for one, other in swapped.items():
        assert labels[ids.index(one)] == other
    manifest = (written.folder / "part-samples.tsv").read_text().splitlines()
    assert [line.split("\t")[:2] for line in manifest[1:]] == [
        [sample, f"MRN{person}"] for sample, person in zip(ids, written.samples.person.tolist(), strict=True)
    ]


def test_what_fails_hands_over_nothing(tmp_path: Path) -> None:
    _, rows = of_batch(WORLD, batch := batches(WORLD, range(1))[0])
    with pytest.raises(FileNotFoundError):
        write_chromosome(WORLD, "no panels", str(tmp_path), {"batch": batch.name, "chrom": SMALL, "samples": rows})
    assert list(tmp_path.iterdir()) == []


def test_plink_files_are_written_where_they_are_asked_for(write: Write) -> None:
    written = write(replace(WORLD, genotyping=replace(WORLD.genotyping, form="plink")))
    assert sorted(file.name for file in written.folder.iterdir()) == [
        f"part-{SMALL}.{kind}" for kind in ("bed", "bim", "fam")
    ]
    variants = (written.folder / f"part-{SMALL}.bim").read_text().splitlines()
    assert len(variants) >= written.sites
