"""Claims of pharmacies: one for each dispensing that a plan covers.

A claim that the plan refuses at the counter leaves no event; what remains is paid, adjusted or taken back.
"""

from __future__ import annotations

import numpy as np

from lakehouse.synthetic.arrays import Booleans, chance, dates_of, days_of, lookup, where_kept, year_of
from lakehouse.synthetic.billing.adjudication import ACTIONS, Versions, outcomes, versions
from lakehouse.synthetic.billing.amounts import Amounts, amounts
from lakehouse.synthetic.billing.fees import fee_schedule
from lakehouse.synthetic.billing.plans import NO_LIMIT, Coverage, medicare, plans
from lakehouse.synthetic.billing.sharing import Owed, Terms, owe_in_order
from lakehouse.synthetic.frames import DISPENSING, DRUG_CLAIM
from lakehouse.synthetic.journal import Journal, Rows
from lakehouse.synthetic.knowledge import number, table
from lakehouse.synthetic.streams import Floats, Integers, Streams, identify

_SUBSIDISED_COPAY = 435
"""Cents that a person with Medicare and Medicaid pays for a drug (the low income subsidy's copay; E)."""

_PRICE_SPREAD = 0.15
"""The standard deviation of the logarithm of the price of one drug among fills (E)."""

_LONGEST_WAIT = 14
"""Days within which a pharmacy's claim reaches the payer's files (E)."""

_LEAST_PART = 0.8


def bill_drugs(streams: Streams, journal: Journal, coverage: Coverage) -> None:
    """Add the rows of DRUG_CLAIM."""
    rows = journal.rows(DISPENSING)
    person, day = rows["person"].astype(np.int64), days_of(rows["start_date"])
    fee = lookup(rows["drug_key"], fee_schedule().rows["drugs"])
    span = coverage.on(person, day)
    billed = np.flatnonzero((span >= 0) & (fee >= 0))
    if coverage.is_dual.size:
        billed = billed[_covers_drugs(coverage)[span[billed]]]
    chosen = {name: column[billed] for name, column in rows.items()}
    _add(streams, journal, coverage, chosen, fee[billed], span[billed])


def _covers_drugs(coverage: Coverage) -> Booleans:
    """Medicare pays for drugs under Part D only; the others always do."""
    return np.asarray(~plans().is_medicare[coverage.plan] | coverage.has_part_d)


def _add(streams: Streams, journal: Journal, coverage: Coverage, rows: Rows, fee: Integers, span: Integers) -> None:
    ids, day = rows["id"].astype(np.int64), days_of(rows["start_date"])
    cost = _cost(streams, rows, fee, plans().drug_factor[coverage.plan[span]])
    outcome = outcomes(streams, ids, np.zeros(len(ids)))
    owed = _owed(rows["person"].astype(np.int64), day, cost, coverage, span)
    wait = 1 + np.floor(chance(streams, "billing:drug_lag", ids) * _LONGEST_WAIT).astype(np.int64)
    told = versions(streams, ids, outcome, day + wait, np.empty(0, dtype=np.int64))
    part = _LEAST_PART + (1 - _LEAST_PART) * chance(streams, "billing:drug_part", ids)
    of = told.claim
    sums = amounts(told.state, part[of], cost[of], cost[of], Owed(owed.deductible[of], owed.coinsurance[of]))
    journal.add(DRUG_CLAIM, _columns(rows, told, sums, plans().payer[coverage.plan[span]], fee))


def _columns(rows: Rows, told: Versions, sums: Amounts, payer: np.ndarray, fee: Integers) -> Rows:
    of, ids, ndc = told.claim, rows["id"].astype(np.int64), fee_schedule().ndc[fee]
    kept = ("person", "start_date", "drug_key", "quantity", "days_supply", "fill", "practitioner")
    return {
        **{name: rows[name][of] for name in kept},
        "id": identify("drug claim", ids[of], told.number),
        "group": identify("drug claim group", ids[of]),
        "version": told.number,
        "action": np.array(ACTIONS, dtype=object)[told.action],
        "final": told.is_final,
        "payer": payer[of],
        "dispensing": ids[of],
        "processed_date": dates_of(told.processed),
        "superseded_date": dates_of(told.superseded),
        "ndc": where_kept(np.asarray(ndc != ""), ndc)[of],
        "cost": sums.allowed,
        "patient_paid": sums.deductible + sums.coinsurance,
        "plan_paid": sums.paid,
    }


def _cost(streams: Streams, rows: Rows, fee: Integers, factor: Floats) -> Integers:
    """Cents for a fill: the drug's price for its usual supply, by the days that this fill is for."""
    drugs = table("drugs")
    usual = np.array([number(row, "days_supply", 30) for row in drugs])
    row = lookup(rows["drug_key"], {drug["key"]: place for place, drug in enumerate(drugs)})
    supply = rows["days_supply"].astype(np.float64) / usual[row]
    ids = rows["id"].astype(np.int64)
    # The logistic quantile of the draw, scaled to that deviation.
    draw = np.clip(chance(streams, "billing:drug_price", ids), 1e-9, 1 - 1e-9)
    spread = np.exp(_PRICE_SPREAD * np.sqrt(3) / np.pi * np.log(draw / (1 - draw)))
    cost: Integers = np.rint(fee_schedule().price[fee] * supply * factor * spread).astype(np.int64)
    return cost


def _owed(person: Integers, day: Integers, cost: Integers, coverage: Coverage, span: Integers) -> Owed:
    """What the patient owes on each fill; Part D's share falls once the yearly threshold is reached."""
    plan, paid_by, year = plans(), coverage.plan[span], medicare().row(year_of(day))
    in_part_d = plan.is_medicare[paid_by] & ~coverage.is_dual[span]
    copay = np.maximum(plan.drug_copay[paid_by], np.rint(plan.drug_coinsurance[paid_by] * cost).astype(np.int64))
    terms = Terms(
        deductible=np.where(in_part_d, medicare().part_d_deductible[year], 0),
        share=plan.drug_coinsurance[paid_by],
        copay=np.where(in_part_d, 0, np.where(plan.is_medicare[paid_by], _SUBSIDISED_COPAY, copay)),
        maximum=np.full(len(cost), NO_LIMIT),
    )
    limit = np.where(in_part_d, medicare().part_d_threshold[year], plan.maximum[paid_by])
    _, who = np.unique(person, return_inverse=True)
    bucket = (who * 4096 + year_of(day)) * 64 + paid_by
    order = np.lexsort((day, bucket))
    without_limit = owe_in_order(cost, bucket, order, terms)
    owed = owe_in_order(cost, bucket, order, Terms(terms.deductible, terms.share, terms.copay, limit))
    beyond = without_limit.deductible + without_limit.coinsurance - owed.deductible - owed.coinsurance
    share = medicare().part_d_catastrophic_share[year] / np.where(in_part_d, terms.share, 1.0)
    return Owed(owed.deductible, owed.coinsurance + np.where(in_part_d, np.floor(beyond * share), 0).astype(np.int64))
