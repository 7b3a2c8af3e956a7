"""What is measured of genotypes whose answers are known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from lakehouse.synthetic.genetics.families import kinship, pairs, trios
from lakehouse.synthetic.genetics.figures import SURE, too_few, within
from lakehouse.synthetic.genetics.frequencies import allele_counts, by_ancestry, class_limits, filled
from lakehouse.synthetic.genetics.homozygosity import RUN, inbreeding, share_in_runs
from lakehouse.synthetic.genetics.landed import MISSING
from lakehouse.synthetic.genetics.linkage import squared_correlation, unbiased
from lakehouse.synthetic.genetics.pharmacogenes import together
from lakehouse.synthetic.genetics.phenotypes import cox, explained
from lakehouse.synthetic.genetics.structure import hudson
from lakehouse.synthetic.genetics.traits import estimated, slope

RANDOM = np.random.default_rng(7)


def test_a_figure_holds_within_its_error_and_margin() -> None:
    assert within("group", "measure", "all", 1.0, 1.0 + 0.09 * SURE, 0.1, 5, "source").holds
    assert not within("group", "measure", "all", 1.0, 1.0 + 0.11 * SURE, 0.1, 5, "source").holds
    assert within("group", "measure", "all", 1.0, 1.0 + 0.11 * SURE, 0.1, 5, "source", margin=0.1).holds
    assert not too_few("group", "measure", "all", 1.0, 0, "source").holds


def test_missing_genotypes_are_not_counted() -> None:
    dosage = np.array([[0, 1, 2, MISSING], [MISSING, MISSING, 1, 1]], dtype=np.int8)
    called, counts = allele_counts(dosage)
    assert (called.tolist(), counts.tolist()) == ([6, 4], [3, 2])
    assert filled(dosage).tolist() == [[0, 1, 2, 1], [1, 1, 1, 1]]


def test_classes_end_at_their_frequency() -> None:
    assert class_limits(np.array([200])).ravel().tolist() == [0, 2, 10, 20, 40, 70, 100]


def test_r2_of_two_sites() -> None:
    # Of ten haplotypes AB 4, Ab 1, aB 1, ab 4: D = 0.4 - 0.5 * 0.5, r2 = 0.15 ** 2 / 0.5 ** 4.
    first = np.repeat([1, 1, 0, 0], [4, 1, 1, 4])
    second = np.repeat([1, 0, 1, 0], [4, 1, 1, 4])
    values = np.array([first, second, 1 - first, np.zeros(10)], dtype=float)
    squared = squared_correlation(values)
    assert squared[0].tolist() == pytest.approx([1, 0.36, 1, 0])
    distinct = np.array([[1, 1, 0, 0], [1, 0, 1, 0]], dtype=float)
    assert squared_correlation(distinct, np.array([4.0, 1, 1, 4]))[0, 1] == pytest.approx(0.36)


def test_r2_of_unlinked_sites_is_nothing() -> None:
    squared = squared_correlation(RANDOM.binomial(2, 0.3, (200, 30)).astype(float))[np.triu_indices(200, 1)]
    assert squared.mean() > 0.03
    assert abs(unbiased(squared, 30).mean()) < 0.003


def test_hudsons_fst_of_counts() -> None:
    # 2 of 10 against 6 of 10 copies: 0.16 - 0.16 / 9 - 0.24 / 9 over 0.2 * 0.4 + 0.6 * 0.8.
    noise = np.array([0.16 / 9 + 0.24 / 9])
    top, bottom = hudson(np.array([0.2]), np.array([0.6]), noise)
    assert (top / bottom).tolist() == pytest.approx([0.11555556 / 0.56])
    top, bottom = hudson(np.array([0.3]), np.array([0.3]), noise)
    assert top / bottom < 0


def test_frequencies_of_ancestries_come_from_mixed_persons() -> None:
    true = RANDOM.uniform(0.1, 0.9, (500, 2))
    first = RANDOM.uniform(0, 1, 400)
    shares = np.stack([first, 1 - first], axis=1)
    dosage = RANDOM.binomial(2, true @ shares.T).astype(np.int8)
    found, weights, squared = by_ancestry(dosage, shares)
    error = np.sqrt(squared @ weights[:, 0] ** 2)
    assert abs(np.mean(found - true)) < 0.005
    assert np.std((found[:, 0] - true[:, 0]) / error) == pytest.approx(1, abs=0.1)


def test_inbreeding_is_one_without_heterozygotes_and_none_in_random_mating() -> None:
    frequency = np.full((50, 4_000), 0.3)
    assert inbreeding(np.zeros((4_000, 50), dtype=np.int8), frequency).tolist() == [1] * 50
    mating = RANDOM.binomial(2, 0.3, (4_000, 50)).astype(np.int8)
    assert abs(inbreeding(mating, frequency).mean()) < 0.01


def test_runs_are_of_neighbours_and_long() -> None:
    dosage = np.ones((4 * RUN, 4), dtype=np.int8)
    dosage[:RUN, 0] = 0
    dosage[: RUN - 1, 1] = 2
    dosage[:, 2] = 2
    dosage[RUN : 2 * RUN, 3], dosage[3 * RUN - 5 :, 3], dosage[RUN + 3, 3] = 0, 2, MISSING
    assert share_in_runs(dosage).tolist() == [0.25, 0, 1, pytest.approx(0.5 + 5 / (4 * RUN))]


def test_kinship_of_a_family() -> None:
    frequency = RANDOM.uniform(0.1, 0.9, 20_000)
    haplotypes = RANDOM.binomial(1, frequency, (4, 20_000))
    mother, father = haplotypes[:2], haplotypes[2:]
    child = np.stack([np.where(RANDOM.random(20_000) < 0.5, *parent) for parent in (mother, father)])
    people = [mother.sum(axis=0), father.sum(axis=0), child.sum(axis=0)]
    dosage = np.array([*people, people[2]], dtype=np.int8).T
    dosage[::50, 2] = MISSING
    found = kinship(dosage, np.tile(frequency, (4, 1)), np.array([[0, 1], [0, 2], [1, 2], [2, 3]]))
    assert found.tolist() == pytest.approx([0, 0.25, 0.25, 0.5], abs=0.015)


def test_relatives_are_found_among_the_people() -> None:
    people = pd.DataFrame({
        "person": [10, 11, 12, 13, 14], "mother": [None, None, 10, 10, 77], "father": [None, None, 11, 11, None],
        "twin": [None, None, 13, 12, None],
        "identical": [False, False, True, True, False], "sex": ["female", "male", "male", "female", "male"],
        "sample_id": list("abcde"), "group": ["eur", "eur", "", "", ""],
    })  # fmt: skip
    found = {relation: sorted(map(tuple, of.tolist())) for relation, of in pairs(people).items()}
    assert found["parent and child"] == [(2, 0), (2, 1), (3, 0), (3, 1)]
    assert (found["identical twins"], found["siblings"]) == ([(2, 3)], [])
    fraternal = pairs(people.assign(identical=False))
    assert (fraternal["fraternal twins"].tolist(), len(fraternal["identical twins"])) == ([[2, 3]], 0)
    without = pairs(people.assign(identical=False, mother=None, father=None))
    assert (without["fraternal twins"].tolist(), len(without["siblings"])) == ([[2, 3]], 0)
    brothers = pairs(people.assign(identical=False, twin=None))
    assert (brothers["siblings"].tolist(), len(brothers["fraternal twins"])) == ([[2, 3]], 0)
    assert found["unrelated"] == [(0, 1)]
    assert trios(people)[["sample_id", "mother_sample", "father_sample"]].to_numpy().tolist() == [
        ["c", "a", "b"],
        ["d", "a", "b"],
    ]


def test_effects_come_back_by_regression() -> None:
    planted = RANDOM.normal(0, 1, 20)
    counts = RANDOM.binomial(2, 0.4, (1_000, 20)).astype(float)
    found, error = estimated(counts @ planted + RANDOM.normal(0, 3, 1_000), counts)
    value, off = slope(found, error, planted)
    assert abs(value - 1) < SURE * off < 0.3
    value, off = slope(*estimated(RANDOM.normal(0, 3, 1_000), counts), planted)
    assert abs(value) < SURE * off


def test_the_share_of_variance_is_that_beside_covariates() -> None:
    age, score = RANDOM.normal(0, 1, (2, 5_000))
    outcome = 10 * age + score * np.sqrt(0.2) + RANDOM.normal(0, np.sqrt(0.8), 5_000)
    found, error = explained(outcome, score, age[:, None], 0.2)
    assert abs(found - 0.2) < SURE * error < 0.04


def test_a_hazard_ratio_comes_back_over_age() -> None:
    score, n = RANDOM.normal(0, 1, 4_000), 4_000
    onset, seen_until = RANDOM.exponential(100 / np.exp(0.6 * score)), RANDOM.uniform(0, 60, n)
    found, error = cox(np.minimum(onset, seen_until), onset < seen_until, score)
    assert abs(found - 0.6) < SURE * error < 0.2


def test_rare_classes_are_taken_together() -> None:
    observed, expected = together(np.array([90, 8, 1, 1]), np.array([91, 6, 1.5, 1.5]))
    assert (observed.tolist(), expected.tolist()) == ([90, 10], [91, 9])
