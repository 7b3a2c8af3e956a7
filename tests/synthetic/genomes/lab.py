"""A panel of genotypes and a batch of samples, small, for the tests of the laboratory."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lakehouse.synthetic.genomes.calling import call
from lakehouse.synthetic.genomes.calls import MISSING, Calls, frequencies
from lakehouse.synthetic.genomes.genotypes import Genotypes, Sites
from lakehouse.synthetic.genomes.laboratory import EXOME
from lakehouse.synthetic.genomes.preparation import UNMIXED, Preparation
from lakehouse.synthetic.genomes.samples import Batch, Samples
from lakehouse.synthetic.identifiers import sample_id
from lakehouse.synthetic.population.genome import ABSENT
from lakehouse.synthetic.streams import identify
from lakehouse.synthetic.world import Planted, World

WORLD = World(people=2_000, seed=7)
BATCH = Batch(date(2025, 10, 1), range(1))
MEN_ARE_ODD = 2


def erring(factor: float) -> World:
    """The world with so many times the usual errors of the laboratory."""
    return replace(WORLD, planted=Planted(lab_errors=factor))


def genotypes(sites: int, persons: int, chrom: str = "chr2", common: bool = False) -> Genotypes:
    """Independent sites of all frequencies, each tenth with two alternates; men have one allele on chrX."""
    rng = np.random.default_rng(sites)
    frequency = rng.uniform(0.2, 0.5, sites) if common else np.clip(rng.beta(0.2, 1, sites), 0.01, 0.99)
    alleles = (rng.random((sites, persons, 2)) < frequency[:, None, None]).astype(np.int8)
    several = np.arange(sites) % 10 == 9
    alleles[(alleles == 1) & several[:, None, None] & (rng.random(alleles.shape) < 0.4)] = 2
    if chrom == "chrX":
        alleles[:, np.arange(persons) % MEN_ARE_ODD == 1, 1] = ABSENT
    position = np.sort(rng.choice(1_000_000, sites, replace=False)) + 1_000
    bases = [("A", "G"), ("C", "T"), ("A", "T"), ("AC", "A"), ("G", "GT")]
    pairs = [bases[row % len(bases)] if not several[row] else ("G", "A") for row in range(sites)]
    names = [f"rs{row + 1}" if row % 3 else "." for row in range(sites)]
    return Genotypes(
        Sites(
            chrom, position, np.array([ref for ref, _ in pairs], dtype=object),
            tuple((alt, "C") if two else (alt,) for (_, alt), two in zip(pairs, several, strict=True)),
            np.array(names, dtype=object), identify("test site", position),
        ),
        np.arange(persons, dtype=np.int64), alleles,
    )  # fmt: skip


def samples_of(persons: NDArray[np.int64]) -> Samples:
    ids = sample_id(WORLD.seed, persons)
    return Samples(persons, np.zeros_like(persons), ids, np.full(len(persons), WORLD.last_day - 400))


def sexes(samples: Samples) -> NDArray[Any]:
    return np.where(samples.person % MEN_ARE_ODD == 1, "male", "female").astype(object)


def prepared(samples: Samples, **values: Any) -> Preparation:
    """A faultless preparation, but for the values."""
    count = len(samples.person)
    faultless: dict[str, Any] = {
        "labels": samples.sample_id, "sex": sexes(samples), "quality": np.ones(count),
        "contaminant": np.full(count, UNMIXED), "contamination": np.zeros(count),
    }  # fmt: skip
    return Preparation(**(faultless | values))


def called(of: Genotypes, platform: str = EXOME, samples: Samples | None = None, **values: Any) -> Calls:
    """The calls of the persons' samples by a preparation with these values."""
    samples = samples or samples_of(of.persons)
    return call(platform, WORLD.seed, of, samples, prepared(samples, **values), frequencies(of))


def is_called(calls: Calls) -> NDArray[np.bool_]:
    return np.asarray(calls.alleles[:, :, 0] != MISSING)


def agrees(calls: Calls, true: NDArray[np.int8]) -> NDArray[np.bool_]:
    """Whether calls have the true alleles, in whatever order."""
    return np.asarray((np.sort(calls.alleles, axis=2) == np.sort(true, axis=2)).all(axis=2))
