"""How common alleles are in each ancestry, and whether genotypes are in Hardy-Weinberg equilibrium within it.

What is expected are the founders' own frequencies, which msprime made: people copy founders with replacement, so that
a count of alleles in a group is binomial around the frequency of the mixture of ancestries that the group is.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from scipy.stats import binom  # type: ignore[import-untyped]

from lakehouse.synthetic.genetics.figures import SURE, Figure, too_few, within
from lakehouse.synthetic.genetics.founders import Founders
from lakehouse.synthetic.genetics.landed import LEAST_GROUP, MISSING, Dosage, Landed
from lakehouse.synthetic.population.genome import ANCESTRIES
from lakehouse.synthetic.streams import Floats, Integers

GROUP = "allele frequencies"

CLASSES = (0.0, 0.01, 0.05, 0.1, 0.2, 0.35, 0.5)
"""Frequencies of the rarer allele between which sites are counted; alleles that nobody has are a class before."""

CLASS_NAMES = ("0", *(f"{low:g}-{high:g}" for low, high in pairwise(CLASSES)))

FOUNDERS = "founders simulated by msprime (C)"

_MARGIN = 0.002

_FALSE = 0.00015
"""The share of genotypes that may be called heterozygous and are not, where nobody has the allele: of each a site moves
from the class of no copy to that of one."""

_HWE_LEVEL = 0.001
_MOST_LEVEL = 1.5
"""Sites below the level, as a multiple of it: the mid-p-value is exact on average and not for each frequency."""


def figures(landed: Landed, founders: Founders) -> Iterator[Figure]:
    """The spectrum of frequencies, frequencies against the founders', and Hardy-Weinberg equilibrium."""
    for ancestry, observed, expected, error, n in spectra(landed, founders):
        single = int(np.searchsorted(CLASSES, 1 / (2 * n)))
        for place in np.flatnonzero(expected):
            margin = _MARGIN + (n * _FALSE * expected[0] if place in (0, single) else 0)
            measure, found = f"share of sites, frequency {CLASS_NAMES[place]}", observed[place]
            yield within(GROUP, measure, ancestry, expected[place], found, error[place], n, FOUNDERS, margin)
    yield from _slopes(landed, founders)
    yield from _hardy_weinberg(landed)


def spectra(landed: Landed, founders: Founders) -> Iterator[tuple[str, Floats, Floats, Floats, int]]:
    """For each group: the share of sites in each class, the share that is expected, its error, and how many persons.

    The error is that of the sum over windows, whose sites are linked.
    """
    for ancestry, people in landed.groups.items():
        called, counts = allele_counts(landed.dosage[np.ix_(founders.place, people)])
        mixture = founders.frequency @ landed.shares[people].mean(axis=0)
        limits = class_limits(called)
        chance = np.stack([binom.cdf(limit, called, mixture) for limit in limits], axis=1)
        # Rarer alleles are those of either letter: from below, and from above by the mirror image.
        mirror = np.stack([binom.cdf(limit, called, 1 - mixture) for limit in limits], axis=1)
        expected = np.diff(np.minimum(chance + mirror, 1), axis=1, prepend=0)
        expected[:, -1] = 1 - expected[:, :-1].sum(axis=1)
        rarer = np.minimum(counts, called - counts)
        observed = np.diff(rarer[:, None] <= limits.T, axis=1, prepend=False).astype(float)
        off = np.stack([np.bincount(founders.window, one) for one in (observed - expected).T])
        error = np.sqrt((off**2).sum(axis=1)) / len(called)
        yield ancestry, observed.mean(axis=0), expected.mean(axis=0), error, len(people)


def allele_counts(dosage: Dosage) -> tuple[Integers, Integers]:
    """Of each site, the called alleles of all persons and the alternates among them."""
    is_called = dosage != MISSING
    return 2 * is_called.sum(axis=1), np.where(is_called, dosage, 0).sum(axis=1, dtype=np.int64)


def class_limits(called: Integers) -> Integers:
    """Class by site: the largest count of the rarer allele that is in the class, of so many called alleles."""
    upper = np.array([0.0, *CLASSES[1:]])
    return np.asarray(np.floor(upper[:, None] * called + 1e-9), dtype=np.int64)


def by_ancestry(dosage: Dosage, shares: Floats) -> tuple[Floats, Floats, Floats]:
    """Frequencies in each ancestry from persons of whatever mixture, by least squares.

    dosage: site by person. shares: person by ancestry. Returns site by ancestry, its weights (person by ancestry) and
    the squared residuals (site by person): the covariance of two frequencies of a site is the sum over persons of the
    product of their weights with the squared residual, which allows for unequal variances (White).
    """
    halves = filled(dosage) / 2
    weights = shares @ np.linalg.inv(shares.T @ shares)
    found = halves @ weights
    persons, ancestries = shares.shape
    squared = (halves - found @ shares.T) ** 2 * (persons / (persons - ancestries))
    return found, weights, squared


def filled(dosage: Dosage) -> Floats:
    """Copies of the alternate allele, with the mean of the site where they are missing."""
    called, counts = allele_counts(dosage)
    mean = 2 * counts / np.maximum(called, 1)
    return np.where(dosage == MISSING, mean[:, None], dosage)


def measured_ancestries(landed: Landed) -> list[int]:
    """The ancestries that as much as LEAST_GROUP unrelated people in all have, as places in ANCESTRIES."""
    shares = landed.shares[landed.unrelated]
    return [place for place in range(len(ANCESTRIES)) if shares[:, place].sum() >= LEAST_GROUP]


def _slopes(landed: Landed, founders: Founders) -> Iterator[Figure]:
    """The slope of frequencies of the population's unrelated people on those of msprime's."""
    shares, measured = landed.shares[landed.unrelated], measured_ancestries(landed)
    found, _, _ = by_ancestry(landed.dosage[np.ix_(founders.place, landed.unrelated)], shares)
    for place, ancestry in enumerate(ANCESTRIES):
        n = round(shares[:, place].sum())
        if place not in measured:
            yield too_few(GROUP, "slope on the founders'", ancestry, 1.0, n, FOUNDERS)
            continue
        true = founders.frequency[:, place]
        around = true - true.mean()
        slope = around @ found[:, place] / (around @ around)
        left = np.bincount(founders.window, around * (found[:, place] - found[:, place].mean() - slope * around))
        error = np.sqrt((left**2).sum()) / (around @ around)
        yield within(GROUP, "slope on the founders'", ancestry, 1.0, slope, error, n, FOUNDERS)


def _hardy_weinberg(landed: Landed) -> Iterator[Figure]:
    """The share of sites with a p-value below a level, in each group: Hail's exact test."""
    source = "Hail's exact test, mid-p-value (C)"
    for ancestry, people in landed.groups.items():
        values = np.array([of_site[ANCESTRIES.index(ancestry)] for of_site in landed.sites["hwe"]])
        _, counts = allele_counts(landed.dosage[:, people])
        values = values[(counts > 0) & (counts < 2 * len(people))]
        chance = SURE * np.sqrt(_HWE_LEVEL / max(len(values), 1))
        high = _MOST_LEVEL * _HWE_LEVEL + chance
        yield Figure(
            GROUP, f"share of sites with Hardy-Weinberg p < {_HWE_LEVEL:g}", ancestry, _HWE_LEVEL, 0.0, high,
            float(np.mean(values < _HWE_LEVEL)), len(values), source,
        )  # fmt: skip
