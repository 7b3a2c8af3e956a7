"""How far apart the ancestries are, and whether principal components of the genotypes tell them apart."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np
import pandas as pd

from lakehouse.synthetic.genetics.figures import Figure, too_few, within
from lakehouse.synthetic.genetics.founders import Founders
from lakehouse.synthetic.genetics.frequencies import FOUNDERS, by_ancestry, measured_ancestries
from lakehouse.synthetic.genetics.landed import Landed
from lakehouse.synthetic.genetics.regression import residuals
from lakehouse.synthetic.genomes.panel import HAPLOTYPES
from lakehouse.synthetic.population.genome import ANCESTRIES
from lakehouse.synthetic.streams import Floats, Integers

GROUP = "structure"

COMPONENTS = len(ANCESTRIES) - 1
_LEAST_EXPLAINED = 0.9
LEAST_SITES = 1_000
"""Sites from which on components must explain so much."""

_SITES_A_WINDOW = 2
_PARTITIONS = 4
"""Of the few genotypes that components are found of."""

_LEAST_FREQUENCY = 0.05


def figures(landed: Landed, founders: Founders, scores: pd.DataFrame) -> Iterator[Figure]:
    """FST of each two ancestries against the founders', and what components tell of ancestry."""
    yield from fst(landed, founders)
    yield from _separation(landed, scores, len(_common(founders)))


def components(landed: Landed, founders: Founders) -> pd.DataFrame:
    """Principal components of the unrelated people (Hail), a few common sites of each window.

    Returns columns PC1 and so on, by place in the landed people.
    """
    import hail as hl

    sites = landed.sites.iloc[_common(founders)]
    chosen = hl.Table.from_pandas(sites[["chrom", "position"]])
    chosen = chosen.key_by(locus=hl.locus(chosen.chrom, hl.int32(chosen.position), "GRCh38"))
    is_unrelated = hl.literal(set(landed.people["sample_id"].iloc[landed.unrelated]))
    matrix = landed.matrix.filter_cols(is_unrelated.contains(landed.matrix.sample_id))
    matrix = matrix.filter_rows(hl.is_defined(chosen[matrix.locus])).naive_coalesce(_PARTITIONS).persist()
    _, scores, _ = hl.hwe_normalized_pca(matrix.GT, k=COMPONENTS)
    told = scores.collect()
    found = pd.DataFrame([one.scores for one in told], columns=[f"PC{n + 1}" for n in range(COMPONENTS)])
    return found.set_index(pd.Index(landed.people["sample_id"]).get_indexer([one.sample_id for one in told]))


def _common(founders: Founders) -> Integers:
    """The rows of the first common sites of each window."""
    frequency = founders.frequency.mean(axis=1)
    common = founders.take(np.minimum(frequency, 1 - frequency) >= _LEAST_FREQUENCY)
    order = pd.Series(common.window).groupby(common.window).cumcount()
    return np.asarray(common.place[order < _SITES_A_WINDOW])


def hudson(first: Floats, second: Floats, noise: Floats, together: Floats | float = 0.0) -> tuple[Floats, Floats]:
    """Numerator and denominator of Hudson's FST at each site (Bhatia 2013: FST is the ratio of their sums).

    first, second: estimated frequencies in two populations. noise: the variance of their difference due to
    sampling. together: their covariance, zero for samples of different persons.
    """
    return (first - second) ** 2 - noise, first + second - 2 * (first * second - together)


def fst(landed: Landed, founders: Founders) -> Iterator[Figure]:
    """FST of each two ancestries, from unrelated people of whatever mixture of them."""
    shares = landed.shares[landed.unrelated]
    found, weights, squared = by_ancestry(landed.dosage[np.ix_(founders.place, landed.unrelated)], shares)
    true, measured = founders.frequency, measured_ancestries(landed)
    spread = true * (1 - true) / (HAPLOTYPES - 1)
    for one, other in combinations(range(len(ANCESTRIES)), 2):
        top, bottom = hudson(true[:, one], true[:, other], spread[:, one] + spread[:, other])
        expected, n = top.sum() / bottom.sum(), round(min(shares[:, one].sum(), shares[:, other].sum()))
        name = f"{ANCESTRIES[one]}-{ANCESTRIES[other]}"
        if not {one, other} <= set(measured):
            yield too_few(GROUP, "FST (Hudson)", name, expected, n, FOUNDERS)
            continue
        noise = squared @ (weights[:, one] - weights[:, other]) ** 2
        together = squared @ (weights[:, one] * weights[:, other])
        top, bottom = hudson(found[:, one], found[:, other], noise, together)
        value, error = _ratio(top, bottom, founders.window)
        yield within(GROUP, "FST (Hudson)", name, expected, value, error, n, FOUNDERS, 0.005)


def _ratio(top: Floats, bottom: Floats, window: Integers) -> tuple[float, float]:
    """The ratio of the sums and its standard error over windows."""
    ratio = top.sum() / bottom.sum()
    off = np.bincount(window, top - ratio * bottom)
    return float(ratio), float(np.sqrt((off**2).sum()) / bottom.sum())


def _separation(landed: Landed, scores: pd.DataFrame, sites: int) -> Iterator[Figure]:
    """How much of the true share of each ancestry the components explain, by regression. sites: they are found of."""
    shares, measured = landed.shares[scores.index], measured_ancestries(landed)
    measure, source = f"share explained by {COMPONENTS} principal components", "Hail's PCA on the true shares"
    for place, ancestry in enumerate(ANCESTRIES):
        found = explained(shares[:, place], scores.to_numpy()) if place in measured else None
        counts = found is not None and sites >= LEAST_SITES
        yield Figure(
            GROUP, measure, ancestry, 1.0, _LEAST_EXPLAINED, 1.0, found, len(scores), source, counts=counts
        )  # fmt: skip


def explained(outcome: Floats, covariates: Floats) -> float:
    """R2 of a regression."""
    return float(1 - residuals(outcome, covariates).var() / outcome.var())
