"""The founder haplotypes of a window: who could be anybody's ancestor there, by ancestry.

A coalescent simulation (msprime) of five populations under the out-of-Africa model of Gutenkunst et al. 2009 with a
South Asian and a Native American branch (knowledge/demography.csv), at the chromosome's mean recombination rate and the
model's mutation rate. Populations are smaller for chrX, of which there are three copies for four of an autosome. Of the
sites that come out some are kept. Bases are drawn, transitions twice as often as transversions, and the allele that is
commoner in the panel is called the reference.

The alleles of a known locus are laid on the tree at its position: along the order of the leaves, starting at the clade
whose shares of the ancestries are nearest to those of its rarer alleles, each allele has as many neighbouring leaves
as its published frequency asks for. So carriers are nearly a clade, and the locus is in linkage disequilibrium with its
neighbours as a mutation there would be.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lakehouse.errors import UsageError
from lakehouse.synthetic.genomes.genotypes import Sites, site_keys
from lakehouse.synthetic.genomes.known import NO_NAME
from lakehouse.synthetic.genomes.windows import Window
from lakehouse.synthetic.knowledge import table
from lakehouse.synthetic.population.genome import ANCESTRIES, loci
from lakehouse.synthetic.streams import Floats, Integers, Streams, numbers_of

HAPLOTYPES = 500
"""Of each ancestry."""

COMMON = 0.01
"""Common sites are those whose rarer allele is more frequent than this in some ancestry."""

_COPIES = {"chrX": 0.75}
"""For one of an autosome, where women and men are as many: the size of a population is in proportion."""

_OUT_OF_AFRICA = "out_of_africa"
_BASES = np.array(list("ACGT"))
_TRANSITIONS = 2 / 3


@dataclass(frozen=True)
class Panel:
    """Haplotypes of a window; ancestry by ancestry in the order of ANCESTRIES, HAPLOTYPES of each.

    haplotypes: site by haplotype, numbers of alleles at `sites`.
    alleles: known locus of the window by haplotype, numbers of the alleles of the locus.
    """

    sites: Sites
    haplotypes: NDArray[np.int8]
    alleles: NDArray[np.int8]

    @cached_property
    def by_allele(self) -> Integers:
        """Known locus by ancestry by haplotype of it: the haplotypes in the order of the alleles that they have."""
        of_ancestry = self.alleles.reshape(len(self.alleles), len(ANCESTRIES), HAPLOTYPES)
        return np.argsort(of_ancestry, axis=2, kind="stable")


def simulate(seed: int, window: Window, common: bool = True) -> Panel:
    """The panel of a window in the world of that seed.

    common: keep common sites where there are enough of them, not sites of any frequency. Where fewer sites come out of
    the simulation than the window should have, the panel has fewer.

    Raises UsageError if msprime is not installed.
    """
    streams = Streams(seed)
    trees = _trees(streams, window)
    alleles = np.array([_laid_on(trees.at(loci()[place].position - window.start), place) for place in window.loci])
    alleles = alleles.reshape(len(window.loci), len(ANCESTRIES) * HAPLOTYPES).astype(np.int8)
    position, haplotypes = _new_sites(streams, window, common, trees)
    return _with_known(window, alleles, position, haplotypes, *_letters(streams, window.chrom, position))


def _msprime() -> ModuleType:
    try:
        import msprime
    except ImportError as error:
        raise UsageError(
            "dense genomes are simulated by msprime, which is not installed: pip install 'health-lakehouse[synthetic]'"
        ) from error
    return msprime  # type: ignore[no-any-return]


def _trees(streams: Streams, window: Window) -> Any:
    """The tree sequence of the window's haplotypes, with mutations; its position 0 is the window's first base."""
    msprime = _msprime()
    of_window = streams.of(f"genomes:panel:{window.chrom}:{window.start}-{window.end}")
    for_ancestry, for_mutations = of_window.integers(1, 2**32 - 1, 2).tolist()
    trees = msprime.sim_ancestry(
        [msprime.SampleSet(HAPLOTYPES, population=ancestry, ploidy=1) for ancestry in ANCESTRIES],
        demography=demography(window.chrom),
        sequence_length=window.end - window.start + 1,
        recombination_rate=_recombination()[window.chrom],
        random_seed=for_ancestry,
    )
    (rate,) = [float(row["value"]) for row in table("demography") if row["quantity"] == "mutation"]
    model = msprime.BinaryMutationModel()
    return msprime.sim_mutations(trees, rate=rate, model=model, random_seed=for_mutations)


@cache
def _recombination() -> dict[str, float]:
    return {row["chrom"]: float(row["morgans_per_base"]) for row in table("chromosomes")}


@cache
def demography(chrom: str) -> Any:
    """The model of knowledge/demography.csv; sizes of growing populations there are those at their split."""
    copies = _COPIES.get(chrom, 1.0)
    model = _msprime().Demography()
    for name in (*ANCESTRIES, _OUT_OF_AFRICA):
        growth = _of(name, "growth")
        size = copies * _of(name, "size") * np.exp(growth * _of(name, "split"))
        active = name in ANCESTRIES or None
        model.add_population(name=name, initial_size=size, growth_rate=growth, initially_active=active)
    for row in table("demography"):
        pair, value = [row["population"], row["other"]], float(row["value"])
        if row["quantity"] == "split":
            model.add_population_split(time=value, derived=pair[:1], ancestral=pair[1])
        elif row["quantity"] == "migration" and _OUT_OF_AFRICA in pair:
            model.add_symmetric_migration_rate_change(time=_of("eur", "split"), populations=pair, rate=value)
        elif row["quantity"] == "migration":
            model.set_symmetric_migration_rate(pair, value)
    model.add_population_parameters_change(
        time=_of("afr", "expansion"), population="afr", initial_size=copies * _of("ancestral", "size")
    )
    model.sort_events()
    return model


def _of(population: str, quantity: str) -> float:
    """A number of the model; zero where it has none."""
    rows = [row for row in table("demography") if (row["population"], row["quantity"]) == (population, quantity)]
    return float(rows[0]["value"]) if rows else 0.0


def _new_sites(
    streams: Streams, window: Window, common: bool, trees: Any
) -> tuple[Integers, NDArray[np.int8]]:  # fmt: skip
    """Positions and haplotypes of the sites kept beside the known ones; 0 is the commoner allele."""
    position = trees.sites_position.astype(np.int64) + window.start
    haplotypes = np.empty((len(position), trees.num_samples), dtype=np.int8)
    for number, variant in enumerate(trees.variants(copy=False)):
        haplotypes[number] = variant.genotypes
    share = haplotypes.reshape(len(position), len(ANCESTRIES), HAPLOTYPES).mean(axis=2)
    rarer_share = np.minimum(share, 1 - share)
    covered = [base for site in window.known for base in range(site.position, site.last + 1)]
    last_choice = (rarer_share <= COMMON).all(axis=1) if common else np.zeros(len(position), dtype=bool)
    no_choice = np.isin(position, covered) | (share.min(axis=1) == share.max(axis=1)) & (rarer_share.max(axis=1) == 0)
    rank = streams.uniform(f"genomes:sites:{window.chrom}:{window.start}-{window.end}", len(position))
    rank += last_choice + 2 * no_choice
    kept = np.sort(np.argsort(rank, kind="stable")[: window.sites - len(window.known)])
    kept = kept[rank[kept] < 2]
    turned = share[kept].mean(axis=1) > 0.5
    return position[kept], haplotypes[kept] ^ turned[:, None]


def _letters(
    streams: Streams, chrom: str, position: Integers
) -> tuple[NDArray[np.str_], NDArray[np.str_]]:  # fmt: skip
    """Reference and alternate base of each site. Two bases apart in ACGT is a transition, one a transversion."""
    of_chrom = numbers_of(np.array([chrom], dtype=object))
    base = (streams.chance("genomes:reference base", of_chrom, position) * 4).astype(int)
    kind = streams.chance("genomes:alternate base", of_chrom, position)
    step = np.where(kind < _TRANSITIONS, 2, np.where(kind < (1 + _TRANSITIONS) / 2, 1, 3))
    return _BASES[base], _BASES[(base + step) % 4]


def _with_known(
    window: Window, alleles: NDArray[np.int8], position: Integers, haplotypes: NDArray[np.int8],
    reference: NDArray[np.str_], alternate: NDArray[np.str_],
) -> Panel:  # fmt: skip
    """The panel of the new sites and the known ones, in order."""
    known = window.known
    of_known = [np.array(site.allele, dtype=np.int8)[alleles[window.loci.index(site.locus)]] for site in known]
    position = np.array([*position, *(site.position for site in known)], dtype=np.int64)
    references = [*reference.tolist(), *(site.reference for site in known)]
    alternates = [*((base,) for base in alternate.tolist()), *(site.alternate for site in known)]
    names = [NO_NAME] * len(reference) + [site.name for site in known]
    order = sorted(range(len(position)), key=lambda site: (position[site], references[site], alternates[site]))
    sites = _sites(
        window.chrom, position[order], [references[site] for site in order], [alternates[site] for site in order],
        [names[site] for site in order],
    )  # fmt: skip
    return Panel(sites, np.concatenate([haplotypes, *(row[None] for row in of_known)])[order], alleles)


def _sites(
    chrom: str, position: Integers, reference: list[str], alternate: list[tuple[str, ...]], name: list[str]
) -> Sites:  # fmt: skip
    bases, alternates = np.array(reference, dtype=np.str_), tuple(alternate)
    key = site_keys(chrom, position, bases, alternates)
    return Sites(chrom, position, bases, alternates, np.array(name, dtype=np.str_), key)


def _laid_on(tree: Any, place: int) -> NDArray[np.int8]:
    """For each haplotype the allele of a known locus that it has, given the tree at its position."""
    frequencies = loci()[place].frequencies
    commonest = int(frequencies.mean(axis=1).argmax())
    sequence = [allele for allele in range(len(frequencies)) if allele != commonest] + [commonest]
    leaves = _leaves_from_clade(tree, 1 - frequencies[commonest])
    found = np.empty(len(leaves), dtype=np.int8)
    for ancestry in range(len(ANCESTRIES)):
        own = leaves[leaves // HAPLOTYPES == ancestry]
        found[own] = np.repeat(sequence, shares_of(HAPLOTYPES, frequencies[sequence, ancestry]))
    return found


def _leaves_from_clade(tree: Any, wanted: Floats) -> Integers:
    """The leaves in the order of the tree, beginning with the clade whose shares of the ancestries are nearest."""
    nodes = tree.preorder()
    rank = np.empty(nodes.max() + 1, dtype=np.int64)
    rank[nodes] = np.arange(len(nodes))
    is_leaf = nodes < len(ANCESTRIES) * HAPLOTYPES
    of_ancestry = is_leaf[:, None] & (nodes[:, None] // HAPLOTYPES == np.arange(len(ANCESTRIES)))
    upto = np.concatenate([np.zeros((1, len(ANCESTRIES)), dtype=np.int64), np.cumsum(of_ancestry, axis=0)])
    size = [1] * len(nodes)
    above = rank[tree.parent_array[nodes[1:]]].tolist()
    for node in range(len(nodes) - 1, 0, -1):
        size[above[node - 1]] += size[node]
    shares = (upto[np.arange(len(nodes)) + size] - upto[:-1]) / HAPLOTYPES
    first = int(np.abs(shares - wanted).sum(axis=1).argmin())
    turned = np.concatenate([nodes[first:], nodes[:first]])
    return np.asarray(turned[turned < len(ANCESTRIES) * HAPLOTYPES], dtype=np.int64)


def shares_of(total: int, frequencies: Floats) -> Integers:
    """The total shared out as nearly as can be to the frequencies, at least one for each that is not zero."""
    exact = frequencies / frequencies.sum() * total
    counts = np.floor(exact).astype(np.int64)
    counts[np.argsort(counts - exact, kind="stable")[: total - counts.sum()]] += 1
    for rare in np.flatnonzero((frequencies > 0) & (counts == 0)):
        counts[rare] += 1
        counts[counts.argmax()] -= 1
    return np.asarray(counts)
