"""The genomes as they landed, read by Hail, of the people whose samples the laboratory did not spoil.

Read are the autosomes in every batch that people of the first blocks come in. Left out are samples and sites that
the truth says something is wrong with, lines that the laboratory itself warns of, genotypes of low quality, and sites
that not every batch tells of. What the driver holds is one byte a genotype, of MOST_SITES and MOST_PEOPLE at most.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.errors import LakehouseError
from lakehouse.session import start_hail
from lakehouse.synthetic.folders import Folder
from lakehouse.synthetic.frames import FRAME, PERSON, TRUE_LAB_ERROR, TRUE_PERSON, TRUE_SAMPLE, Frame
from lakehouse.synthetic.genomes.known import known_sites
from lakehouse.synthetic.genomes.lab_errors import BAD_BATCH, SWAP
from lakehouse.synthetic.genomes.laboratory import PLINK
from lakehouse.synthetic.genomes.windows import Window, windows
from lakehouse.synthetic.population.genome import ANCESTRIES
from lakehouse.synthetic.population.people import draw
from lakehouse.synthetic.streams import Streams
from lakehouse.synthetic.world import BLOCK, World

if TYPE_CHECKING:
    from hail import MatrixTable

BLOCKS = 10
"""People of so many blocks are looked at: as many as share a later batch."""

MOST_PEOPLE, MOST_SITES = 3_000, 20_000
"""How many genotypes the driver holds; of more sites whole windows are left out."""

MISSING = -1
"""In the place of a count of alleles."""

LEAST_QUALITY = 20
"""GQ (Phred) below which a genotype is not counted: gnomAD's threshold."""

OF_ONE_ANCESTRY = 0.8
"""The share of an ancestry from which on a person is taken for one of it."""

LEAST_GROUP = 20
"""Persons of an ancestry below which nothing is said of it."""

Dosage = NDArray[np.int8]


@dataclass(frozen=True)
class Places:
    """Where things are: the files that landed, the tables of truth, the founder haplotypes, and a folder for a copy."""

    landing: str
    truth: str
    panels: str
    scratch: str


@dataclass(frozen=True, eq=False)
class Landed:
    """What landed. Sites are the rows of `sites`, `dosage` and `matrix`, people those of `people` and the columns.

    matrix: Hail's MatrixTable, keyed by locus and alleles and by `sample_id`, with the entry GT and the column field
    `group`. sites: chrom, position, reference, alternate, and `hwe`, the p-values by ANCESTRIES. people: person,
    sample_id, sex, birth_date, death_date, family, mother, father, twin, the `ancestry_` columns, whether an
    `identical` twin, whether `unrelated`, and the group: the ancestry of an unrelated person of one ancestry, else
    "". dosage: site by person, copies of the alternate allele, or MISSING.
    """

    matrix: MatrixTable
    sites: pd.DataFrame
    people: pd.DataFrame
    dosage: Dosage

    @property
    def shares(self) -> NDArray[np.float64]:
        """The true share of each ancestry in each person: person by ANCESTRIES."""
        return self.people[[f"ancestry_{name}" for name in ANCESTRIES]].to_numpy(float)

    @property
    def unrelated(self) -> NDArray[np.int64]:
        """The places of the unrelated people."""
        return np.flatnonzero(self.people["unrelated"])

    @property
    def groups(self) -> dict[str, NDArray[np.int64]]:
        """By ancestry the places of its group, where there are LEAST_GROUP in it."""
        places = {name: np.flatnonzero(self.people["group"] == name) for name in ANCESTRIES}
        return {name: found for name, found in places.items() if len(found) >= LEAST_GROUP}

    def places(self, persons: pd.Series) -> NDArray[np.int64]:
        """The column of each of these persons, -1 where there is none of him."""
        return np.asarray(pd.Index(self.people["person"]).get_indexer(persons), dtype=np.int64)


def of_frame(frames: DataFrame, frame: Frame) -> DataFrame:
    """The rows of one frame."""
    return frames.where(F.col(FRAME) == frame.name).select(*frame.select())


def of_people(frames: DataFrame, frame: Frame, people: pd.DataFrame) -> DataFrame:
    """The rows of one frame about some people."""
    persons = [(person,) for person in people["person"].tolist()]
    chosen = frames.sparkSession.createDataFrame(persons, "person bigint")
    return of_frame(frames, frame).join(F.broadcast(chosen), "person")


