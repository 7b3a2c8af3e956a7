"""Genotypes called from reads, of a genome or a captured exome: depth decides how sure a call is, and how often wrong.

The depth of a genotype is negative binomial around a mean that is the sample's times the site's: targets are captured
unevenly, a genome is read more evenly. Everything that a call draws is looked up in a table by the bits of its hash,
without arithmetic on reals.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from math import log
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from lakehouse.synthetic.genomes.calls import Bytes, Calls
from lakehouse.synthetic.genomes.draws import STEPS, Words, normal, parts, thresholds, words
from lakehouse.synthetic.genomes.genotypes import Genotypes
from lakehouse.synthetic.genomes.laboratory import EXOME, GENOME
from lakehouse.synthetic.genomes.mistakes import heterozygous, make_missing, make_wrong
from lakehouse.synthetic.genomes.mixed_reads import call_mixed
from lakehouse.synthetic.genomes.preparation import Preparation
from lakehouse.synthetic.population.genome import ABSENT
from lakehouse.synthetic.streams import Floats, Integers, Streams


@dataclass(frozen=True)
class Coverage:
    """How a platform reads: mean depth at a usual site; the standard deviation of the logarithm of depth between sites;
    the share of sites that it reaches badly (repeats, extremes of GC), and which share of the usual depth these have.
    """

    mean_depth: float
    site_spread: float
    poor_sites: float
    poor_depth: float


COVERAGES: Mapping[str, Coverage] = MappingProxyType({
    GENOME: Coverage(32.0, 0.12, 0.015, 0.3), EXOME: Coverage(60.0, 0.35, 0.04, 0.12)
})  # fmt: skip
"""Genomes of biobanks are read 30 to 35 times, exomes 40 to 80 times (recalled); the spreads are estimates."""

DEEPEST = 250
"""Depth is counted up to here, as by callers that take so many reads at most."""

BASE_ERROR = 0.01
"""The share of wrong bases that the caller reckons with."""

_SAMPLE_SPREAD = 0.2
"""The standard deviation of the logarithm of depth between samples (estimate)."""

_DISPERSION = 12.0
"""The size of the negative binomial: variance = mean + mean^2 / size."""

_LEAST_MEAN, _LOG_STEP, _LEVELS = 0.25, 0.1, 80
"""Mean depth goes in steps of its logarithm."""

_NOISE = 64
"""How many values the noise of quality has."""


def call(seed: int, coverage: Coverage, genotypes: Genotypes, samples: Integers, preparation: Preparation) -> Calls:
    """The calls of samples with these ids, whose genotypes are the columns of `genotypes`."""
    sites, shape = genotypes.sites, genotypes.alleles.shape[:2]
    of_sample = _sample_levels(seed, samples, coverage.mean_depth * preparation.quality)
    of_site, poor = _site_levels(seed, coverage, sites.key)
    alternates = sites.alternates.astype(np.int8)
    calls = Calls(
        sites, genotypes.alleles.copy(), poor,
        quality=np.empty(shape, dtype=np.uint8), depth=np.empty(shape, dtype=np.uint8),
    )  # fmt: skip
    for rows in parts(*shape):
        bits = words(seed, "reads", samples, sites.key[rows])
        _call_part(calls.take(rows), alternates[rows], of_site[rows, None] + of_sample, bits)
    call_mixed(seed, genotypes, samples, preparation, calls, BASE_ERROR)
    return calls


def _sample_levels(seed: int, samples: Integers, mean: Floats) -> NDArray[np.int32]:
    """The logarithm of the mean depth of each sample, in steps."""
    spread = normal(Streams(seed), "reads:sample", samples) * _SAMPLE_SPREAD
    level = np.log(mean / _LEAST_MEAN) + spread
    return np.asarray(np.round(level / _LOG_STEP), dtype=np.int32)


def _site_levels(seed: int, coverage: Coverage, keys: Integers) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """The logarithm of the depth of each site as a share of the usual, in steps, and whether it is badly reached."""
    streams = Streams(seed)
    poor = streams.chance("reads:poor site", keys) < coverage.poor_sites
    level = normal(streams, "reads:site", keys) * coverage.site_spread + np.where(poor, log(coverage.poor_depth), 0)
    return np.asarray(np.round(level / _LOG_STEP), dtype=np.int32), poor


def _call_part(calls: Calls, alternates: NDArray[np.int8], levels: NDArray[np.int32], bits: Words) -> None:
    """Fill in the calls of some sites, whose alleles are the true ones so far.

    bits: one word each for depth, for being missing, for being wrong, and for the noise of quality.
    """
    alleles, quality, depth = calls.alleles, calls.quality, calls.depth
    assert quality is not None
    assert depth is not None
    levels -= np.where(alleles[:, :, 1] == ABSENT, round(log(2) / _LOG_STEP), 0).astype(np.int32)
    np.clip(levels, 0, _LEVELS - 1, out=levels)
    depth[:] = _depths().take(levels * STEPS + (bits[:, :, 0] & (STEPS - 1)))
    noise = bits[:, :, 3] & (_NOISE - 1)
    kind = heterozygous(alleles).astype(np.uint16) << 8 | depth
    quality[:] = _qualities().take(kind.astype(np.int32) * _NOISE + noise)
    wrong = np.nonzero(bits[:, :, 2] < _wrong().take(kind))
    make_wrong(alleles, wrong, alternates, bits[:, :, 3][wrong] >> 6)
    seen = heterozygous(alleles[wrong])
    sure = _qualities()[(seen.astype(np.int32) << 8 | depth[wrong]) * _NOISE + noise[wrong]]
    quality[wrong] = np.where(seen, sure // 2, sure)  # an allele that is not there is on fewer than half of the reads
    make_missing(alleles, np.nonzero(bits[:, :, 1] < _missing().take(quality.astype(np.uint16) << 8 | depth)))


@cache
def _depths() -> Bytes:
    """STEPS quantiles of depth for each level of the mean."""
    depth = np.arange(DEEPEST)
    step = (np.arange(STEPS) + 0.5) / STEPS
    found = []
    for level in range(_LEVELS):
        mean = _LEAST_MEAN * np.exp(level * _LOG_STEP)
        growth = (depth + _DISPERSION) / (depth + 1) * mean / (mean + _DISPERSION)
        none = (_DISPERSION / (mean + _DISPERSION)) ** _DISPERSION
        mass = none * np.concatenate([[1.0], np.cumprod(growth)])
        found.append(np.minimum(np.searchsorted(np.cumsum(mass), step), DEEPEST))
    return np.concatenate(found).astype(np.uint8)


@cache
def _qualities() -> Bytes:
    """Genotype quality by whether the genotype is heterozygous, its depth, and noise.

    Of a homozygote each read adds 10 log10 2 at most. Of a heterozygote quality hangs on how evenly its reads are
    divided, which is binomial.
    """
    share = (np.arange(_NOISE) + 0.5) / _NOISE
    table = np.zeros((2, 256, _NOISE))
    for depth in range(1, DEEPEST + 1):
        table[0, depth] = depth * 10 * np.log10(2) * (0.8 + 0.2 * share)
        first = np.searchsorted(np.cumsum(_binomial(depth)), share)
        fewer = np.minimum(first, depth - first)
        table[1, depth] = -10 * (depth * np.log10(2) + fewer * np.log10(BASE_ERROR)
                                 + (depth - fewer) * np.log10(1 - BASE_ERROR))  # fmt: skip
    return np.clip(np.round(table), 0, 99).astype(np.uint8).ravel()


def _binomial(number: int) -> Floats:
    """The distribution of how many of so many reads have the first of two alleles."""
    steps = np.log(np.arange(1, number + 1))
    choose = np.concatenate([[0.0], np.cumsum(steps[::-1] - steps)])
    return np.asarray(np.exp(choose - number * log(2)))


@cache
def _wrong() -> NDArray[np.uint32]:
    """How often a genotype is called wrong, by whether it is heterozygous, and its depth.

    A heterozygote is when all reads are of one chromosome; and any, rarely, whatever the depth.
    """
    depth = np.arange(256.0)
    any_depth = 1e-4 + 0.01 * 0.6**depth
    return thresholds(np.concatenate([any_depth, any_depth + 0.5 ** np.maximum(depth - 1, 1)]))


@cache
def _missing() -> NDArray[np.uint32]:
    """How often a genotype is not called, by its quality and its depth."""
    quality, depth = np.arange(256.0)[:, None], np.arange(256.0)[None, :]
    share = 5e-4 + 0.8 / (1 + np.exp((quality - 6) / 2.5)) + 0.5 * np.exp(-depth / 2)
    return thresholds(np.where(depth == 0, 1.0, share)).ravel()
