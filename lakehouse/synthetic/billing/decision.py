"""Decided claims: priced, shared out between plan and patient, and adjudicated in versions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lakehouse.synthetic.arrays import chance, repeated
from lakehouse.synthetic.billing.adjudication import (
    Versions,
    counts_toward_limits,
    first_processed,
    outcomes,
    sent_twice,
    versions,
)
from lakehouse.synthetic.billing.amounts import Amounts, amounts
from lakehouse.synthetic.billing.drafts import Drafts
from lakehouse.synthetic.billing.forms import forms
from lakehouse.synthetic.billing.plans import Coverage, plans
from lakehouse.synthetic.billing.pricing import Prices
from lakehouse.synthetic.billing.sharing import Owed, owe
from lakehouse.synthetic.streams import Integers, Streams, identify

_LEAST_PART, _MOST_PART = 0.6, 0.95
"""How much of what is allowed in the end was allowed before an adjustment (E)."""


@dataclass(frozen=True)
class Decided:
    """The versions of claims. version, line: for each line of each version the rows of the two."""

    drafts: Drafts
    versions: Versions
    version: Integers
    line: Integers
    amounts: Amounts


def decide(streams: Streams, drafts: Drafts, prices: Prices, coverage: Coverage) -> Decided:
    """What the plans decide. The patient's share is worked out once, on what the claim is worth in the end."""
    claims = drafts.claims
    source = identify("claim", claims.source, claims.part, claims.period)
    denial_rate = plans().denial_rate[coverage.plan[claims.span]]
    outcome = outcomes(streams, source, denial_rate)
    owed = owe(drafts, coverage, prices.allowed, counts_toward_limits(outcome))
    first = first_processed(streams, source, claims.end, (forms().payment != "fee")[claims.form])
    told = versions(streams, source, outcome, first, sent_twice(streams, source))
    version, line = _lines_of(told, drafts)
    part = _LEAST_PART + (_MOST_PART - _LEAST_PART) * chance(streams, "billing:part", source)
    sums = amounts(
        told.state[version],
        part[told.claim[version]],
        prices.charge[line],
        prices.allowed[line],
        Owed(owed.deductible[line], owed.coinsurance[line]),
    )
    return Decided(drafts, told, version, line, sums)


def _lines_of(told: Versions, drafts: Drafts) -> tuple[Integers, Integers]:
    """For each version each line of its claim: the row of the version and the row of the line."""
    counts = np.bincount(drafts.lines.claim, minlength=len(drafts.claims))
    first = np.cumsum(counts) - counts
    version, number = repeated(counts[told.claim])
    return version, first[told.claim][version] + number
