"""Imputed genotypes: probabilities of each, dosages, and how well a site is imputed.

What is known of each haplotype's allele is a log likelihood ratio, normal with mean s^2/2 and standard deviation s in
favour of the true allele; with the allele's frequency as the prior it gives the posterior. Such posteriors are
calibrated: of haplotypes with posterior p a share p has the allele. The squared correlation of dosage and truth
follows from s and the frequency, and s is chosen so that it has the value that imputation reaches at that frequency.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from lakehouse.synthetic.genomes.calls import NO_PROBABILITY, THOUSANDTHS, Calls, biallelic
from lakehouse.synthetic.genomes.draws import STEPS, Words, normal, normal_quantiles, parts, words
from lakehouse.synthetic.genomes.genotypes import Genotypes
from lakehouse.synthetic.genomes.preparation import Preparation
from lakehouse.synthetic.population.genome import ABSENT
from lakehouse.synthetic.streams import Floats, Integers, Streams

_RAREST = 1e-5

_NODES = 128
"""How many quantiles stand for a normal distribution in a mean over it."""

_SPREADS = np.geomspace(0.05, 60, 40)
"""Values of s between which is interpolated."""

_FREQUENCY_STEP = 0.25
"""Log odds of frequencies go in such steps when s is looked up."""


def call(seed: int, genotypes: Genotypes, samples: Integers, preparation: Preparation, frequency: Floats) -> Calls:
    """The calls of samples with these ids, whose genotypes are the columns of `genotypes`.

    frequency: site by alternate. One site for each alternate allele comes out. A mixed sample's posteriors are means
    of the two; one of low quality has less evidence. Nothing is missing.
    """
    flat = frequency[np.arange(frequency.shape[1]) < genotypes.sites.alternates[:, None]]
    genotypes = biallelic(genotypes)
    prior = np.clip(flat, _RAREST, 1 - _RAREST)
    log_odds = np.log(prior / (1 - prior))
    spread = _spread(log_odds, _expected_accuracy(seed, genotypes.sites.key, prior))
    shape = genotypes.alleles.shape[:2]
    calls = Calls(
        genotypes.sites, genotypes.alleles.copy(), np.zeros(shape[0], dtype=bool), accuracy=_accuracy(log_odds, spread),
        probability=np.empty((*shape, 3), dtype=np.uint16), phased=True,
    )  # fmt: skip
    evidence = np.sqrt(preparation.quality)
    for rows in parts(*shape):
        bits = words(seed, "imputation", samples, genotypes.sites.key[rows])
        strength = (spread[rows, None] * evidence).astype(np.float32)
        posterior = _posteriors(genotypes.alleles[rows], log_odds[rows].astype(np.float32), strength, bits)
        for place in preparation.mixed.tolist():
            share = preparation.contamination[place]
            posterior[:, place] += share * (posterior[:, preparation.contaminant[place]] - posterior[:, place])
        _tell(calls.take(rows), posterior)
    return calls


def _expected_accuracy(seed: int, keys: Integers, prior: Floats) -> Floats:
    """The squared correlation that imputation reaches at a site: about 0.97 where the rarer allele has a frequency of
    0.2, 0.9 at 0.02, 0.6 at 0.001, with differences between sites (estimates, after panels of many thousands)."""
    rarer = np.minimum(prior, 1 - prior)
    log_odds = 3.4 + 0.6 * np.log(rarer / 0.2) + normal(Streams(seed), "imputation:site", keys) * 0.5
    return np.asarray(1 / (1 + np.exp(-log_odds)))


def _posteriors(
    true: NDArray[np.int8], log_odds: NDArray[np.float32], strength: NDArray[np.float32], bits: Words
) -> NDArray[np.float32]:
    """The probability that each haplotype has the alternate allele: site by sample by 2. An absent one has that of the
    other, as what it adds to a mixture."""
    mean = strength * strength / 2
    posterior = np.empty(true.shape, dtype=np.float32)
    for side in (0, 1):
        noise = _quantiles().take(bits[:, :, side] & (STEPS - 1)) * strength
        ratio = np.where(true[:, :, side] == 1, mean, -mean) + noise + log_odds[:, None]
        posterior[:, :, side] = 1 / (1 + np.exp(-np.clip(ratio, -80, 80)))
    posterior[:, :, 1] = np.where(true[:, :, 1] == ABSENT, posterior[:, :, 0], posterior[:, :, 1])
    return posterior


def _tell(calls: Calls, posterior: NDArray[np.float32]) -> None:
    """Fill in the likeliest alleles and the probabilities of genotypes of some sites."""
    assert calls.probability is not None
    haploid = calls.alleles[:, :, 1] == ABSENT
    first, second = posterior[:, :, 0], np.where(haploid, np.float32(0), posterior[:, :, 1])
    both = np.round(first * second * THOUSANDTHS).astype(np.int32)
    none = np.round((1 - first) * (1 - second) * THOUSANDTHS).astype(np.int32)
    calls.probability[:, :, 0] = none
    calls.probability[:, :, 1] = np.maximum(THOUSANDTHS - none - both, 0)
    calls.probability[:, :, 2] = np.where(haploid, NO_PROBABILITY, both)
    calls.alleles[:, :, 0] = first > 0.5
    calls.alleles[:, :, 1] = np.where(haploid, ABSENT, second > 0.5)


def _accuracy(log_odds: Floats, spread: Floats) -> Floats:
    """The squared correlation of posterior and truth: the variance of the posterior over that of the allele."""
    prior = 1 / (1 + np.exp(-log_odds))
    noise = normal_quantiles()[STEPS // _NODES // 2 :: STEPS // _NODES]
    square = np.zeros(np.broadcast_shapes(log_odds.shape, spread.shape))
    for sign, weight in ((1, prior), (-1, 1 - prior)):
        ratio = (log_odds + sign * spread**2 / 2)[..., None] + spread[..., None] * noise
        square += weight * np.mean((1 / (1 + np.exp(-np.clip(ratio, -80, 80)))) ** 2, axis=-1)
    return np.clip((square - prior**2) / (prior * (1 - prior)), 0, 1)


def _spread(log_odds: Floats, accuracy: Floats) -> Floats:
    """The s that gives each accuracy at each frequency."""
    table, step = _accuracies(), np.round(log_odds / _FREQUENCY_STEP).astype(np.int64)
    found = np.empty(len(step))
    for one in np.unique(step).tolist():
        found[step == one] = np.interp(accuracy[step == one], table[one], _SPREADS)
    return found


@cache
def _accuracies() -> dict[int, Floats]:
    """By the log odds of the frequency, in steps: the accuracy that each of _SPREADS gives."""
    furthest = int(np.ceil(-np.log(_RAREST) / _FREQUENCY_STEP))
    return {
        step: np.maximum.accumulate(_accuracy(np.full(len(_SPREADS), step * _FREQUENCY_STEP), _SPREADS))
        for step in range(-furthest, furthest + 1)
    }


@cache
def _quantiles() -> NDArray[np.float32]:
    return normal_quantiles().astype(np.float32)
