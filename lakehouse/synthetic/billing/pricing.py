"""Prices: what is charged for each line, and what the plan allows for it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from lakehouse.synthetic.arrays import Booleans, Texts, apportion, lookup, with_none, year_of
from lakehouse.synthetic.billing.block import Encounters
from lakehouse.synthetic.billing.drafts import Claims, Drafts
from lakehouse.synthetic.billing.forms import forms
from lakehouse.synthetic.billing.plans import Coverage, medicare, plans
from lakehouse.synthetic.directory import Directory
from lakehouse.synthetic.frames import NULL
from lakehouse.synthetic.knowledge import number, table
from lakehouse.synthetic.streams import Floats, Integers

_UNGROUPED_WEIGHT = 1.0
"""The weight of a stay without a known diagnosis-related group: the average stay of Medicare."""

_LOW_USE_NIGHTS = 7


@dataclass(frozen=True)
class Prices:
    """Cents of each line."""

    charge: Integers
    allowed: Integers


def price(drafts: Drafts, every: Encounters, coverage: Coverage, directory: Directory) -> Prices:
    """Charges and allowed amounts.

    Allowed is the fee schedule times the plan's factor, and where the plan negotiates prices times the style of the
    facility. Stays are paid by diagnosis-related group, by day or by episode; their lines share that by their charges.
    """
    claims, lines = drafts.claims, drafts.lines
    plan, factor = plans(), _factor(claims, coverage)
    style = _style(claims.facility, directory)
    paid_by = coverage.plan[claims.span]
    agreed = factor * np.where(plan.is_negotiated[paid_by], style, 1.0)
    by_fee = np.rint(lines.value * agreed[lines.claim]).astype(np.int64)
    stay = np.rint(_stay_value(claims, every) * agreed).astype(np.int64)
    by_stay = apportion(stay, lines.value, lines.claim)
    is_stay = _paid_as_a_stay(claims)
    allowed = np.where(is_stay[lines.claim], by_stay, by_fee)
    billed = np.rint(lines.value * (plan.charge_factor[paid_by] * style)[lines.claim]).astype(np.int64)
    return Prices(charge=np.maximum(billed, allowed), allowed=allowed)


def _paid_as_a_stay(claims: Claims) -> Booleans:
    """Not paid by line: but home care of a few visits is paid by visit (the low utilization payment adjustment)."""
    low_use = (forms().rif == "hha")[claims.form] & (claims.nights < _LOW_USE_NIGHTS)
    return np.asarray((forms().payment != "fee")[claims.form] & ~low_use)


def _factor(claims: Claims, coverage: Coverage) -> Floats:
    """The plan's factor on the fee schedule, or on the rate of a stay."""
    plan, paid_by = plans(), coverage.plan[claims.span]
    institutional = np.where(
        (forms().payment == "drg")[claims.form], plan.inpatient_factor[paid_by], plan.institutional_factor[paid_by]
    )
    return np.where(forms().is_institutional[claims.form], institutional, plan.professional_factor[paid_by])


def _style(facility: Integers, directory: Directory) -> Floats:
    known = facility != NULL
    styles = directory.facilities["style"].astype(np.float64)
    return np.where(known, styles[np.where(known, facility - 1, 0)], 1.0)


def _stay_value(claims: Claims, every: Encounters) -> Floats:
    """What Medicare pays for a whole claim for a stay, in cents; without meaning for other claims."""
    by_rate = forms().rate[claims.form] * -(-claims.nights // forms().rate_days[claims.form])
    base = medicare().inpatient_base[medicare().row(year_of(claims.end))]
    groups = np.asarray(with_none(every.rows["drg"])[claims.encounter])
    return np.where((forms().payment == "drg")[claims.form], base * _weights(groups), by_rate)


def _weights(groups: Texts) -> Floats:
    rows, weights = _group_weights()
    return np.append(weights, _UNGROUPED_WEIGHT)[lookup(groups, rows)]


@cache
def _group_weights() -> tuple[dict[str, int], Floats]:
    rows = table("drgs")
    return {row["key"]: place for place, row in enumerate(rows)}, np.array([number(row, "weight") for row in rows])
