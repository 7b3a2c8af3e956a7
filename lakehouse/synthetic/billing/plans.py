"""Plans of insurance: what each pays, and which of them covers a person on a day."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from lakehouse.synthetic.arrays import Booleans, Texts, days_of, lookup
from lakehouse.synthetic.journal import Rows
from lakehouse.synthetic.knowledge import number, table
from lakehouse.synthetic.streams import Floats, Integers

NO_LIMIT = 1 << 50
"""Cents that no claim reaches: where a plan knows no maximum."""

_DAYS = 1 << 18
"""More days than any calendar here has, on either side of 1970."""


@dataclass(frozen=True)
class Plans:
    """The plans of `knowledge/payers.csv`, one a row; amounts in cents. `rows` has the row of `<payer>_<plan>`."""

    rows: dict[str, int]
    payer: Texts
    is_medicare: Booleans
    is_advantage: Booleans
    professional_factor: Floats
    institutional_factor: Floats
    inpatient_factor: Floats
    drug_factor: Floats
    charge_factor: Floats
    is_negotiated: Booleans
    deductible: Integers
    coinsurance: Floats
    maximum: Integers
    visit_copay: Integers
    drug_coinsurance: Floats
    drug_copay: Integers
    denial_rate: Floats


@cache
def plans() -> Plans:
    """The plans, as arrays."""
    rows = table("payers")

    def numbers(column: str) -> Floats:
        return np.array([number(row, column) for row in rows])

    def cents(column: str, default: int = 0) -> Integers:
        return np.array([int(number(row, column, default)) for row in rows], dtype=np.int64)

    payer = np.array([row["payer"] for row in rows], dtype=object)
    return Plans(
        rows={row["key"]: place for place, row in enumerate(rows)},
        payer=payer,
        is_medicare=payer == "medicare",
        is_advantage=np.array([row["plan"] == "advantage" for row in rows]),
        professional_factor=numbers("professional_factor"),
        institutional_factor=numbers("institutional_factor"),
        inpatient_factor=numbers("inpatient_factor"),
        drug_factor=numbers("drug_factor"),
        charge_factor=numbers("charge_factor"),
        is_negotiated=numbers("negotiated") > 0,
        deductible=cents("deductible_cents"),
        coinsurance=numbers("coinsurance"),
        maximum=cents("out_of_pocket_maximum_cents", NO_LIMIT),
        visit_copay=cents("visit_copay_cents"),
        drug_coinsurance=numbers("drug_coinsurance"),
        drug_copay=cents("drug_copay_cents"),
        denial_rate=numbers("denial_rate"),
    )


@dataclass(frozen=True)
class Medicare:
    """Medicare's amounts by year, in cents; a year outside the table takes the nearest that is in it."""

    first_year: int
    part_a_deductible: Integers
    part_b_deductible: Integers
    part_d_deductible: Integers
    part_d_threshold: Integers
    part_d_catastrophic_share: Floats
    inpatient_base: Integers

    def row(self, years: Integers) -> Integers:
        """The rows of years."""
        return np.clip(years - self.first_year, 0, len(self.part_a_deductible) - 1)


@cache
def medicare() -> Medicare:
    """The amounts that the Centers for Medicare and Medicaid Services set each year."""
    rows = table("medicare_amounts")

    def cents(column: str) -> Integers:
        return np.array([int(row[f"{column}_cents"]) for row in rows], dtype=np.int64)

    return Medicare(
        first_year=int(rows[0]["year"]),
        part_a_deductible=cents("part_a_deductible"),
        part_b_deductible=cents("part_b_deductible"),
        part_d_deductible=cents("part_d_deductible"),
        part_d_threshold=cents("part_d_threshold"),
        part_d_catastrophic_share=np.array([number(row, "part_d_catastrophic_share") for row in rows]),
        inpatient_base=cents("inpatient_base"),
    )


class Coverage:
    """The spans of insurance of the persons of a block."""

    def __init__(self, rows: Rows) -> None:
        keys = np.array([f"{payer}_{plan}" for payer, plan in zip(rows["payer"], rows["plan"], strict=True)], object)
        plan = lookup(keys, plans().rows)
        known = np.flatnonzero(plan >= 0)
        self._person = rows["person"][known].astype(np.int64)
        self._start = days_of(rows["start_date"][known])
        self._end = days_of(rows["end_date"][known])
        self.plan: Integers = plan[known]
        self.is_dual: Booleans = rows["dual"][known].astype(bool)
        self.has_part_d: Booleans = rows["part_d"][known].astype(bool)

    def on(self, person: Integers, day: Integers) -> Integers:
        """The span that pays first for a person on a day; -1 where there is none.

        Medicare pays before an employer's plan of the retired, and Medicaid always last.
        """
        chosen = np.full(len(person), -1)
        for payer in ("medicaid", "commercial", "medicare"):
            spans = np.flatnonzero(plans().payer[self.plan] == payer)
            if len(spans):
                found = self._covering(spans, person, day)
                chosen = np.where(found >= 0, found, chosen)
        return chosen

    def _covering(self, spans: Integers, person: Integers, day: Integers) -> Integers:
        """Of these spans, which do not overlap in a person, the one of the person that holds the day."""
        people = np.unique(self._person[spans])
        keys = np.searchsorted(people, self._person[spans]) * 2 * _DAYS + self._start[spans] + _DAYS
        order = np.argsort(keys, kind="stable")
        who = np.minimum(np.searchsorted(people, person), len(people) - 1)
        place = np.searchsorted(keys[order], who * 2 * _DAYS + day + _DAYS, side="right") - 1
        span = spans[order[np.maximum(place, 0)]]
        holds = (place >= 0) & (self._person[span] == person) & (self._start[span] <= day) & (day <= self._end[span])
        return np.where(holds, span, -1)
