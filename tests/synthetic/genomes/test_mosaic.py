"""Dense genomes keep the known alleles, obey Mendel, and look like the panel that they are copied from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lakehouse.synthetic.genomes.genotypes import Genotypes, site_keys
from lakehouse.synthetic.genomes.lineage import Lineage
from lakehouse.synthetic.genomes.mosaic import genotypes
from lakehouse.synthetic.genomes.panel import HAPLOTYPES, Panel, simulate
from lakehouse.synthetic.genomes.windows import Window, windows
from lakehouse.synthetic.population import genome, people
from lakehouse.synthetic.population.genome import ABSENT, ANCESTRIES, loci
from lakehouse.synthetic.population.people import FEMALE, MALE, NOBODY, RACES
from lakehouse.synthetic.streams import Streams
from lakehouse.synthetic.world import BLOCK
from tests.synthetic.genomes.conftest import WORLD, lineage_of

Panels = dict[str, tuple[Window, Panel]]


def everybody(window: Window, panel: Panel, lineage: Lineage) -> Genotypes:
    return genotypes(window, panel, lineage, lineage.people.person)


def correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Squared, between alleles of haplotypes; zero if there is but one allele."""
    return float(np.corrcoef(one, other)[0, 1] ** 2) if one.std() and other.std() else 0.0


def founders_of(ancestry: int, lineage: Lineage, window: Window) -> np.ndarray:
    """Founder haplotypes that have that ancestry in the whole window."""
    ends = [lineage.ancestry_at(window.chrom, position) for position in (window.start, window.end)]
    inside = [lineage.ancestry[place] for place in window.loci]
    alike = np.all([local == ancestry for local in (*ends, *inside)], axis=0)
    return np.intersect1d(np.flatnonzero(alike), lineage.founders)


def test_known_alleles_are_those_that_the_simulation_drew(lineages: list[Lineage], panels: Panels) -> None:
    for block, lineage in enumerate(lineages):
        drawn = genome.draw(Streams(WORLD.seed, block), lineage.people)
        for window, panel in panels.values():
            found = everybody(window, panel, lineage)
            for site in window.known:
                key = site_keys(site.chrom, np.array([site.position]), np.array([site.reference]), (site.alternate,))
                (row,) = np.flatnonzero(panel.sites.key == key)
                for side, alleles in enumerate((drawn.maternal, drawn.paternal)):
                    of_locus = alleles[:, site.locus]
                    told = of_locus != ABSENT
                    assert np.array_equal(found.alleles[row, told, side], np.array(site.allele)[of_locus[told]])
                    assert np.all(found.alleles[row, ~told, side] == ABSENT)


def test_every_allele_at_every_site_comes_from_a_parent(lineages: list[Lineage], panels: Panels) -> None:
    for lineage in lineages:
        for window, panel in panels.values():
            alleles = everybody(window, panel, lineage).alleles
            for side, parents in enumerate((lineage.people.mother, lineage.people.father)):
                child = np.flatnonzero(parents != NOBODY)
                own, of_parent = alleles[:, child, side], alleles[:, parents[child]]
                from_either = (own[:, :, None] == of_parent).any(axis=2)
                assert (from_either | (own == ABSENT)).all()


def test_haplotypes_come_whole_from_a_parent_but_for_crossovers(lineages: list[Lineage], panels: Panels) -> None:
    window, panel = panels["type_2_diabetes:rs10811660"]
    alleles = everybody(window, panel, lineages[0]).alleles
    child = np.flatnonzero(lineages[0].people.mother != NOBODY)
    own, of_mother = alleles[:, child, 0], alleles[:, lineages[0].people.mother[child]]
    whole = (own[:, :, None] == of_mother).all(axis=0).any(axis=1)
    assert whole.mean() > 0.995


def test_identical_twins_are_identical(lineages: list[Lineage], panels: Panels) -> None:
    for lineage in lineages:
        one = np.flatnonzero(lineage.people.identical)
        for window, panel in panels.values():
            alleles = everybody(window, panel, lineage).alleles
            assert np.array_equal(alleles[:, one], alleles[:, lineage.people.twin[one]])


def test_men_have_one_x_and_everybody_two_of_the_others(lineages: list[Lineage], panels: Panels) -> None:
    for name, (window, panel) in panels.items():
        found = everybody(window, panel, lineages[0])
        sex = lineages[0].people.sex
        if name == "G6PD":
            assert np.all(found.alleles[:, sex == MALE, 1] == ABSENT)
            assert np.all(found.alleles[:, sex == FEMALE] >= 0)
        else:
            assert np.all(found.alleles >= 0)
        assert found.alleles.shape == (len(panel.sites.position), BLOCK, 2)
        assert np.all(found.alleles.max(axis=(1, 2)) <= [len(alternate) for alternate in panel.sites.alternate])


def test_women_are_as_heterozygous_on_x_as_their_ancestry_expects(lineages: list[Lineage], panels: Panels) -> None:
    window, panel = panels["G6PD"]
    european = panel.haplotypes.reshape(len(panel.haplotypes), len(ANCESTRIES), HAPLOTYPES)[:, ANCESTRIES.index("eur")]
    frequency = (european > 0).mean(axis=1)
    differ = []
    for lineage in lineages:
        women = np.flatnonzero((lineage.people.sex == FEMALE) & (lineage.people.race == RACES.index("white")))
        alleles = everybody(window, panel, lineage).alleles[:, women]
        differ.append(alleles[:, :, 0] != alleles[:, :, 1])
    expected = 2 * frequency * (1 - frequency)
    found = np.concatenate(differ, axis=1)
    assert found.shape[1] > 400
    error = np.sqrt(expected * (1 - expected) / found.shape[1])
    assert np.all(np.abs(found.mean(axis=1) - expected) < 5 * error + 0.02)


