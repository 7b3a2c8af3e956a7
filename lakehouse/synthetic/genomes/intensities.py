"""Genotypes called from the intensities of a genotyping array: the nearest of three clusters.

Quality is that of the call, as Phred: how far the intensities lie from the next cluster. (Illumina's GTCtoVCF tells
the GenCall score in this field, which is no error rate.) Arrays count no reads, so their files have no depth.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from lakehouse.synthetic.genomes.calls import Bytes, Calls
from lakehouse.synthetic.genomes.draws import STEPS, Words, normal, normal_quantiles, parts, thresholds, uniform, words
from lakehouse.synthetic.genomes.genotypes import Genotypes
from lakehouse.synthetic.genomes.mistakes import make_missing, make_wrong
from lakehouse.synthetic.genomes.mixed_reads import alternate_share
from lakehouse.synthetic.genomes.preparation import Preparation
from lakehouse.synthetic.population.genome import ABSENT
from lakehouse.synthetic.streams import Floats, Integers, Streams

USUAL_QUALITY, BEST_QUALITY = 45, 60
"""Mean quality where clusters are well apart, and the best that is told (estimates)."""

_SAMPLE_SPREAD, _SITE_SPREAD, _CALL_SPREAD = 2.0, 5.0, 6.0
"""Standard deviations of quality between samples, between sites, and between the calls of a sample and a site."""

_POOR_SITES, _POOR_SEPARATION = 0.03, 22
"""The share of sites whose clusters overlap, and how much quality that costs."""

_WEAK_SIGNAL = 13.0
"""How much quality a signal costs that is weaker by the factor e."""

_CLUSTER_EDGE, _EDGE_WIDTH = 0.09, 0.015
"""From which share of foreign alleles a homozygote is taken for a heterozygote, and how sharply (estimates)."""

_LEVELS = 128
_LOWEST = 32
"""Levels of quality go from minus this on."""


def call(seed: int, genotypes: Genotypes, samples: Integers, preparation: Preparation) -> Calls:
    """The calls of samples with these ids, whose genotypes are the columns of `genotypes`."""
    sites, shape, streams = genotypes.sites, genotypes.alleles.shape[:2], Streams(seed)
    poor = streams.chance("intensities:poor site", sites.key) < _POOR_SITES
    of_site = _rounded(normal(streams, "intensities:site", sites.key) * _SITE_SPREAD - poor * _POOR_SEPARATION)
    of_sample = _rounded(
        normal(streams, "intensities:sample", samples) * _SAMPLE_SPREAD
        + USUAL_QUALITY + _LOWEST + _WEAK_SIGNAL * np.log(preparation.quality)
    )  # fmt: skip
    alternates = sites.alternates.astype(np.int8)
    calls = Calls(sites, genotypes.alleles.copy(), poor, quality=np.empty(shape, dtype=np.uint8))
    for rows in parts(*shape):
        bits = words(seed, "intensities", samples, sites.key[rows])
        _call_part(calls.take(rows), alternates[rows], of_site[rows, None] + of_sample, bits)
    _call_mixed(seed, genotypes, samples, preparation, calls)
    return calls


def _rounded(levels: Floats) -> NDArray[np.int32]:
    return np.asarray(np.round(levels), dtype=np.int32)


def _call_part(calls: Calls, alternates: NDArray[np.int8], levels: NDArray[np.int32], bits: Words) -> None:
    """Fill in the calls of some sites. bits: one word each for quality, for being missing, and for being wrong."""
    assert calls.quality is not None
    np.clip(levels, 0, _LEVELS - 1, out=levels)
    calls.quality[:] = _qualities().take(levels * STEPS + (bits[:, :, 0] & (STEPS - 1)))
    wrong = np.nonzero(bits[:, :, 2] < _wrong().take(calls.quality))
    make_wrong(calls.alleles, wrong, alternates, bits[:, :, 3][wrong])
    make_missing(calls.alleles, np.nonzero(bits[:, :, 1] < _missing().take(calls.quality)))


@cache
def _qualities() -> Bytes:
    """STEPS quantiles of quality for each level of its mean."""
    level = np.arange(_LEVELS)[:, None] - _LOWEST
    quality = np.round(level + normal_quantiles() * _CALL_SPREAD)
    return np.clip(quality, 0, BEST_QUALITY).astype(np.uint8).ravel()


@cache
def _wrong() -> NDArray[np.uint32]:
    """How often a call is wrong, by its quality: what the quality says, and a little more."""
    return thresholds(5e-5 + 10 ** (-np.arange(256.0) / 10) / 2)


@cache
def _missing() -> NDArray[np.uint32]:
    """How often there is no call, by its quality."""
    return thresholds(5e-4 + 0.9 / (1 + np.exp((np.arange(256.0) - 14) / 2)))


def _call_mixed(seed: int, genotypes: Genotypes, samples: Integers, preparation: Preparation, calls: Calls) -> None:
    """Shift the intensities of mixed samples towards the other's, in place: into the next cluster, or between two."""
    assert calls.quality is not None
    single = genotypes.sites.alternates == 1
    for place in preparation.mixed.tolist():
        own = alternate_share(genotypes.alleles[:, place])
        shift = preparation.contamination[place] * np.abs(
            alternate_share(genotypes.alleles[:, preparation.contaminant[place]]) - own
        )
        rows = np.flatnonzero(single & (shift > 0) & (calls.alleles[:, place, 0] >= 0))
        drawn = uniform(seed, "mixed intensities", samples[place], genotypes.sites.key[rows])
        beyond = _beyond(shift[rows])
        closeness = 2 * np.abs(beyond - 0.5)
        calls.quality[rows, place] = np.round(calls.quality[rows, place] * closeness).astype(np.uint8)
        homozygous = (own[rows] != 0.5) & (calls.alleles[rows, place, 1] != ABSENT)
        calls.alleles[rows[homozygous & (drawn < beyond)], place] = (0, 1)


def _beyond(shift: Floats) -> Floats:
    """How likely intensities so far shifted lie in the next cluster."""
    return np.asarray(1 / (1 + np.exp((_CLUSTER_EDGE - shift) / _EDGE_WIDTH)))
