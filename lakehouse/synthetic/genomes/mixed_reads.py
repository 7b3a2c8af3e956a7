"""Genotypes called from the reads of a sample into which another was mixed."""

from __future__ import annotations

import numpy as np

from lakehouse.synthetic.genomes.calls import Calls
from lakehouse.synthetic.genomes.draws import uniform
from lakehouse.synthetic.genomes.genotypes import Genotypes
from lakehouse.synthetic.genomes.mistakes import Alleles
from lakehouse.synthetic.genomes.preparation import Preparation
from lakehouse.synthetic.population.genome import ABSENT
from lakehouse.synthetic.streams import Floats, Integers

_NO_HAPLOID_HETEROZYGOTE = 1e6

_PRIOR = 10.0
"""How much less likely, as Phred, a caller takes a variant to be than the reference."""


def call_mixed(
    seed: int, genotypes: Genotypes, samples: Integers, preparation: Preparation, calls: Calls, base_error: float
) -> None:
    """Call the mixed samples anew, in place, where the two have unlike genotypes at a site of one alternate.

    The reads with the alternate are binomial, by its share in the mixture; the call is the likeliest of three
    genotypes. What was missing stays missing.
    """
    assert calls.quality is not None
    assert calls.depth is not None
    single = genotypes.sites.alternates == 1
    for place in preparation.mixed.tolist():
        own = alternate_share(genotypes.alleles[:, place])
        other = alternate_share(genotypes.alleles[:, preparation.contaminant[place]])
        rows = np.flatnonzero(single & (own != other) & (calls.alleles[:, place, 0] >= 0))
        share = own[rows] + preparation.contamination[place] * (other[rows] - own[rows])
        depth = calls.depth[rows, place].astype(np.int64)
        drawn = uniform(seed, "mixed reads", samples[place], genotypes.sites.key[rows])
        haploid = calls.alleles[rows, place, 1] == ABSENT
        count, calls.quality[rows, place] = _likeliest(_binomial(drawn, depth, share), depth, haploid, base_error)
        calls.alleles[rows, place, 0] = np.where(haploid, count, count == 2) > 0
        calls.alleles[rows, place, 1] = np.where(haploid, ABSENT, count > 0)


def alternate_share(alleles: Alleles) -> Floats:
    """Of genotypes, the share of the alleles that are not the reference."""
    return np.asarray((alleles > 0).sum(axis=-1) / (alleles >= 0).sum(axis=-1))


def _binomial(drawn: Floats, number: Integers, share: Floats) -> Integers:
    """How many of so many, each with that probability: the quantile at what was drawn."""
    found = np.zeros(len(drawn), dtype=np.int64)
    mass = (1 - share) ** number
    below = mass.copy()
    for count in range(int(number.max(initial=0))):
        found += (drawn > below) & (count < number)
        mass = mass * np.maximum(number - count, 0) / (count + 1) * share / (1 - share)
        below += mass
    return found


def _likeliest(reads: Integers, depth: Integers, haploid: np.ndarray, base_error: float) -> tuple[Integers, Integers]:
    """How many alternate alleles the likeliest genotype has (of a haploid one: 0 or 2), and how sure that is."""
    wrong, right = -10 * np.log10(base_error), -10 * np.log10(1 - base_error)
    phred = np.stack([
        reads * wrong + (depth - reads) * right,
        np.where(haploid, _NO_HAPLOID_HETEROZYGOTE, depth * 10 * np.log10(2) + _PRIOR),
        reads * right + (depth - reads) * wrong + _PRIOR,
    ])  # fmt: skip
    first, second = np.sort(phred, axis=0)[:2]
    return np.argmin(phred, axis=0), np.clip(np.round(second - first), 0, 99).astype(np.int64)
