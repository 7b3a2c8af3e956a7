from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime
from decimal import Decimal

from pyspark.sql import SparkSession

from lakehouse.gold.cost.cost_per_member_month import SERVICE_CATEGORIES, CostPerMemberMonth
from lakehouse.silver.claims.eligibility import Eligibility
from lakehouse.silver.claims.medical_claim import MedicalClaim
from lakehouse.silver.claims.pharmacy_claim import PharmacyClaim
from tests.bronze.claims.lines import landed
from tests.silver.claims.test_eligibility import member_months
from tests.support import Rows, rows_of

CATEGORIES = {
    "inpatient": ("inpatient",),
    "snf": ("skilled nursing",),
    "hha": ("home health",),
    "hospice": ("hospice",),
    "dme": ("durable medical equipment",),
    "outpatient": ("outpatient", "emergency department"),
    "carrier": ("office-based", "other professional", "emergency department"),
}


def month_of(text: str) -> date:
    return datetime.strptime(text, "%d-%b-%Y").date().replace(day=1)


def test_each_month_with_members_has_every_category_once(sample: Rows) -> None:
    rows = sample[CostPerMemberMonth].collect()
    expected = {(month, category): n for month, n in member_months().items() for category in SERVICE_CATEGORIES}
    assert {(row.month, row.service_category): row.member_months for row in rows} == expected
    assert len(rows) == len(expected)
    idle = [row for row in rows if row.claims == 0]
    assert idle
    assert {(row.paid_amount, row.paid_per_member_month) for row in idle} == {(Decimal(0), Decimal(0))}


def test_what_was_paid_in_a_month_is_what_landed(sample: Rows) -> None:
    claims = {(kind, line["CLM_ID"]): line for kind in CATEGORIES for line in landed(kind)}
    expected: dict[date, Decimal] = defaultdict(Decimal)
    for line in claims.values():
        expected[month_of(line["CLM_FROM_DT"])] += Decimal(line["CLM_PMT_AMT"])
    for line in landed("pde"):
        paid = sum(Decimal(line[field]) for field in ("CVRD_D_PLAN_PD_AMT", "NCVRD_PLAN_PD_AMT", "LICS_AMT"))
        expected[month_of(line["SRVC_DT"])] += paid
    found: dict[date, Decimal] = defaultdict(Decimal)
    for row in sample[CostPerMemberMonth].collect():
        found[row.month] += row.paid_amount + row.paid_not_enrolled
    assert {month: paid for month, paid in found.items() if paid} == {m: paid for m, paid in expected.items() if paid}


def test_claims_by_category_are_those_that_landed(sample: Rows) -> None:
    rows = sample[CostPerMemberMonth].collect()
    for kind in ("inpatient", "snf", "hha", "hospice", "dme"):
        (category,) = CATEGORIES[kind]
        found = sum(row.claims + row.claims_not_enrolled for row in rows if row.service_category == category)
        assert found == len({line["CLM_ID"] for line in landed(kind)}), kind


def test_members_are_the_denominator_and_the_unenrolled_are_set_apart(spark: SparkSession) -> None:
    june, july = date(2024, 6, 1), date(2024, 7, 1)

    def line(person: int, claim: int, number: int, day: date) -> dict[str, object]:
        header = {"claim_paid_amount": Decimal("100.00"), "claim_charge_amount": Decimal("150.00")}
        place = {"claim_line_number": number, "service_category": "inpatient", "claim_start_date": day}
        return {"person_id": person, "claim_id": claim, **place, **header}

    costs = CostPerMemberMonth.build(
        rows_of(  # type: ignore[arg-type]
            spark,
            MedicalClaim,
            line(1, 11, 1, date(2024, 6, 30)),
            line(1, 11, 2, date(2024, 6, 30)),
            line(2, 12, 1, date(2024, 6, 2)),
            line(2, 13, 1, date(2024, 7, 1)),
        ),
        rows_of(  # type: ignore[arg-type]
            spark,
            PharmacyClaim,
            {"person_id": 1, "claim_id": 1, "dispensing_date": june, "paid_amount": Decimal(10)},
        ),
        rows_of(  # type: ignore[arg-type]
            spark, Eligibility, *({"person_id": p, "month": june} for p in (1, 2, 3)), {"person_id": 1, "month": july}
        ),
    )
    found = {(row.month, row.service_category): row for row in costs.collect()}
    assert len(found) == 2 * len(SERVICE_CATEGORIES)
    stays, drugs, later = found[june, "inpatient"], found[june, "pharmacy"], found[july, "inpatient"]
    assert (stays.member_months, stays.claims, stays.paid_amount, stays.charge_amount) == (3, 2, 200, 300)
    assert stays.paid_per_member_month == Decimal("66.67")
    assert (drugs.claims, drugs.paid_amount, drugs.paid_per_member_month) == (1, 10, Decimal("3.33"))
    assert (later.claims, later.paid_amount, later.claims_not_enrolled, later.paid_not_enrolled) == (0, 0, 1, 100)
