"""Make the genomes of the sample: VCF files of a few short regions, and the manifest of the samples.

    python scripts/make_sample_genomes.py tests/sample/ehr/2026-01-01/Patient.ndjson.gz tests/sample/genomics/2026-01-01

Haplotypes come from a coalescent simulation (msprime; install the extra `synthetic`). Bases, positions and
calls are made up: only the names and lengths of the chromosomes are those of GRCh38. Planted on purpose, for
quality control to find: a person sequenced twice, a sample of low coverage, a sample of an unknown record
number, sites that the caller filtered, sites with many missing calls, and sites at which all are heterozygous.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msprime
import numpy as np
import pysam

SEED = 20260
LENGTHS = {"chr1": 248956422, "chr2": 242193529, "chr22": 50818468, "chrX": 156040895}
WINDOWS = {"chr1": 10, "chr2": 8, "chr22": 6, "chrX": 4}
WINDOW = 30_000
FIRST = {"chr1": 20_000_000, "chr2": 20_000_000, "chr22": 20_000_000, "chrX": 40_000_000}
"""Where the windows of a chromosome begin, 4 Mb apart; those of chrX lie outside the pseudoautosomal regions."""

POPULATION_SIZE = 10_000
MUTATION_RATE = 1.29e-8
RECOMBINATION_RATE = 1.2e-8
TRANSITION_BIAS = 4.0
"""How much faster a base changes by a transition than by a given transversion: two transitions per transversion."""

DEPTH, LOW_DEPTH = 30, 11
ALL_HETEROZYGOUS_SITES = 6
BASES = np.array(list("ACGT"))


@dataclass(frozen=True)
class Sample:
    """A sample as the laboratory knows it; `genome` is the simulated genome that it was taken from."""

    sample_id: str
    medical_record_number: str
    batch: str
    sex: str
    collection_date: date
    genome: int
    low_coverage: bool = False


@dataclass(frozen=True)
class Site:
    """A line of a VCF file before it is called: the allele of each haplotype, two a genome."""

    position: int
    alleles: tuple[str, ...]
    haplotypes: np.ndarray
    missing: float = 0.003
    low_quality: bool = False


def main(patients: Path, target: Path) -> None:
    """Write the files."""
    rng = np.random.default_rng(SEED)
    samples = read_samples(patients, rng)
    target.mkdir(parents=True, exist_ok=True)
    write_manifest(target / "samples.tsv", samples)
    for number, contig in enumerate(LENGTHS):
        sites = [s for w in range(WINDOWS[contig]) for s in simulate(contig, w, samples, SEED + 100 * number + w)]
        if contig == "chr22":
            sites = plant_all_heterozygous(sites, rng)
        with pysam.BGZFile(str(target / f"{contig}.vcf.bgz"), "wb") as file:
            file.write("".join(f"{line}\n" for line in vcf_lines(contig, sites, samples, rng)).encode())


def read_samples(patients: Path, rng: np.random.Generator) -> list[Sample]:
    """A sample for each patient, and the three that quality control is to find."""
    with gzip.open(patients, "rt") as lines:
        resources = sorted((json.loads(line) for line in lines), key=lambda patient: str(patient["id"]))
    samples = []
    for number, patient in enumerate(resources):
        collected = date(2024, 3, 1) + timedelta(days=int(rng.integers(0, 500)))
        if death := patient.get("deceasedDateTime"):
            collected = min(collected, date.fromisoformat(death[:10]) - timedelta(days=30))
        batch = "batch-1" if number < 14 else "batch-2"
        record = medical_record_number(patient)
        samples.append(Sample(f"SEQ{number + 1:04}", record, batch, patient["gender"], collected, number))
    samples[7] = replace(samples[7], low_coverage=True)
    again = replace(samples[3], sample_id="SEQ0027", batch="batch-2", collection_date=date(2025, 8, 14))
    stranger = Sample("SEQ0028", "not-a-patient", "batch-2", "female", date(2025, 8, 15), len(resources))
    return [*samples, again, stranger]


def medical_record_number(patient: dict[str, Any]) -> str:
    """The identifier of type MR."""
    return next(
        str(identifier["value"])
        for identifier in patient["identifier"]
        for coding in identifier.get("type", {}).get("coding", [])
        if coding["code"] == "MR"
    )


def write_manifest(path: Path, samples: list[Sample]) -> None:
    """The manifest that comes with the VCF files."""
    names = ("sample_id", "medical_record_number", "batch", "sex", "collection_date")
    lines = ["\t".join(str(getattr(sample, name)) for name in names) for sample in samples]
    path.write_text("\n".join(["\t".join(names), *lines, ""]))


def simulate(contig: str, window: int, samples: list[Sample], seed: int) -> Iterator[Site]:
    """The sites of one window, some of them indels or multi-allelic."""
    rng = np.random.default_rng(seed)
    genomes = 1 + max(sample.genome for sample in samples)
    trees = msprime.sim_mutations(
        msprime.sim_ancestry(
            samples=genomes,
            population_size=POPULATION_SIZE * (0.75 if contig == "chrX" else 1),
            recombination_rate=RECOMBINATION_RATE,
            sequence_length=WINDOW,
            random_seed=seed,
        ),
        rate=MUTATION_RATE,
        model=msprime.HKY(kappa=TRANSITION_BIAS),
        random_seed=seed,
    )
    start = FIRST[contig] + 4_000_000 * window
    reference = BASES[rng.integers(0, 4, WINDOW)]
    for variant in trees.variants():
        reference[int(variant.site.position)] = variant.site.ancestral_state
    taken = {int(position) for position in trees.sites_position}
    for variant in trees.variants():
        offset = int(variant.site.position)
        site = Site(start + offset, tuple(filter(None, variant.alleles)), variant.genotypes.astype(int))
        kind = rng.random()
        if len(site.alleles) == 2 and kind < 0.08:
            site = as_indel(site, offset, reference, taken, rng)
        if len(site.alleles) == 2 and 0.06 < kind < 0.10:
            site = with_third_allele(site, rng)
        fate = rng.random()
        yield replace(site, low_quality=fate < 0.02, missing=0.15 if 0.02 < fate < 0.035 else site.missing)


def as_indel(site: Site, offset: int, reference: np.ndarray, taken: set[int], rng: np.random.Generator) -> Site:
    """The site as a deletion or an insertion, left-aligned: its last base differs from the one before it."""
    anchor, length = str(reference[offset]), int(rng.integers(1, 5))
    covered = range(offset + 1, offset + 1 + length)
    fits = covered.stop <= WINDOW and not taken.intersection(covered) and reference[covered.stop - 1] != anchor
    if rng.random() < 0.5 and fits:
        return replace(site, alleles=(anchor + "".join(reference[covered.start : covered.stop]), anchor))
    others = [base for base in BASES if base != anchor]
    inserted = "".join(BASES[rng.integers(0, 4, length - 1)]) + str(rng.choice(others))
    return replace(site, alleles=(anchor, anchor + inserted))


def with_third_allele(site: Site, rng: np.random.Generator) -> Site:
    """The site with half of its alternate haplotypes changed to one more allele: another first base."""
    reference, alternate = site.alleles
    third = str(rng.choice([b for b in BASES if b not in (reference[0], alternate[0])])) + reference[1:]
    changed = (site.haplotypes == 1) & (rng.random(site.haplotypes.size) < 0.5)
    if not changed.any() or changed.sum() == (site.haplotypes == 1).sum():
        return site
    return replace(site, alleles=(reference, alternate, third), haplotypes=np.where(changed, 2, site.haplotypes))


def plant_all_heterozygous(sites: list[Site], rng: np.random.Generator) -> list[Site]:
    """Make everybody heterozygous at some sites, as where reads of a duplicated region are taken for one."""
    biallelic = [number for number, site in enumerate(sites) if len(site.alleles) == 2 and not site.low_quality]
    planted = set(rng.choice(biallelic, ALL_HETEROZYGOUS_SITES, replace=False).tolist())
    pattern = np.tile([0, 1], sites[0].haplotypes.size // 2)
    return [
        replace(site, haplotypes=pattern, missing=0.0) if number in planted else site
        for number, site in enumerate(sites)
    ]


def vcf_lines(contig: str, sites: list[Site], samples: list[Sample], rng: np.random.Generator) -> Iterator[str]:
    """The text of a VCF file."""
    yield from (
        "##fileformat=VCFv4.2",
        "##source=make_sample_genomes",
        '##FILTER=<ID=PASS,Description="All filters passed">',
        '##FILTER=<ID=LowQual,Description="Low quality">',
        '##INFO=<ID=AC,Number=A,Type=Integer,Description="Allele count in called genotypes">',
        '##INFO=<ID=AN,Number=1,Type=Integer,Description="Number of alleles in called genotypes">',
        '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">',
        '##FORMAT=<ID=GQ,Number=1,Type=Integer,Description="Genotype quality">',
        '##FORMAT=<ID=DP,Number=1,Type=Integer,Description="Read depth">',
        *(f"##contig=<ID={name},length={length},assembly=GRCh38>" for name, length in LENGTHS.items()),
        "\t".join(["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT"])
        + "".join(f"\t{sample.sample_id}" for sample in samples),
    )
    for site in sites:
        calls = [call(contig, site, sample, rng) for sample in samples]
        alleles = [int(a) for text in calls for a in text.split(":")[0].replace("|", "/").split("/") if a != "."]
        counts = ",".join(str(alleles.count(number)) for number in range(1, len(site.alleles)))
        quality = rng.integers(5, 20) if site.low_quality else rng.integers(50, 2000)
        status = "LowQual" if site.low_quality else "PASS"
        reference, *alternates = site.alleles
        fixed = [contig, site.position, ".", reference, ",".join(alternates), quality, status]
        yield "\t".join(map(str, [*fixed, f"AC={counts};AN={len(alleles)}", "GT:GQ:DP", *calls]))


def call(contig: str, site: Site, sample: Sample, rng: np.random.Generator) -> str:
    """What the caller says of one sample at one site: haploid for men on chrX, phased on chr22."""
    haploid = contig == "chrX" and sample.sex == "male"
    alleles = site.haplotypes[2 * sample.genome : 2 * sample.genome + (1 if haploid else 2)]
    depth = int(rng.poisson((LOW_DEPTH if sample.low_coverage else DEPTH) / (2 if haploid else 1)))
    if depth == 0 or rng.random() < (0.1 if sample.low_coverage else site.missing):
        return ("." if haploid else "./.") + ":.:."
    quality = min(99, depth if site.low_quality else 3 * depth + 3 * int(rng.integers(0, 5)))
    separator = "|" if contig == "chr22" else "/"
    ordered = alleles if separator == "|" else np.sort(alleles)
    return f"{separator.join(map(str, ordered))}:{quality}:{depth}"


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
