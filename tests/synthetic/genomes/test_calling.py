"""Calls: right where the data are good, wrong and missing where they are not, the same whoever else is called."""

from __future__ import annotations

import numpy as np
import pytest

from lakehouse.synthetic.genomes.calls import NO_PROBABILITY, THOUSANDTHS, biallelic
from lakehouse.synthetic.genomes.laboratory import ARRAY, EXOME, IMPUTED
from lakehouse.synthetic.genomes.mistakes import heterozygous
from lakehouse.synthetic.genomes.samples import Samples
from lakehouse.synthetic.genomes.vcf import FIELDS
from lakehouse.synthetic.population.genome import ABSENT
from tests.synthetic.genomes.lab import agrees, called, genotypes, is_called, samples_of

PANEL = genotypes(2_000, 200)


@pytest.mark.parametrize("platform", FIELDS)
def test_a_sample_is_called_the_same_whoever_else_is_in_the_batch(platform: str) -> None:
    every = called(PANEL, platform)
    some = np.array([150, 3, 77])
    alone = called(PANEL, platform, samples_of(some))
    for name in ("alleles", "quality", "depth", "probability"):
        if getattr(every, name) is not None:
            assert np.array_equal(getattr(every, name)[:, some], getattr(alone, name))


def test_a_site_is_called_the_same_whichever_others_there_are() -> None:
    few = genotypes(2_000, 200)
    calls, every = called(few).take(slice(500, 600)), called(PANEL)
    assert np.array_equal(calls.alleles, every.alleles[500:600])


def test_good_calls_are_right() -> None:
    calls = called(PANEL)
    assert calls.quality is not None
    assert calls.depth is not None
    good = is_called(calls) & (calls.quality >= 20) & (calls.depth >= 10)
    assert good.mean() > 0.9
    assert (~agrees(calls, PANEL.alleles))[good].mean() < 5e-4


def test_calls_from_few_reads_are_often_wrong_and_never_sure() -> None:
    calls = called(PANEL, quality=np.full(200, 0.08))
    assert calls.quality is not None
    assert calls.depth is not None
    few = is_called(calls) & (calls.depth <= 4) & heterozygous(PANEL.alleles)
    assert 0.08 < (~agrees(calls, PANEL.alleles))[few].mean() < 0.5
    assert calls.quality[is_called(calls) & (calls.depth <= 4) & ~heterozygous(calls.alleles)].max() <= 12


def test_calls_are_missing_by_quality_and_by_depth() -> None:
    calls = called(PANEL, quality=np.full(200, 0.12))
    assert calls.quality is not None
    assert calls.depth is not None
    missing = ~is_called(calls)
    by_quality = [missing[(calls.quality >= low) & (calls.quality < low + 10)].mean() for low in (0, 10, 20, 40)]
    assert by_quality == sorted(by_quality, reverse=True)
    assert by_quality[0] > 10 * by_quality[2]
    surer = calls.quality >= 12
    assert missing[surer & (calls.depth <= 5)].mean() > 3 * missing[surer & (calls.depth >= 12)].mean()
    assert missing[calls.depth == 0].all()


def test_quality_of_an_array_tells_errors_and_missing_calls() -> None:
    calls = called(PANEL, ARRAY, quality=np.full(200, 0.2))
    assert calls.quality is not None
    assert calls.depth is None
    wrong, missing = ~agrees(calls, PANEL.alleles) & is_called(calls), ~is_called(calls)
    low, high = calls.quality < 18, calls.quality >= 30
    assert wrong[low & ~missing].mean() > 0.005 > 5e-4 > wrong[high & ~missing].mean()
    assert missing[low].mean() > 20 * missing[high].mean()


@pytest.mark.parametrize("platform", FIELDS)
def test_men_are_haploid_on_x(platform: str) -> None:
    panel = genotypes(300, 40, chrom="chrX")
    calls = called(panel, platform)
    men = np.arange(40) % 2 == 1
    assert (calls.alleles[:, men, 1] == ABSENT).all()
    assert (calls.alleles[:, ~men, 1] != ABSENT).all()
    if calls.depth is not None:
        assert calls.depth[:, men].mean() == pytest.approx(calls.depth[:, ~men].mean() / 2, rel=0.15)
    if calls.probability is not None:
        assert (calls.probability[:, men, 2] == NO_PROBABILITY).all()
        assert (calls.probability[:, men, :2].sum(axis=2) == THOUSANDTHS).all()


def test_a_duplicate_is_called_anew() -> None:
    twice = Samples(np.array([5, 5]), np.array([0, 1]), np.array(["a", "b"], dtype=object), np.array([0, 9]))
    calls = called(PANEL, EXOME, twice)
    assert calls.depth is not None
    assert (calls.depth[:, 0] != calls.depth[:, 1]).mean() > 0.8
    both = is_called(calls).all(axis=1)
    assert agrees(calls, calls.alleles[:, ::-1])[both].mean() > 0.995


def test_contamination_shows_as_heterozygotes() -> None:
    common = genotypes(3_000, 40, common=True)
    contaminant, share = np.full(40, -1), np.zeros(40)
    contaminant[4], share[4] = 12, 0.2
    for platform in (EXOME, ARRAY):
        pure = called(common, platform)
        mixed = called(common, platform, contaminant=contaminant, contamination=share)
        rates = [heterozygous(calls.alleles).mean(axis=0) for calls in (mixed, pure)]
        assert rates[0][4] > 1.1 * rates[1].mean() + 3 * rates[1].std()
        others = np.arange(40) != 4
        assert np.array_equal(mixed.alleles[:, others], pure.alleles[:, others])


def test_imputed_dosages_are_as_good_as_they_say() -> None:
    panel = genotypes(400, 1_500)
    calls, true = called(panel, IMPUTED), biallelic(panel).alleles.sum(axis=2)
    assert calls.probability is not None
    assert calls.accuracy is not None
    assert (calls.probability.sum(axis=2) == THOUSANDTHS).all()
    dosage = calls.probability[:, :, 1].astype(float) + 2 * calls.probability[:, :, 2]
    varies = true.std(axis=1) > 0.2
    realised = np.array([np.corrcoef(dosage[row], true[row])[0, 1] ** 2 for row in np.flatnonzero(varies)])
    assert np.abs(realised - calls.accuracy[varies]).mean() < 0.03
    assert np.corrcoef(realised, calls.accuracy[varies])[0, 1] > 0.7
    assert calls.accuracy.min() > 0.2
    for low, high in ((100, 300), (450, 550), (1_450, 1_550)):  # calibrated: the dosage is what to expect
        near = (dosage >= low) & (dosage <= high)
        assert true[near].mean() == pytest.approx(dosage[near].mean() / THOUSANDTHS, abs=0.06)


def test_rare_alleles_are_imputed_worse() -> None:
    panel = genotypes(400, 1_500)
    calls, frequency = called(panel, IMPUTED), biallelic(panel).alleles.mean(axis=(1, 2))
    assert calls.accuracy is not None
    rare = frequency < 0.03
    assert calls.accuracy[rare].mean() < calls.accuracy[~rare].mean() - 0.03


def test_genotypes_of_every_person_are_needed() -> None:
    with pytest.raises(KeyError):
        called(PANEL, EXOME, samples_of(np.array([1, 5_000])))
