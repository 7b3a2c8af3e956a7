"""Inbreeding and runs of homozygosity in each ancestry.

Nobody's parents are related, so no inbreeding is expected, and such runs as any two founders make.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from lakehouse.synthetic.genetics.figures import Figure, within
from lakehouse.synthetic.genetics.founders import Founders
from lakehouse.synthetic.genetics.frequencies import FOUNDERS
from lakehouse.synthetic.genetics.landed import MISSING, Dosage, Landed
from lakehouse.synthetic.genomes.panel import HAPLOTYPES
from lakehouse.synthetic.population.genome import ANCESTRIES
from lakehouse.synthetic.streams import Floats, Integers, Streams
from lakehouse.synthetic.world import World

GROUP = "homozygosity"

RUN = 30
"""Sites one after the other without a heterozygous one that are called a run."""

_PAIRS = 300
"""How many pairs of founders stand for what is expected of persons."""


def figures(world: World, landed: Landed, founders: Founders) -> Iterator[Figure]:
    """The inbreeding coefficient and the share of sites in runs, mean over the persons of each group."""
    for ancestry, people in landed.groups.items():
        dosage = landed.dosage[np.ix_(founders.place, people)]
        shares = landed.shares[people]
        coefficient = inbreeding(dosage, shares @ founders.frequency.T)
        error = coefficient.std(ddof=1) / np.sqrt(len(people))
        yield within(
            GROUP, "inbreeding coefficient", ancestry, 0.0, coefficient.mean(), error, len(people), FOUNDERS, 0.002
        )
        found = share_in_runs(dosage)
        expected = share_in_runs(_pairs(Streams(world.seed), founders, shares))
        error = np.hypot(found.std(ddof=1) / np.sqrt(len(people)), expected.std(ddof=1) / np.sqrt(_PAIRS))
        measure = f"share of sites in runs of {RUN} homozygous sites"
        yield within(GROUP, measure, ancestry, expected.mean(), found.mean(), error, len(people), FOUNDERS, 0.002)


def inbreeding(dosage: Dosage, frequency: Floats) -> Floats:
    """Of each person, 1 less heterozygous genotypes over those that are expected in random mating.

    dosage: site by person. frequency: person by site, as of the person's own mixture of ancestries.
    """
    expected = np.where(dosage.T == MISSING, 0.0, 2 * frequency * (1 - frequency)).sum(axis=1)
    return np.asarray(1 - (dosage == 1).sum(axis=0) / expected)


def share_in_runs(dosage: Dosage) -> Floats:
    """Of each person, the share of the sites that lie in runs of RUN or more without a heterozygous genotype.

    dosage: site by person, in the order of the genome. A missing genotype does not end a run.
    """
    ends = np.pad(dosage == 1, ((1, 1), (0, 0)), constant_values=True)
    person, place = np.nonzero(ends.T)
    length = np.where(np.diff(person) == 0, np.diff(place) - 1, 0)
    in_runs = np.bincount(person[:-1], np.where(length >= RUN, length, 0), dosage.shape[1])
    return np.asarray(in_runs / len(dosage))


def _pairs(streams: Streams, founders: Founders, shares: Floats) -> Dosage:
    """What children of two founders would have: of each window a haplotype of each, of ancestries as in the shares."""
    windows, of_site = np.unique(founders.window, return_inverse=True)
    person = np.arange(_PAIRS) % len(shares)
    upto = np.cumsum(shares[person], axis=1)
    return sum(
        (_copied(streams, side, founders.haplotypes, of_site, len(windows), upto) for side in ("one", "other")),
        start=np.zeros((len(of_site), _PAIRS), dtype=np.int8),
    )


def _copied(
    streams: Streams, side: str, haplotypes: NDArray[np.int8], of_site: Integers, windows: int, upto: Floats
) -> NDArray[np.int8]:  # fmt: skip
    drawn = streams.of(f"genetics:founders:{side}").random((2, windows, len(upto)))
    ancestry = np.minimum((drawn[0][:, :, None] > upto).sum(axis=2), len(ANCESTRIES) - 1)
    number = ancestry * HAPLOTYPES + (drawn[1] * HAPLOTYPES).astype(np.int64)
    return np.take_along_axis(haplotypes, number[of_site], axis=1)
