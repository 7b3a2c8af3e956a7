"""Cost sharing: how much of what is allowed the patient owes, as deductible and as coinsurance.

Medicare's Part A has a deductible in each benefit period and coinsurance by day; Part B a yearly deductible, then a
share. Commercial plans have a yearly deductible, a share, fixed copays of visits and a maximum in a year; Medicaid
asks for nothing. What is denied or taken back does not count toward a deductible or a maximum.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lakehouse.synthetic.arrays import Booleans, apportion, before, starts_of, sum_by, year_of
from lakehouse.synthetic.billing.drafts import Claims, Drafts
from lakehouse.synthetic.billing.fees import PREVENTIVE, Group, fee_schedule
from lakehouse.synthetic.billing.forms import forms
from lakehouse.synthetic.billing.plans import Coverage, medicare, plans
from lakehouse.synthetic.streams import Floats, Integers

_PERIOD_GAP = 60
"""Days outside hospital and nursing facility that end a benefit period (42 CFR 409.60)."""


_FAR = 1 << 20
"""Days that keep the stays of different persons apart on one scale."""


@dataclass(frozen=True)
class Owed:
    """Cents that the patient owes on each row: `deductible` and `coinsurance`, which holds copays too."""

    deductible: Integers
    coinsurance: Integers


@dataclass(frozen=True)
class Terms:
    """The terms of each row. deductible, maximum: cents in a year. copay: cents instead of the share."""

    deductible: Integers
    share: Floats
    copay: Integers
    maximum: Integers


def owe(drafts: Drafts, coverage: Coverage, allowed: Integers, counts: Booleans) -> Owed:
    """What the patient owes on each line. counts: whether a claim counts toward the year's sums."""
    claims, lines = drafts.claims, drafts.lines
    in_part_a = _in_part_a(claims, coverage)
    total = sum_by(lines.claim, allowed, len(claims))
    stays = _of_stays(claims, in_part_a, total, counts)
    stay_deductible = apportion(stays.deductible, allowed, lines.claim)
    stay_coinsurance = apportion(stays.coinsurance, allowed - stay_deductible, lines.claim)
    of_line = in_part_a[lines.claim]
    yearly = _of_year(drafts, coverage, np.where(of_line, 0, allowed), counts)
    return Owed(
        np.where(of_line, stay_deductible, yearly.deductible),
        np.where(of_line, stay_coinsurance, yearly.coinsurance),
    )


def owe_in_order(allowed: Integers, bucket: Integers, order: Integers, terms: Terms) -> Owed:
    """Go through the rows in the given order, with one deductible and one maximum for each bucket.

    Rows of a bucket lie together in the order. A row with a copay owes that and no deductible; what a row without
    a deductible costs does not count toward that of others.
    """
    amount, group = allowed[order], bucket[order]
    copay, share = terms.copay[order], terms.share[order]
    subject = np.where((copay > 0) | (terms.deductible[order] == 0), 0, amount)
    deductible = np.clip(terms.deductible[order] - before(subject, group), 0, subject)
    beyond = np.where(copay > 0, np.minimum(copay, amount), np.rint(share * (amount - deductible)).astype(np.int64))
    owed = np.clip(terms.maximum[order] - before(deductible + beyond, group), 0, deductible + beyond)
    deductible = np.minimum(deductible, owed)
    back = np.argsort(order)
    return Owed(deductible[back], (owed - deductible)[back])


def _of_year(drafts: Drafts, coverage: Coverage, allowed: Integers, counts: Booleans) -> Owed:
    """All lines but those of Part A, by person, plan and calendar year."""
    claims, lines = drafts.claims, drafts.lines
    paid_by = coverage.plan[claims.span]
    _, person = np.unique(claims.person, return_inverse=True)
    of_claim = ((person * 4096 + year_of(claims.start)) * 64 + paid_by) * 2 + counts
    bucket = of_claim[lines.claim]
    order = np.lexsort((lines.claim, claims.start[lines.claim], bucket))
    return owe_in_order(allowed, bucket, order, _terms(drafts, paid_by))


def _terms(drafts: Drafts, paid_by: Integers) -> Terms:
    claims, lines = drafts.claims, drafts.lines
    plan, of_line = plans(), paid_by[lines.claim]
    group, form = fee_schedule().group[lines.fee], claims.form[lines.claim]
    part_b = medicare().part_b_deductible[medicare().row(year_of(claims.start))][lines.claim]
    # Medicare asks nothing for laboratory tests, home health and hospice.
    at_home = np.isin(forms().rif.astype(str), ["hha", "hospice"])[form]
    exempt = plan.is_medicare[of_line] & ((group == Group.TEST) | at_home)
    free = np.isin(group, PREVENTIVE) | exempt
    has_copay = (group == Group.VISIT) & ~forms().is_institutional[form]
    return Terms(
        deductible=np.where(free, 0, np.where(plan.is_medicare[of_line], part_b, plan.deductible[of_line])),
        share=np.where(free, 0.0, plan.coinsurance[of_line]),
        copay=np.where(has_copay & ~free, plan.visit_copay[of_line], 0),
        maximum=plan.maximum[of_line],
    )


def _in_part_a(claims: Claims, coverage: Coverage) -> Booleans:
    is_stay = np.isin(forms().rif.astype(str), ["inpatient", "snf"])[claims.form]
    return np.asarray(is_stay & plans().is_medicare[coverage.plan[claims.span]])


def _of_stays(claims: Claims, in_part_a: Booleans, allowed: Integers, counts: Booleans) -> Owed:
    """What is owed on whole claims of Part A; nothing on others."""
    rows = np.flatnonzero(in_part_a)
    _, person = np.unique(claims.person[rows], return_inverse=True)
    key = person * 2 + counts[rows]
    order = np.lexsort((claims.period[rows], claims.start[rows], key))
    rows, key = rows[order], key[order]
    period = _benefit_period(claims.start[rows], claims.end[rows], key)
    is_hospital = (forms().rif == "inpatient")[claims.form[rows]]
    full = medicare().part_a_deductible[medicare().row(year_of(claims.start[rows]))]
    first = is_hospital & (before(is_hospital.astype(np.int64), period) == 0)
    deductible = np.minimum(np.where(first, full, 0), allowed[rows])
    hospital_days = np.where(is_hospital, claims.nights[rows], 0)
    nursing_days = np.where(is_hospital, 0, claims.nights[rows])
    coinsurance = np.where(
        is_hospital,
        _between(hospital_days, period, 60, 90) * full // 4 + _between(hospital_days, period, 90, 150) * full // 2,
        _between(nursing_days, period, 20, 100) * full // 8,
    )
    owed = Owed(np.zeros(len(claims), dtype=np.int64), np.zeros(len(claims), dtype=np.int64))
    owed.deductible[rows] = deductible
    owed.coinsurance[rows] = np.minimum(coinsurance, allowed[rows] - deductible)
    return owed


def _benefit_period(start: Integers, end: Integers, key: Integers) -> Integers:
    """A number for each benefit period; rows are in order of key and day."""
    if not len(start):
        return start
    apart = np.cumsum(starts_of(key)) * _FAR
    latest = np.maximum.accumulate(end + apart)
    since = np.append(_PERIOD_GAP + 1, start[1:] + apart[1:] - latest[:-1])
    return np.cumsum(starts_of(key) | (since > _PERIOD_GAP))


def _between(days: Integers, period: Integers, first: int, last: int) -> Integers:
    """How many of the days of each row lie after day `first` and not after day `last` of its benefit period."""
    done = before(days, period)
    return np.asarray(np.clip(done + days, first, last) - np.clip(done, first, last))
