"""Panels are as the demographic model makes them, with the known loci in their published shares."""

from __future__ import annotations

import sys
from dataclasses import replace
from itertools import combinations, pairwise

import msprime
import numpy as np
import pytest

from lakehouse.errors import UsageError
from lakehouse.synthetic.genomes import panel
from lakehouse.synthetic.genomes.panel import COMMON, HAPLOTYPES, Panel, shares_of
from lakehouse.synthetic.genomes.windows import Window, windows
from lakehouse.synthetic.knowledge import table
from lakehouse.synthetic.population.genome import ANCESTRIES, loci

ALL = 10**6
Panels = dict[str, tuple[Window, Panel]]


def shares(found: Panel) -> np.ndarray:
    """Site by ancestry: how frequent the first alternate is."""
    of_ancestry = (found.haplotypes == 1).reshape(len(found.haplotypes), len(ANCESTRIES), HAPLOTYPES)
    return np.asarray(of_ancestry.mean(axis=2))


@pytest.fixture(scope="module")
def complete() -> list[Panel]:
    """Every site that comes out of the simulation of twenty windows without known loci."""
    empty = [window for window in windows() if not window.loci and window.chrom != "chrX"][::35][:20]
    return [panel.simulate(3, replace(window, sites=ALL), common=False) for window in empty]


def test_the_same_seed_and_window_give_the_same_panel(panels: Panels) -> None:
    window, found = panels["CYP2C19"]
    again, other = panel.simulate(7, window), panel.simulate(8, window)
    for name in ("position", "reference", "name", "key"):
        assert np.array_equal(getattr(found.sites, name), getattr(again.sites, name))
    assert found.sites.alternate == again.sites.alternate
    assert np.array_equal(found.haplotypes, again.haplotypes)
    assert not np.array_equal(found.sites.position, other.sites.position)


def test_a_panel_has_the_sites_of_its_window_in_order(panels: Panels) -> None:
    for window, found in panels.values():
        position = found.sites.position
        assert len(position) == len(found.sites.alternate) == len(found.sites.key) == window.sites
        assert window.start <= position[0]
        assert position[-1] <= window.end
        assert np.all(np.diff(position) >= 0)
        assert len(set(found.sites.key.tolist())) == len(position)
        known = {base for site in window.known for base in range(site.position, site.last + 1)}
        new = position[~np.isin(position, list(known))]
        assert len(np.unique(new)) == len(new) == window.sites - len(window.known)
        shown = set(zip(position.tolist(), found.sites.reference.tolist(), found.sites.alternate, strict=True))
        assert {(site.position, site.reference, site.alternate) for site in window.known} <= shown


def test_alleles_of_known_loci_have_their_published_shares(panels: Panels) -> None:
    for window, found in panels.values():
        for place, alleles in zip(window.loci, found.alleles, strict=True):
            frequencies = loci()[place].frequencies
            for number in range(len(ANCESTRIES)):
                of_ancestry = alleles[number * HAPLOTYPES : (number + 1) * HAPLOTYPES]
                counts = np.bincount(of_ancestry, minlength=len(frequencies))
                assert np.all(np.abs(counts - frequencies[:, number] * HAPLOTYPES) < len(frequencies))
                assert np.all((counts > 0) == (frequencies[:, number] > 0))


def test_shares_are_the_nearest_and_nothing_is_lost() -> None:
    assert shares_of(10, np.array([0.55, 0.45])).tolist() in ([6, 4], [5, 5])
    assert shares_of(500, np.array([1 - 1e-6, 1e-6])).tolist() == [499, 1]
    assert shares_of(500, np.array([1.0, 0.0])).tolist() == [500, 0]


def test_an_array_has_common_sites_and_an_exome_mostly_rare_ones(panels: Panels, complete: list[Panel]) -> None:
    _, found = panels["long"]
    new = found.sites.name == "."
    rarer = np.minimum(shares(found), 1 - shares(found))[new]
    assert np.all(rarer.max(axis=1) > COMMON)
    every = np.concatenate([np.minimum(shares(one), 1 - shares(one)) for one in complete])
    assert 0.2 < (every.max(axis=1) > COMMON).mean() < 0.6


