"""Errors at sites: each is in the truth and in the lines, and the lines stay in order."""

from __future__ import annotations

from collections import Counter
from itertools import count
from pathlib import Path

import numpy as np
import pysam
import pytest
from numpy.typing import NDArray

from lakehouse.synthetic.genomes.calls import Calls, allele_counts
from lakehouse.synthetic.genomes.lab_errors import BAD_BATCH, happens_to
from lakehouse.synthetic.genomes.laboratory import EXOME, IMPUTED
from lakehouse.synthetic.genomes.preparation import LabError
from lakehouse.synthetic.genomes.samples import Batch
from lakehouse.synthetic.genomes.site_errors import FREQUENCY_SHIFT, spoil
from lakehouse.synthetic.genomes.vcf import vcf_file
from tests.synthetic.genomes.lab import BATCH, WORLD, called, erring, genotypes, samples_of

PANEL = genotypes(3_000, 40)
SAMPLES = samples_of(PANEL.persons)
CALLS = called(PANEL)

KINDS = (
    "strand_flip", "palindromic_flip", "spurious_alternate", "untrimmed_alleles", "split_alternates", BAD_BATCH
)  # fmt: skip


def spoiled(kind: str, calls: Calls = CALLS) -> tuple[Calls, list[LabError]]:
    """The calls of a batch to which this error of batches happens, and no other."""
    for start in count():
        batch = Batch(BATCH.delivery, range(start, start + 1))
        if [one for one in KINDS if happens_to(WORLD, one, batch)] == [kind]:
            return spoil(WORLD, batch, SAMPLES, calls)
    raise AssertionError


def variants(calls: Calls) -> list[tuple[int, str, tuple[str, ...]]]:
    sites = calls.sites
    return list(zip(sites.position.tolist(), sites.reference.tolist(), sites.alternate, strict=True))


def written(position: int, reference: str, alternates: tuple[str, ...]) -> str:
    return f"{position}:{reference}:{','.join(alternates)}"


def at_errors(calls: Calls, errors: list[LabError]) -> NDArray[np.bool_]:
    """Which sites the truth is about, where none has two lines."""
    return np.isin(calls.sites.position, [error.position for error in errors if error.position is not None])


def shortest(position: int, reference: str, alternate: str) -> tuple[int, str, str]:
    while len(reference) > 1 and len(alternate) > 1 and reference[-1] == alternate[-1]:
        reference, alternate = reference[:-1], alternate[:-1]
    while len(reference) > 1 and len(alternate) > 1 and reference[0] == alternate[0]:
        position, reference, alternate = position + 1, reference[1:], alternate[1:]
    return position, reference, alternate


def test_there_are_none_without_being_asked_for() -> None:
    for start in range(50):
        batch = Batch(BATCH.delivery, range(start, start + 1))
        calls, errors = spoil(erring(0), batch, SAMPLES, CALLS)
        assert errors == []
        assert calls is CALLS


@pytest.mark.parametrize("kind", KINDS)
def test_lines_that_changed_are_those_of_the_truth(kind: str) -> None:
    calls, errors = spoiled(kind)
    assert errors
    before, after = (Counter(written(*one) for one in variants(of)) for of in (CALLS, calls))
    if kind in (BAD_BATCH, "palindromic_flip"):
        assert before == after
        changed = (calls.alleles != CALLS.alleles).any(axis=(1, 2))
        assert set(CALLS.sites.position[changed]) <= {error.position for error in errors}
    else:
        assert before - after == Counter(error.true_value for error in errors)
        assert after - before == Counter(line for error in errors for line in (error.bad_value or "").split(";"))
    assert (np.diff(calls.sites.position) >= 0).all()


def test_a_flipped_strand_tells_complements() -> None:
    _, errors = spoiled("strand_flip")
    for error in errors:
        true, bad = ((text or "").split(":")[1:] for text in (error.true_value, error.bad_value))
        assert [base.translate(str.maketrans("ACGT", "TGCA")) for base in true] == bad
        assert set(true) != set(bad)