def test_a_person_does_not_depend_on_who_else_is_asked_for(lineages: list[Lineage], panels: Panels) -> None:
    window, panel = panels["long"]
    lineage = lineages[1]
    chosen = np.array([1_733, 1_004, 1_999])
    few, all_of_them = genotypes(window, panel, lineage, chosen), everybody(window, panel, lineage)
    assert np.array_equal(few.persons, chosen)
    assert np.array_equal(few.alleles, all_of_them.alleles[:, chosen - BLOCK])


def test_a_person_does_not_depend_on_the_number_of_people(lineages: list[Lineage], panels: Panels) -> None:
    window, panel = panels["CYP2C19"]
    of_larger = lineage_of(replace(WORLD, people=900_000), 1)
    assert np.array_equal(everybody(window, panel, of_larger).alleles, everybody(window, panel, lineages[1]).alleles)


def test_alleles_are_as_frequent_as_in_the_panel_of_their_ancestry(lineages: list[Lineage], panels: Panels) -> None:
    """Founders of one ancestry in a window, known and new sites: within five standard errors of the panel's share.

    The panel's shares of known alleles are within one haplotype in 500 of the published ones.
    """
    for window, panel in panels.values():
        if window.chrom == "chrX":
            continue
        in_panel = (panel.haplotypes > 0).reshape(len(panel.haplotypes), len(ANCESTRIES), HAPLOTYPES).mean(axis=2)
        alleles = [everybody(window, panel, one).alleles.reshape(len(in_panel), -1) for one in lineages]
        for ancestry in (ANCESTRIES.index("eur"), ANCESTRIES.index("afr")):
            founders = [founders_of(ancestry, one, window) for one in lineages]
            found = np.concatenate([of[:, who] for of, who in zip(alleles, founders, strict=True)], axis=1) > 0
            expected = in_panel[:, ancestry]
            error = np.sqrt(expected * (1 - expected) / found.shape[1])
            assert np.all(np.abs(found.mean(axis=1) - expected) < 5 * error + 0.02)


def test_a_known_locus_is_linked_with_its_neighbours_and_not_with_others(lineages: list[Lineage]) -> None:
    """The closest linkage of common variants of Europeans with a site nearby, and their linkage with other windows."""
    european, lineage = ANCESTRIES.index("eur"), lineages[0]
    white = np.flatnonzero(np.repeat(lineage.people.race == RACES.index("white"), 2))
    who = np.intersect1d(white, lineage.founders)
    near, far = [], []
    elsewhere = np.zeros((0, len(who)))
    for window in [one for one in windows() if _has_one_common_variant(one, european)][::25]:
        panel = simulate(WORLD.seed, window)
        alleles = everybody(window, panel, lineage).alleles.reshape(len(panel.sites.position), -1)[:, who]
        of_locus = lineage.alleles[window.loci[0], who]
        new = panel.sites.name == "."
        near.append(max(correlation(of_locus, row) for row in alleles[new]))
        far += [correlation(of_locus, row) for row in elsewhere]
        elsewhere = alleles[new]
    assert len(near) >= 8
    assert np.mean(near) > 0.15
    assert np.mean(far) < 0.005


def _has_one_common_variant(window: Window, ancestry: int) -> bool:
    if len(window.loci) != 1 or window.chrom == "chrX":
        return False
    frequencies = loci()[window.loci[0]].frequencies
    return len(frequencies) == 2 and bool(0.2 < frequencies[1, ancestry] < 0.8)


def test_linkage_decays_with_distance(lineages: list[Lineage], panels: Panels) -> None:
    window, panel = panels["long"]
    founders = founders_of(ANCESTRIES.index("eur"), lineages[0], window)
    alleles = everybody(window, panel, lineages[0]).alleles.reshape(len(panel.sites.position), -1)[:, founders]
    common = np.flatnonzero((alleles.mean(axis=1) > 0.1) & (alleles.mean(axis=1) < 0.9))
    squared = np.asarray(np.corrcoef(alleles[common])) ** 2
    apart = np.abs(panel.sites.position[common][:, None] - panel.sites.position[common])
    at = [
        squared[(low < apart) & (apart <= high)].mean()
        for low, high in ((0, 5_000), (5_000, 30_000), (30_000, 150_000), (500_000, 2_000_000))
    ]
    assert at == sorted(at, reverse=True)
    assert at[0] > 0.15
    assert at[3] < 0.02


def test_the_lineage_of_another_population_is_another(panels: Panels, lineages: list[Lineage]) -> None:
    window, panel = panels["nothing"]
    streams = Streams(WORLD.seed + 1, 0)
    assert not np.array_equal(people.draw(WORLD, streams).birth, lineages[0].people.birth)
    other = lineage_of(replace(WORLD, seed=WORLD.seed + 1), 0)
    assert not np.array_equal(everybody(window, panel, other).alleles, everybody(window, panel, lineages[0]).alleles)