def test_the_reference_is_the_commoner_allele_and_transitions_are_twice_as_frequent(complete: list[Panel]) -> None:
    assert all((shares(found).mean(axis=1) <= 0.5).all() for found in complete)
    pairs = [
        {reference, alternate[0]}
        for found in complete
        for reference, alternate in zip(found.sites.reference.tolist(), found.sites.alternate, strict=True)
    ]
    transitions = np.mean([pair in ({"A", "G"}, {"C", "T"}) for pair in pairs])
    assert abs(transitions - 2 / 3) < 0.02


def test_ancestries_are_as_far_apart_as_peoples_are(complete: list[Panel]) -> None:
    """Hudson's FST of 1000 Genomes-like populations, from memory: within a third, or 0.02, of each."""
    frequency = np.concatenate([shares(found) for found in complete])
    recalled = {
        ("afr", "eur"): 0.15, ("afr", "eas"): 0.18, ("eas", "eur"): 0.11, ("eur", "sas"): 0.035, ("eas", "sas"): 0.07,
    }  # fmt: skip
    found = {}
    for one, other in combinations(range(len(ANCESTRIES)), 2):
        p, q = frequency[:, one], frequency[:, other]
        within = (p * (1 - p) + q * (1 - q)) / (HAPLOTYPES - 1)
        between = p * (1 - q) + q * (1 - p)
        found[ANCESTRIES[one], ANCESTRIES[other]] = np.sum((p - q) ** 2 - within) / np.sum(between)
    for pair, expected in recalled.items():
        assert abs(found[pair] - expected) < max(expected / 3, 0.02), (pair, found[pair])
    assert found["amr", "eas"] < found["amr", "eur"] < found["afr", "amr"]


def test_frequencies_are_spread_as_msprime_spreads_them(complete: list[Panel]) -> None:
    """Europeans of the panels against Europeans of another run of the model without the other samples."""
    length, rate = 3_000_000, next(float(row["value"]) for row in table("demography") if row["quantity"] == "mutation")
    trees = msprime.sim_ancestry(
        [msprime.SampleSet(HAPLOTYPES, population="eur", ploidy=1)], demography=panel.demography("chr2"),
        sequence_length=length, recombination_rate=1.2e-8, random_seed=5,
    )  # fmt: skip
    trees = msprime.sim_mutations(trees, rate=rate, random_seed=6)
    expected = trees.allele_frequency_spectrum(polarised=False, span_normalise=False)
    counts = np.concatenate([shares(found)[:, ANCESTRIES.index("eur")] for found in complete]) * HAPLOTYPES
    folded = np.minimum(np.round(counts), HAPLOTYPES - np.round(counts)).astype(int)
    folded = folded[folded > 0]
    edges = [1, 2, 5, 25, 100, HAPLOTYPES // 2 + 1]
    ours = np.histogram(folded, edges)[0] / len(folded)
    theirs = np.array([expected[low:high].sum() for low, high in pairwise(edges)])
    assert np.all(np.abs(ours - theirs / theirs.sum()) < 0.06)


def test_on_x_people_differ_at_three_sites_where_they_do_at_four_on_autosomes() -> None:
    """Time to a common ancestor of Africans, whose populations hardly grew: in proportion to their size."""
    diversity = {
        chrom: msprime.sim_ancestry(
            [msprime.SampleSet(40, population="afr", ploidy=1)], demography=panel.demography(chrom),
            sequence_length=10_000_000, recombination_rate=1.2e-8, random_seed=5,
        ).diversity(mode="branch")
        for chrom in ("chrX", "chr2")
    }  # fmt: skip
    assert diversity["chrX"] / diversity["chr2"] == pytest.approx(0.75, abs=0.05)


def test_without_msprime_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, panels: Panels) -> None:
    monkeypatch.setitem(sys.modules, "msprime", None)
    with pytest.raises(UsageError, match=r"health-lakehouse\[synthetic\]"):
        panel.simulate(7, panels["nothing"][0])
