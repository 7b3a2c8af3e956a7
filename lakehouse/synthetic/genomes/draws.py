"""Random numbers for genotypes: one hash of the seed, the sample and the site yields all that a call draws."""

from __future__ import annotations

from functools import cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from lakehouse.synthetic.streams import Floats, Integers, Streams, identify

WORDS = 4
"""How many numbers of 16 bits a hash has: the last is one of 14 bits."""

STEPS = 4_096
"""How many quantiles a tabulated distribution has: drawn by 12 bits."""

Words = NDArray[np.uint16]


def words(seed: int, purpose: str, samples: Integers, sites: Integers) -> Words:
    """Random bits, site by sample by WORDS, which depend on nothing but the seed, the purpose, the sample and the site.

    samples: ids of samples. sites: keys of sites.
    """
    mixed = _identified(seed, purpose, samples[None, :], sites[:, None])
    return mixed.astype("<i8", copy=False).view("<u2").reshape(len(sites), len(samples), WORDS)


def uniform(seed: int, purpose: str, samples: Integers | int, sites: Integers) -> Floats:
    """Uniform on [0, 1) for the genotype of each sample and site, which are broadcast against each other."""
    return np.asarray(_identified(seed, purpose, samples, sites) / 2.0**62)


def _identified(seed: int, purpose: str, samples: Integers | int, sites: Integers) -> Integers:
    return identify(f"genotype:{purpose}", seed, samples, sites)


@cache
def normal_quantiles() -> Floats:
    """STEPS quantiles of the standard normal distribution."""
    return np.array([NormalDist().inv_cdf((step + 0.5) / STEPS) for step in range(STEPS)])


def normal(streams: Streams, purpose: str, ids: Integers) -> Floats:
    """A standard normal number for each thing, by its id."""
    return normal_quantiles()[(streams.chance(purpose, ids) * STEPS).astype(np.int64)]


def thresholds(probability: Floats) -> NDArray[np.uint32]:
    """What a word of 16 bits is below with that probability."""
    return np.asarray(np.round(np.clip(probability, 0, 1) * 65_536), dtype=np.uint32)


def parts(sites: int, samples: int) -> list[slice]:
    """The sites cut into parts of so many genotypes that what is computed of one stays in the processor's cache."""
    rows = max(1, _GENOTYPES_A_PART // max(1, samples))
    return [slice(start, min(start + rows, sites)) for start in range(0, sites, rows)]


_GENOTYPES_A_PART = 1 << 16
