"""Errors of samples and batches: each is in the truth and in the data, and none is without being asked for."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from lakehouse.synthetic.genomes.calling import call
from lakehouse.synthetic.genomes.calls import Calls
from lakehouse.synthetic.genomes.genotypes import Genotypes
from lakehouse.synthetic.genomes.lab_errors import (
    BAD_BATCH,
    CONTAMINATION,
    LOW_CALL_RATE,
    SEX,
    SWAP,
    WELLS_A_COLUMN,
    is_bad,
    prepare,
)
from lakehouse.synthetic.genomes.laboratory import EXOME, rate
from lakehouse.synthetic.genomes.mistakes import heterozygous
from lakehouse.synthetic.genomes.preparation import UNMIXED, Preparation
from lakehouse.synthetic.genomes.samples import DUPLICATE, Batch, Samples
from lakehouse.synthetic.knowledge import table
from lakehouse.synthetic.world import World
from tests.synthetic.genomes.lab import BATCH, WORLD, agrees, erring, genotypes, is_called, samples_of, sexes

SAMPLES = samples_of(np.arange(300))
CARELESS = erring(5)


def prepared(samples: Samples = SAMPLES, world: World = CARELESS, batch: Batch = BATCH) -> Preparation:
    return prepare(world, batch, samples, sexes(samples))


def batch_that(bad: bool) -> Batch:
    """The first batch that is, or is not, a bad one."""
    every = (Batch(BATCH.delivery, range(start, start + 1)) for start in range(1_000))
    return next(batch for batch in every if is_bad(CARELESS, batch) == bad)


def of_errors(preparation: Preparation, panel: Genotypes, samples: Samples = SAMPLES) -> Calls:
    return call(EXOME, WORLD.seed, panel, samples, preparation)


def place_of(sample_id: str | None) -> int:
    return int(np.flatnonzero(SAMPLES.sample_id == sample_id)[0])


def test_there_are_none_without_being_asked_for() -> None:
    for batch in (BATCH, batch_that(bad=True)):
        faultless = prepared(world=erring(0), batch=batch)
        assert faultless.errors == ()
        assert np.array_equal(faultless.labels, SAMPLES.sample_id)
        assert np.array_equal(faultless.sex, sexes(SAMPLES))
        assert (faultless.quality == 1).all()
        assert (faultless.contaminant == UNMIXED).all()


def test_rates_are_those_of_the_table() -> None:
    samples = samples_of(np.arange(20_000))
    counts = Counter(error.kind for error in prepared(samples, batch=batch_that(bad=False)).errors)
    for kind in (SWAP, CONTAMINATION, SEX, LOW_CALL_RATE):
        assert counts[kind] / 20_000 == pytest.approx(rate(CARELESS, kind), rel=0.2)
    bad = [is_bad(CARELESS, Batch(BATCH.delivery, range(start, start + 1))) for start in range(2_000)]
    assert np.mean(bad) == pytest.approx(rate(CARELESS, BAD_BATCH), rel=0.2)


def test_what_is_wrong_is_in_the_truth() -> None:
    preparation = prepared(batch=batch_that(bad=False))
    of_kind = {
        kind: [e for e in preparation.errors if e.kind == kind] for kind in (SWAP, CONTAMINATION, SEX, LOW_CALL_RATE)
    }
    assert all(of_kind.values())
    moved = SAMPLES.sample_id[preparation.labels != SAMPLES.sample_id]
    assert {e.sample_id for e in of_kind[SWAP]} | {e.other_sample_id for e in of_kind[SWAP]} == set(moved)
    mixed = {(SAMPLES.sample_id[place], SAMPLES.sample_id[place + WELLS_A_COLUMN]) for place in preparation.mixed}
    assert {(e.sample_id, e.other_sample_id) for e in of_kind[CONTAMINATION]} == mixed
    for error in of_kind[CONTAMINATION]:
        assert 0.03 <= float(error.bad_value or 0) <= 0.2
    mistold = preparation.sex != sexes(SAMPLES)
    assert {(e.sample_id, e.true_value, e.bad_value) for e in of_kind[SEX]} == set(
        zip(SAMPLES.sample_id[mistold], sexes(SAMPLES)[mistold], preparation.sex[mistold], strict=True)
    )
    assert {e.sample_id for e in of_kind[LOW_CALL_RATE]} == set(SAMPLES.sample_id[preparation.quality < 1])


def test_a_sample_has_one_error_at_most() -> None:
    errors = prepared(world=erring(40), batch=batch_that(bad=False)).errors
    names = [e.sample_id for e in errors] + [e.other_sample_id for e in errors if e.kind == SWAP]
    assert len(errors) > 100
    assert len(set(names)) == len(names)


def test_more_samples_leave_the_errors_of_the_first_as_they_are() -> None:
    fewer = SAMPLES.sample_id[: 200 - WELLS_A_COLUMN]
    told = [[e for e in prepared(samples_of(np.arange(n))).errors if e.sample_id in fewer] for n in (200, 300)]
    assert told[0] == told[1] != []


def test_swapped_samples_have_each_others_genotypes() -> None:
    panel = genotypes(500, 300)
    preparation = prepared(batch=batch_that(bad=False))
    calls = of_errors(preparation, panel)
    swap = next(error for error in preparation.errors if error.kind == SWAP)
    column = preparation.labels.tolist().index(swap.sample_id)
    own, other = panel.alleles[:, [place_of(swap.sample_id)]], panel.alleles[:, [place_of(swap.other_sample_id)]]
    assert agrees(calls, other)[:, column].mean() > 0.95 > agrees(calls, own)[:, column].mean()


def test_low_call_rates_are_seen() -> None:
    preparation = prepared(batch=batch_that(bad=False))
    rates = is_called(of_errors(preparation, genotypes(500, 300))).mean(axis=0)
    few = preparation.quality < 1
    assert rates[few].max() < 0.97 < np.quantile(rates[~few], 0.1)


def test_contaminated_samples_have_more_heterozygotes() -> None:
    panel = genotypes(3_000, 300, common=True)
    preparation = prepared(batch=batch_that(bad=False))
    strong = preparation.contamination > 0.12
    assert strong.any()
    share = heterozygous(of_errors(preparation, panel).alleles).mean(axis=0)
    usual = share[(preparation.contamination == 0) & (preparation.quality == 1)]
    assert (share[strong] > usual.mean() + 3 * usual.std()).all()


def test_a_bad_batch_has_low_depth_and_many_missing_calls() -> None:
    panel = genotypes(500, 300)
    good, bad = (of_errors(prepared(batch=batch_that(bad=wanted)), panel) for wanted in (False, True))
    assert good.depth is not None
    assert bad.depth is not None
    assert np.median(bad.depth) < 0.35 * np.median(good.depth)
    assert (~is_called(bad)).mean() > 1.5 * (~is_called(good)).mean()
    assert [e.kind for e in prepared(batch=batch_that(bad=True)).errors].count(BAD_BATCH) == 1


def test_duplicates_agree() -> None:
    panel = genotypes(500, 10)
    twice = Samples(
        np.array([3, 3, 4]), np.array([0, 1, 0]), np.array(["one", "again", "other"], dtype=object), np.zeros(3, int)
    )
    preparation = prepare(erring(1e-9), BATCH, twice, sexes(twice))
    assert [(error.kind, error.sample_id) for error in preparation.errors] == [(DUPLICATE, "again")]
    calls = of_errors(preparation, panel, twice)
    both = is_called(calls).all(axis=1)
    discordance = [(~agrees(calls, calls.alleles[:, [place]]))[both, 0].mean() for place in (1, 2)]
    assert discordance[0] < 0.005 < 0.2 < discordance[1]


def test_each_rate_says_what_it_is_a_share_of() -> None:
    for row in table("lab_errors"):
        assert 0 < float(row["rate"]) <= 1
        assert row["of"] in ("samples", "batches", "genotyped persons")
        assert (row["site_share"] != "") == (row["of"] == "batches")
        assert row["detect_by"]
        assert row["source"]
