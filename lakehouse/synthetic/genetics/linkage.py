"""How linkage disequilibrium decays with distance in each ancestry, in people and in the founders that they copy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import hyp2f1  # type: ignore[import-untyped]

from lakehouse.synthetic.genetics.figures import Figure, within
from lakehouse.synthetic.genetics.founders import Founders
from lakehouse.synthetic.genetics.frequencies import FOUNDERS, filled
from lakehouse.synthetic.genetics.landed import Landed
from lakehouse.synthetic.genomes.panel import HAPLOTYPES
from lakehouse.synthetic.streams import Floats, Integers

GROUP = "linkage disequilibrium"

DISTANCES = (0, 2_000, 5_000, 10_000, 20_000, 40_000, 80_000)
"""Bases between which pairs of sites are taken together."""

LEAST_FREQUENCY = 0.05
"""Of the rarer allele, in the founders: r2 of rarer ones says little."""

_MOST_SITES = 60
"""Sites of a window whose pairs are looked at."""

_MARGIN = 0.01
"""People of a group have other ancestries too, by tracts and not by windows."""


@dataclass(frozen=True)
class Decay:
    """The mean r2 of pairs of sites by distance (one for each two neighbours of DISTANCES).

    error: of the difference of the two, over windows. pairs: how many there are.
    """

    ancestry: str
    found: Floats
    expected: Floats
    error: Floats
    pairs: Integers


def figures(of_groups: Iterable[Decay]) -> Iterator[Figure]:
    """r2 by distance in each group."""
    for decay in of_groups:
        bins = zip(DISTANCES, DISTANCES[1:], decay.found, decay.expected, decay.error, decay.pairs, strict=False)
        for near, far, found, expected, error, pairs in bins:
            if pairs:
                measure = f"r2 at {near / 1000:g}-{far / 1000:g} kb"
                yield within(GROUP, measure, decay.ancestry, expected, found, error, int(pairs), FOUNDERS, _MARGIN)


def decays(landed: Landed, founders: Founders) -> list[Decay]:
    """The decay in each group."""
    return [_decay(landed, founders, ancestry, people) for ancestry, people in landed.groups.items()]


def _decay(landed: Landed, founders: Founders, ancestry: str, people: Integers) -> Decay:
    mixture = landed.shares[people].mean(axis=0)
    frequency = founders.frequency @ mixture
    common = founders.take(np.minimum(frequency, 1 - frequency) >= LEAST_FREQUENCY)
    dosage = filled(landed.dosage[np.ix_(common.place, people)])
    weight = np.repeat(mixture / HAPLOTYPES, HAPLOTYPES)
    starts = np.flatnonzero(np.diff(common.window, prepend=-1))
    sums = np.array([
        _of_window(common.position[rows], dosage[rows], common.haplotypes[rows], weight)
        for rows in map(slice, starts, np.minimum(np.append(starts[1:], len(common.window)), starts + _MOST_SITES))
    ])  # fmt: skip
    found, expected, pairs = sums.transpose(1, 0, 2)
    total = np.maximum(pairs.sum(axis=0), 1)
    means = found.sum(axis=0) / total, expected.sum(axis=0) / total
    off = found - expected - (means[0] - means[1]) * pairs
    return Decay(ancestry, *means, np.sqrt((off**2).sum(axis=0)) / total, pairs.sum(axis=0).astype(np.int64))


def _of_window(position: Integers, dosage: Floats, haplotypes: np.ndarray, weight: Floats) -> Floats:
    """The sums of r2 in people and in founders and the number of pairs, by distance: 3 by distances."""
    one, other = np.triu_indices(len(position), 1)
    distance = np.searchsorted(DISTANCES, position[other] - position[one], side="right") - 1
    near = distance < len(DISTANCES) - 1
    one, other, distance = one[near], other[near], distance[near]
    found = unbiased(squared_correlation(dosage)[one, other], dosage.shape[1])
    expected = squared_correlation(haplotypes.astype(float), weight)[one, other]
    bins = len(DISTANCES) - 1
    return np.stack([np.bincount(distance, of, bins) for of in (found, expected, np.ones(len(one)))])


def squared_correlation(values: Floats, weight: Floats | None = None) -> Floats:
    """r2 of each two rows; 0 where one of them does not vary. weight: of the columns, equal ones unless given."""
    weight = np.full(values.shape[1], 1 / values.shape[1]) if weight is None else weight / weight.sum()
    around = values - (values @ weight)[:, None]
    covariance = (around * weight) @ around.T
    spread = np.sqrt(np.diag(covariance))
    scale = np.outer(spread, spread)
    return np.asarray(np.divide(covariance, scale, out=np.zeros_like(scale), where=scale > 1e-12) ** 2)


def unbiased(squared: Floats, n: int) -> Floats:
    """r2 of n persons without what chance adds to it (Olkin and Pratt 1958)."""
    return np.asarray(1 - (n - 3) / (n - 2) * (1 - squared) * hyp2f1(1, 1, n / 2, 1 - squared))