def chosen_windows(world: World) -> tuple[Window, ...]:
    """The windows whose sites are measured: all, or so many that they have MOST_SITES."""
    every = windows(world.genotyping.sites)
    return every[:: -(-sum(window.sites for window in every) // MOST_SITES)]


def read(spark: SparkSession, world: World, frames: DataFrame, places: Places) -> Landed:
    """Read the genomes of a world. frames: the rows of all frames in the union's columns.

    Raises LakehouseError where no sample is left when those that the laboratory spoilt are left out.
    """
    errors = spark.read.parquet(f"{places.truth}/{TRUE_LAB_ERROR.name}")
    samples, persons, true_persons = (of_frame(frames, frame) for frame in (TRUE_SAMPLE, PERSON, TRUE_PERSON))
    people = _people(world, samples, persons, true_persons, errors)
    if people.empty:
        raise LakehouseError("the laboratory spoilt the sample of everybody who was genotyped: nothing is measured")
    start_hail(spark)
    batches = _batches(spark, world, places.landing, set(people["batch"]))
    matrix = reduce(lambda one, other: one.union_cols(other), [of_batch(world, paths) for paths in batches])
    wrong = errors.where(F.col("position").isNotNull() & F.col("batch").isin(people["batch"].unique().tolist()))
    matrix = _kept(world, matrix, people, wrong).checkpoint(f"{places.scratch}/genetics.mt", overwrite=True)
    # Without a key the columns stay in their order.
    order = matrix.key_cols_by().cols().select("sample_id").to_pandas()
    sites, dosage = _on_driver(matrix)
    return Landed(matrix, sites, order.merge(people, on="sample_id", how="left", validate="1:1"), dosage)


def _people(
    world: World, samples: DataFrame, persons: DataFrame, true_persons: DataFrame, errors: DataFrame
) -> pd.DataFrame:
    """The persons of samples that nothing is wrong with, one sample each."""
    spoilt = errors.where("sample_id is not null").select(F.col("sample_id").alias("source_id"))
    swapped = errors.where(F.col("kind") == SWAP).select(F.col("other_sample_id").alias("source_id"))
    bad = errors.where((F.col("kind") == BAD_BATCH) & F.col("position").isNull()).select("batch")
    clean = (
        samples.where((F.col("person") < BLOCKS * BLOCK) & (F.col("copy") == 0))
        .join(spoilt.union(swapped).distinct(), "source_id", "left_anti")
        .join(bad, "batch", "left_anti")
        .select("person", "batch", F.col("source_id").alias("sample_id"))
    )
    known = persons.select("person", "sex", "birth_date", "death_date", "family", "mother", "father", "twin")
    shares = true_persons.select("person", *(f"ancestry_{name}" for name in ANCESTRIES))
    rows = clean.join(known, "person").join(shares, "person").orderBy("person").limit(MOST_PEOPLE).toPandas()
    return _described(rows.assign(identical=rows["person"].isin(_identical(world, rows["person"] // BLOCK))))


def _identical(world: World, blocks: pd.Series) -> set[int]:
    """The identical twins of the blocks, whom no frame tells from others."""
    of_blocks = [draw(world, Streams(world.seed, block)) for block in blocks.unique().tolist()]
    return {person for people in of_blocks for person in people.person[people.identical].tolist()}


def _described(people: pd.DataFrame) -> pd.DataFrame:
    """With who is taken as unrelated: those without a parent in the population, and one of a family without such."""
    copies = people["twin"].notna() & (people["twin"] < people["person"])
    founder = people["mother"].isna() & people["father"].isna() & ~copies
    without = ~founder.groupby(people["family"]).transform("any")
    unrelated = founder | (without & ~people["family"].duplicated())
    shares = people[[f"ancestry_{name}" for name in ANCESTRIES]].to_numpy(float)
    is_of_one = unrelated & (shares.max(axis=1) >= OF_ONE_ANCESTRY)
    group = np.where(is_of_one, np.array(ANCESTRIES, dtype=object)[shares.argmax(axis=1)], "")
    return people.assign(unrelated=unrelated, group=group)


def _batches(spark: SparkSession, world: World, landing: str, names: set[str]) -> list[list[str]]:
    """The files of the autosomes, batch by batch."""
    folder = Folder(spark, f"{landing}/genomics")
    found: dict[str, list[str]] = {name: [] for name in sorted(names)}
    ending = ".bed" if world.genotyping.form == PLINK else ".vcf.bgz"
    for file in folder.files(""):
        path = PurePosixPath(file)
        if path.parent.name in found and file.endswith(ending) and not path.name.startswith("chrX"):
            found[path.parent.name].append(f"{folder.path}/{file}")
    return [paths for paths in found.values() if paths]


def of_batch(world: World, paths: list[str]) -> MatrixTable:
    """The calls of a batch, one row for each alternate allele; where there are several, in its shortest form."""
    import hail as hl

    if world.genotyping.form == PLINK:
        matrix = reduce(lambda one, other: one.union_rows(other), map(_plink, paths))
    else:
        matrix = hl.import_vcf(paths, reference_genome="GRCh38", array_elements_required=False)
        matrix = matrix.filter_rows(hl.len(hl.or_else(matrix.filters, hl.empty_set(hl.tstr))) == 0)
        if "GQ" in matrix.entry:
            matrix = matrix.annotate_entries(GT=hl.or_missing(matrix.GQ >= LEAST_QUALITY, matrix.GT))
        matrix = hl.split_multi(matrix.select_entries("GT").select_rows())
        matrix = matrix.annotate_entries(GT=hl.downcode(matrix.GT, matrix.a_index))
    matrix = matrix.key_cols_by(sample_id=matrix.s)
    matrix = matrix.select_entries(GT=hl.unphased_diploid_gt_index_call(matrix.GT.n_alt_alleles()))
    return matrix.select_rows().select_cols()


def _plink(path: str) -> MatrixTable:
    import hail as hl

    stem = path.removesuffix(".bed")
    contigs = {str(number): f"chr{number}" for number in range(1, 23)}
    return hl.import_plink(
        path, f"{stem}.bim", f"{stem}.fam", reference_genome="GRCh38", contig_recoding=contigs, a2_reference=True
    )


def _kept(world: World, matrix: MatrixTable, people: pd.DataFrame, wrong: DataFrame) -> MatrixTable:
    """The people, and the sites of the chosen windows and of the known loci that nothing is wrong with."""
    import hail as hl

    described = hl.Table.from_pandas(people[["sample_id", "group"]], key="sample_id")
    matrix = matrix.annotate_cols(**described[matrix.sample_id]).semi_join_cols(described)
    spans = [(window.chrom, window.start, window.end) for window in chosen_windows(world) if window.chrom != "chrX"]
    spans += [(site.chrom, site.position, site.position) for site in known_sites() if site.chrom != "chrX"]
    matrix = hl.filter_intervals(matrix, [
        hl.locus_interval(*span, includes_end=True, reference_genome="GRCh38") for span in sorted(set(spans))
    ])  # fmt: skip
    told = hl.Table.from_spark(wrong.select("chrom", "position").distinct())
    told = told.key_by(locus=hl.locus(told.chrom, hl.int32(told.position), "GRCh38"))
    matrix = matrix.filter_rows(~hl.is_defined(told[matrix.locus]))
    by_group = hl.agg.group_by(matrix.group, hl.agg.hardy_weinberg_test(matrix.GT).p_value)
    return matrix.annotate_rows(hwe=hl.bind(lambda found: [found.get(name) for name in ANCESTRIES], by_group))


def _on_driver(matrix: MatrixTable) -> tuple[pd.DataFrame, Dosage]:
    """The sites, and what everybody has there: a text of one figure a genotype is one byte on its way."""
    import hail as hl

    told = hl.delimit(hl.agg.collect(hl.str(hl.or_else(matrix.GT.n_alt_alleles(), 9))), "")
    rows = matrix.annotate_rows(told=told).rows().key_by()
    found = rows.select(
        "told", "hwe", chrom=rows.locus.contig, position=rows.locus.position, reference=rows.alleles[0],
        alternate=rows.alleles[1],
    ).to_spark().toPandas()  # fmt: skip
    figures = np.frombuffer("".join(found.pop("told")).encode(), dtype=np.uint8) - ord("0")
    dosage = np.where(figures == 9, MISSING, figures).astype(np.int8)
    return found, dosage.reshape(len(found), -1)