def test_a_flipped_palindrome_has_the_frequency_of_the_other_allele() -> None:
    for platform in (EXOME, IMPUTED):
        of_platform = called(PANEL, platform)
        calls, errors = spoiled("palindromic_flip", of_platform)
        flipped = at_errors(calls, errors)
        number, alternate = allele_counts(of_platform.alleles, 1)
        now, counted = allele_counts(calls.alleles, 1)
        assert np.array_equal(counted[flipped, 0], (number - alternate[:, 0])[flipped])
        assert np.array_equal(now, number)
        if calls.probability is not None and of_platform.probability is not None:
            assert np.array_equal(calls.probability[flipped], of_platform.probability[flipped][:, :, ::-1])


def test_a_spurious_alternate_is_nobodys() -> None:
    calls, errors = spoiled("spurious_alternate")
    numbers = [[len(alternates) for alternates in of.sites.alternate] for of in (CALLS, calls)]
    more = [row for row, (before, after) in enumerate(zip(*numbers, strict=True)) if after > before]
    assert len(more) == len(errors)
    for row in more:
        _, reference, alternates = variants(calls)[row]
        assert len({reference, *alternates}) == len(alternates) + 1
        assert (calls.alleles[row] < len(alternates)).all()


def test_alleles_that_are_not_trimmed_are_the_same_variants() -> None:
    calls, errors = spoiled("untrimmed_alleles")
    assert {len(error.bad_value or "") > len(error.true_value or "") for error in errors} == {True}
    for old, new in zip(variants(CALLS), variants(calls), strict=True):
        assert [shortest(*old[:2], alt) for alt in old[2]] == [shortest(*new[:2], alt) for alt in new[2]]
    moved = CALLS.sites.position != calls.sites.position
    assert moved.any()
    assert len(errors) > moved.sum()


def test_split_lines_have_the_alleles_of_the_site() -> None:
    calls, _ = spoiled("split_alternates")
    assert all(len(alternates) == 1 for alternates in calls.sites.alternate)
    _, joined = allele_counts(CALLS.alleles, 2)
    _, split = allele_counts(calls.alleles, 1)
    numbers = [len(alternates) for alternates in CALLS.sites.alternate]
    expected = [counts[nth] for counts, number in zip(joined, numbers, strict=True) for nth in range(number)]
    assert split[:, 0].tolist() == expected


def test_a_bad_batch_shifts_frequencies_at_some_sites() -> None:
    calls, errors = spoiled(BAD_BATCH)
    assert {error.kind for error in errors} == {FREQUENCY_SHIFT}
    shifted = at_errors(CALLS, errors)
    assert shifted.mean() == pytest.approx(0.05 * 0.9, abs=0.02)
    before, after = (allele_counts(of.alleles, 1)[1][shifted, 0].sum() for of in (CALLS, calls))
    assert 0.4 < after / before < 0.95


def test_the_same_sites_err_whichever_others_there_are() -> None:
    _, every = spoiled("untrimmed_alleles")
    _, some = spoiled("untrimmed_alleles", CALLS.take(slice(1_000, 2_000)))
    first, last = CALLS.sites.position[[1_000, 1_999]]
    assert [e.true_value for e in every if first <= (e.position or 0) <= last] == [e.true_value for e in some]


@pytest.mark.parametrize("kind", KINDS)
def test_files_with_errors_are_readable(tmp_path: Path, kind: str, capfd: pytest.CaptureFixture[str]) -> None:
    calls, _ = spoiled(kind)
    path = tmp_path / "a.vcf.bgz"
    with vcf_file(path, EXOME, SAMPLES.sample_id) as write:
        write(calls)
    with pysam.VariantFile(str(path)) as read:
        assert sum(1 for _ in read.fetch("chr2")) == len(calls.low_quality)
    assert capfd.readouterr().err == ""
