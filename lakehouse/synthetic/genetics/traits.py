"""The scores of traits by the genotypes that landed, and whether the planted effects of variants come back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.synthetic.frames import TRUE_LIABILITY
from lakehouse.synthetic.genetics.figures import Figure, too_few, within
from lakehouse.synthetic.genetics.frequencies import filled
from lakehouse.synthetic.genetics.landed import Landed, of_people
from lakehouse.synthetic.genomes.known import Effect, true_effects
from lakehouse.synthetic.population.genome import loci
from lakehouse.synthetic.streams import Floats

GROUP = "traits"

_MARGIN = 0.02
"""What errors of calling take from an effect, at most."""

PLANTED = "knowledge/trait_variants.csv"


@dataclass(frozen=True, eq=False)
class Trait:
    """A trait and the genotypes of its loci that landed.

    effects: planted, of one copy of the effect allele, in standard deviations of the liability. counts: copies beyond
    what the person's ancestries lead to expect, person by locus. kept: the share of the liability's variance that
    these loci have.
    """

    key: str
    effects: Floats
    counts: Floats
    kept: float

    @property
    def score(self) -> Floats:
        """The polygenic score of each person."""
        return np.asarray(self.counts @ self.effects)


def figures(of_traits: Iterable[tuple[Trait, Floats, Floats]]) -> Iterator[Figure]:
    """Of each trait the slope of estimated on planted effects on its liability."""
    for trait, found, error in of_traits:
        varies, measure = error > 0, "slope of estimated on planted effects"
        if not varies.any():
            yield too_few(GROUP, measure, trait.key, 1.0, 0, PLANTED)
            continue
        value, off = slope(found[varies], error[varies], trait.effects[varies])
        yield within(GROUP, measure, trait.key, 1.0, value, off, len(trait.counts), PLANTED, _MARGIN)


def estimates(landed: Landed, frames: DataFrame) -> Iterator[tuple[Trait, Floats, Floats]]:
    """Of each trait the estimated effects of its loci on the true liability, and their standard errors."""
    liabilities = _liabilities(landed, frames)
    for trait in traits(landed).values():
        yield trait, *estimated(liabilities[trait.key].to_numpy(), trait.counts)


@cache
def _by_trait() -> dict[str, list[Effect]]:
    found: dict[str, list[Effect]] = {}
    for effect in true_effects():
        found.setdefault(effect.trait, []).append(effect)
    return found


def traits(landed: Landed) -> dict[str, Trait]:
    """All traits, by key, with those of their loci that landed."""
    of_site = pd.MultiIndex.from_frame(landed.sites[["chrom", "position", "reference", "alternate"]])
    return {key: _trait(landed, of_site, key, effects) for key, effects in _by_trait().items()}


def _trait(landed: Landed, of_site: pd.MultiIndex, key: str, effects: list[Effect]) -> Trait:
    names = [(one.site.chrom, one.site.position, one.site.reference, one.site.alternate[0]) for one in effects]
    place = of_site.get_indexer(pd.MultiIndex.from_tuples(names))
    frequency = np.stack([loci()[one.site.locus].frequencies[1] for one in effects])
    beta = np.array([one.beta for one in effects])
    european = frequency[:, 3]
    variance = beta**2 * 2 * european * (1 - european)
    landed_ones = place >= 0
    # The effect allele is allele 1 of its locus, and the reference of its site where it is the commoner one.
    is_alternate = np.array([one.site.allele[1] == 1 for one in effects])[landed_ones]
    dosage = filled(landed.dosage[place[landed_ones]])
    copies = np.where(is_alternate[:, None], dosage, 2 - dosage)
    counts = copies.T - 2 * landed.shares @ frequency[landed_ones].T
    return Trait(
        key, beta[landed_ones] / np.sqrt(variance.sum()), counts, float(variance[landed_ones].sum() / variance.sum())
    )


def _liabilities(landed: Landed, frames: DataFrame) -> pd.DataFrame:
    """The true liabilities, person by trait."""
    rows = of_people(frames, TRUE_LIABILITY, landed.people)
    found = rows.groupBy("person").pivot("trait_key", list(_by_trait())).agg(F.first("value")).toPandas()
    return found.set_index("person").loc[landed.people["person"]]


def estimated(outcome: Floats, counts: Floats, *covariates: Floats) -> tuple[Floats, Floats]:
    """Effects of the counts on an outcome, all at once beside covariates, and their standard errors (least squares)."""
    design = np.column_stack([counts, *covariates, np.ones(len(outcome))])
    inverse = np.linalg.pinv(design.T @ design)
    found = inverse @ design.T @ outcome
    left = outcome - design @ found
    spread = left @ left / max(len(outcome) - design.shape[1], 1)
    loci_ = slice(counts.shape[1])
    return found[loci_], np.sqrt(spread * np.diag(inverse))[loci_]


def slope(found: Floats, error: Floats, planted: Floats) -> tuple[float, float]:
    """The slope of estimated on planted effects through zero, weighted by their precision, and its standard error."""
    weight = 1 / np.maximum(error, 1e-12) ** 2
    total = (weight * planted**2).sum()
    return float((weight * planted * found).sum() / total), float(1 / np.sqrt(total))
