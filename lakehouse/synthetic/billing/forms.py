"""The forms on which the services of an encounter are billed: knowledge/billing.csv as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from lakehouse.synthetic.arrays import Booleans, Texts
from lakehouse.synthetic.billing.fees import Group
from lakehouse.synthetic.knowledge import Row, by_key, number, table
from lakehouse.synthetic.streams import Floats, Integers

PARTS = ("institutional", "professional", "laboratory")
"""The claims that one encounter can lead to: of the institution, of the practitioner, of the laboratory."""

EQUIPMENT = "equipment"
"""The form of suppliers of equipment, which belongs to no encounter."""

_UNLIMITED_DAYS = 1 << 20

_SHARES = {
    Group.VISIT: "visit_share",
    Group.PREVENTIVE_VISIT: "visit_share",
    Group.PROCEDURE: "procedure_share",
    Group.SCREENING: "procedure_share",
    Group.TEST: "test_share",
    Group.VACCINE: "vaccine_share",
    Group.DRUG: "drug_share",
}


@dataclass(frozen=True)
class Forms:
    """Forms, one a row; the last is that of equipment.

    of: for each part, the row of the form of each encounter key. share: how much of a service's worth is billed on
    the form, by group of services. rate: cents that are paid for each `rate_days` whatever was done, where payment
    is 'rate'. period_days: after how many days the next claim of a long stay begins.
    """

    key: Texts
    of: dict[str, dict[str, int]]
    rif: Texts
    claim_type: Texts
    bill_type: Texts
    place_of_service: Texts
    is_institutional: Booleans
    payment: Texts
    rate: Integers
    rate_days: Integers
    period_days: Integers
    visit_center: Texts
    share: Floats


@cache
def forms() -> Forms:
    """The forms of the knowledge tables."""
    rows = table("billing")

    def texts(column: str, equipment: str) -> Texts:
        return np.array([*(row[column] for row in rows), equipment], dtype=object)

    def days(column: str, default: int) -> Integers:
        return np.array([*(int(number(row, column, default)) for row in rows), default], dtype=np.int64)

    shares = [[number(row, _SHARES[group]) if group in _SHARES else 0.0 for group in Group] for row in rows]
    return Forms(
        key=texts("key", EQUIPMENT),
        of={part: {r["encounter_key"]: n for n, r in enumerate(rows) if r["part"] == part} for part in PARTS},
        rif=texts("rif", "dme"),
        claim_type=texts("claim_type", "82"),
        bill_type=texts("bill_type", ""),
        place_of_service=np.array([*map(_place_of_service, rows), "12"], dtype=object),
        is_institutional=texts("part", "") == "institutional",
        payment=texts("payment", "fee"),
        rate=days("rate_cents", 0),
        rate_days=days("rate_days", 1),
        period_days=days("period_days", _UNLIMITED_DAYS),
        visit_center=texts("visit_revenue_center", ""),
        share=np.array([*shares, [0.0] * len(Group)]),
    )


def _place_of_service(row: Row) -> str:
    """The form's own, or else that of the encounter; institutions state none."""
    encounter = by_key("encounters").get(row["encounter_key"])
    if row["part"] == "institutional":
        return ""
    return row["place_of_service"] or (encounter["place_of_service"] if encounter else "")
