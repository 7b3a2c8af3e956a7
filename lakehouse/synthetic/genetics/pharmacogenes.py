"""Whether the genotypes of pharmacogenes are as common as the published frequencies of their alleles make them.

Genotypes that landed tell diplotypes apart as far as they can without phase: diplotypes that show the same alleles at
all sites of the gene are one class.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy.stats import chi2  # type: ignore[import-untyped]

from lakehouse.synthetic.genetics.figures import Figure, too_few
from lakehouse.synthetic.genetics.landed import LEAST_GROUP, MISSING, Dosage, Landed
from lakehouse.synthetic.genomes.known import KnownSite, sites_by_locus
from lakehouse.synthetic.knowledge import table
from lakehouse.synthetic.population.genome import Locus, loci, place_of
from lakehouse.synthetic.streams import Floats, Integers

GROUP = "pharmacogenes"

SURE = 0.001
"""The joint probability with which any gene may be further off by chance."""

LEAST_EXPECTED = 5.0
"""Classes of which fewer persons are expected are taken together."""

_SOURCE = "knowledge/pgx_haplotypes.csv (C, R)"


def figures(landed: Landed) -> Iterator[Figure]:
    """Of each gene the chi-squared of the classes of diplotypes, over unrelated people, as a share of what may be."""
    genes = [gene for gene in dict.fromkeys(row["gene"] for row in table("pgx_haplotypes")) if _is_autosomal(gene)]
    unrelated = np.flatnonzero(landed.people["unrelated"])
    for gene in genes:
        measure = "diplotypes, chi-squared over its critical value"
        observed, expected = diplotypes(landed, unrelated, loci()[place_of()[gene]])
        if observed.sum() < LEAST_GROUP or len(observed) < 2:
            yield too_few(GROUP, measure, gene, 1.0, int(observed.sum()), _SOURCE)
            continue
        critical = float(chi2.isf(SURE / len(genes), len(observed) - 1))
        found = float(((observed - expected) ** 2 / expected).sum()) / critical
        typical = (len(observed) - 1) / critical
        yield Figure(GROUP, measure, gene, typical, 0.0, 1.0, found, int(observed.sum()), _SOURCE)


def diplotypes(landed: Landed, people: Integers, gene: Locus) -> tuple[Floats, Floats]:
    """How many of the people have each class of diplotypes, and how many are expected to by their own ancestries.

    Counted are those with a genotype at every site of the gene that landed.
    """
    place, carried = _sites(landed, gene)
    dosage = landed.dosage[np.ix_(place, people)].T
    called = (dosage != MISSING).all(axis=1)
    one, other = np.triu_indices(len(gene.alleles))
    frequency = landed.shares[people[called]] @ gene.frequencies.T
    frequency /= frequency.sum(axis=1, keepdims=True)
    chance = frequency[:, one] * frequency[:, other] * np.where(one == other, 1, 2)
    shown = (carried[:, one] + carried[:, other]).T
    classes, of_class = np.unique(np.concatenate([shown, dosage[called]]), axis=0, return_inverse=True)
    expected = np.bincount(of_class[: len(shown)], chance.sum(axis=0), len(classes)).astype(np.float64)
    observed = np.bincount(of_class[len(shown) :], minlength=len(classes))
    return together(observed, expected)


def together(observed: Integers, expected: Floats) -> tuple[Floats, Floats]:
    """The classes of which LEAST_EXPECTED are expected, and all others as one."""
    often = expected >= LEAST_EXPECTED
    joined = [np.append(counts[often], counts[~often].sum()) for counts in (observed, expected)]
    if joined[1][-1] < LEAST_EXPECTED and len(joined[1]) > 1:
        joined = [np.append(counts[:-2], counts[-2:].sum()) for counts in joined]
    return joined[0], joined[1]


def _sites(landed: Landed, gene: Locus) -> tuple[Integers, Dosage]:
    """The rows of the gene's alternate alleles that landed; alternate by allele of the gene: whether it has it."""
    of_site = pd.MultiIndex.from_frame(landed.sites[["chrom", "position", "reference", "alternate"]])
    told = [(site, nth) for site in sites_by_locus()[place_of()[gene.key]] for nth in range(len(site.alternate))]
    names = [_shortest(site, nth) for site, nth in told]
    place = np.asarray(of_site.get_indexer(pd.MultiIndex.from_tuples(names)), dtype=np.int64)
    carried = np.array([[number == nth + 1 for number in site.allele] for site, nth in told], dtype=np.int8)
    return place[place >= 0], carried[place >= 0]


def _shortest(site: KnownSite, nth: int) -> tuple[str, int, str, str]:
    """One of several alternates without the letters that both alleles end and begin with, as Hail splits them."""
    position, reference, alternate = site.position, site.reference, site.alternate[nth]
    if len(site.alternate) == 1:
        return site.chrom, position, reference, alternate
    while min(len(reference), len(alternate)) > 1 and reference[-1] == alternate[-1]:
        reference, alternate = reference[:-1], alternate[:-1]
    while min(len(reference), len(alternate)) > 1 and reference[0] == alternate[0]:
        position, reference, alternate = position + 1, reference[1:], alternate[1:]
    return site.chrom, position, reference, alternate


def _is_autosomal(gene: str) -> bool:
    return loci()[place_of()[gene]].chrom != "chrX"
