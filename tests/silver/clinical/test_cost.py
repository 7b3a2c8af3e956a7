"""Costs that add up to the cent, and the spans of insurance that paid."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from pyspark.sql import Row, SparkSession
from pyspark.sql import functions as F

from lakehouse.bronze.ehr.ehr_line import EhrLine
from lakehouse.quality import REASONS, flag
from lakehouse.silver.claims.eligibility import Eligibility
from lakehouse.silver.claims.medical_claim import MedicalClaim
from lakehouse.silver.claims.pharmacy_claim import PharmacyClaim
from lakehouse.silver.clinical.cost import Cost
from lakehouse.silver.clinical.device_exposure import DeviceExposure
from lakehouse.silver.clinical.drug_exposure import DrugExposure
from lakehouse.silver.clinical.payer_plan_period import PayerPlanPeriod
from lakehouse.silver.clinical.visit_occurrence import VisitOccurrence
from tests.silver.clinical.fhir import Resource, concept
from tests.support import Rows, ehr_lines, rows_of

Given = dict[str, Any]
ACT_CODE, CLASS = (
    "http://terminology.hl7.org/CodeSystem/v3-ActCode",
    "http://terminology.hl7.org/CodeSystem/coverage-class",
)


def usd(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def stay(line: int, **amounts: str) -> Given:
    return {"claim_id": 10, "claim_type": "institutional", "source_file": "inpatient", "is_first_line": line == 1,
            "service_category": "inpatient", "provider_number": "H", "drg_code": "470",
            "line_id": line, **common(), **money(amounts)}  # fmt: skip


def visit(line: int, **amounts: str) -> Given:
    return {"claim_id": 20, "claim_type": "professional", "source_file": "carrier", "is_first_line": line != 12,
            "service_category": "office-based", "rendering_npi": "9000000029",
            "line_id": line, **common(), **money(amounts)}  # fmt: skip


def common() -> Given:
    return {"person_id": 1, "claim_start_date": date(2024, 2, 10), "claim_end_date": date(2024, 2, 10)}


def money(amounts: dict[str, str]) -> Given:
    return {f"{name}_amount": Decimal(amount) for name, amount in amounts.items()}


CLAIMS = [
    stay(1, claim_charge="9000.00", claim_allowed="5632.40", claim_paid="4000.40", claim_primary_payer="0.00",
         claim_deductible="1632.00", claim_coinsurance="0.00", line_charge="9000.00"),
    stay(2, claim_charge="9000.00", claim_allowed="5632.40", claim_paid="4000.40", claim_primary_payer="0.00",
         claim_deductible="1632.00", claim_coinsurance="0.00", line_charge="5.00"),
    visit(11, line_charge="200.00", line_allowed="100.10", line_paid="80.08", line_coinsurance="20.02",
          line_deductible="0.00", line_primary_payer="0.00", claim_paid="130.08"),
    visit(12, line_charge="90.00", line_allowed="70.00", line_paid="50.00", line_coinsurance="12.50",
          line_deductible="7.50", claim_paid="130.08"),
    {**visit(13, line_charge="70.00", line_allowed="50.00", line_paid="40.00", line_coinsurance="10.00"),
     "claim_id": 30, "source_file": "dme", "hcpcs_code": "E0601", "referring_npi": "9000000011"},
    {**visit(14, line_charge="70.00"), "claim_id": 40},
]  # fmt: skip
DRUGS = [
    {"person_id": 1, "claim_id": 50, "line_id": 21, "dispensing_date": date(2024, 5, 1), "unparsed": [],
     **money({"allowed": "60.00", "paid": "40.00", "patient": "15.00", "other_payer": "5.00"})},
]  # fmt: skip


def month(number: int, **parts: bool | str) -> Given:
    in_none = {"part_a": False, "part_b": False, "part_c": False, "part_d": False, "dual_status": "none"}
    return {"person_id": 1, "month": date(2024, number, 1), **in_none, **parts}


MONTHS = [
    month(1, part_a=True, part_b=True),
    month(2, part_a=True, part_b=True, dual_status="full"),
    month(3, part_a=True),
    month(5, part_a=True, part_d=True, part_c=True),
]


def coverage(
    name: str,
    start: str | None,
    end: str | None,
    payer: str | None,
    kind: str = "PUBLICPOL",
    display: str | None = None,
) -> Resource:
    return {"resourceType": "Coverage", "id": name, "status": "active", "type": concept((ACT_CODE, kind)),
            "beneficiary": {"reference": "Patient/p1"}, "period": {"start": start, "end": end},
            "payor": [{"reference": payer, "display": display}], "subscriberId": "M1",
            "class": [{"type": concept((CLASS, "plan")), "value": "fee_for_service"}]}  # fmt: skip


RESOURCES = [
    {"resourceType": "Organization", "id": "medicare", "name": "Medicare"},
    coverage("over", "2023-01-01", "2023-12-31", "Organization/medicare"),
    coverage("goes on", "2024-01-01", None, "Organization/gone", kind="EHCPOL"),
    coverage("pays himself", "2024-01-01", None, "Patient/p", display="Jane Doe"),
    coverage("names his payer", "2024-01-01", None, None, display="Acme Health"),
    coverage("undated", None, None, "Organization/medicare"),
    coverage("backwards", "2024-01-02", "2024-01-01", "Organization/medicare"),
]


@pytest.fixture(scope="module")
def given(spark: SparkSession, sample: Rows) -> Rows:
    return sample.given({
        EhrLine: ehr_lines(spark, *RESOURCES),
        MedicalClaim: rows_of(spark, MedicalClaim, *CLAIMS),
        PharmacyClaim: rows_of(spark, PharmacyClaim, *DRUGS),
        Eligibility: rows_of(spark, Eligibility, *MONTHS),
    })  # fmt: skip


@pytest.fixture(scope="module")
def costs(given: Rows) -> dict[int, Row]:
    return {row.line_id: row for row in given[Cost].collect()}


@pytest.mark.parametrize(
    ("line", "charge", "payer", "coinsurance", "deductible", "patient", "primary", "paid", "allowed"),
    [
        (1, "9000.00", "4000.40", "0.00", "1632.00", "1632.00", "0.00", "5632.40", "5632.40"),
        (11, "200.00", "80.08", "20.02", "0.00", "20.02", "0.00", "100.10", "100.10"),
        (12, "90.00", "50.00", "12.50", "7.50", "20.00", None, "70.00", "70.00"),
        (13, "70.00", "40.00", "10.00", None, "10.00", None, "50.00", "50.00"),
        (14, "70.00", None, None, None, None, None, "0.00", None),
        (21, None, "40.00", None, None, "15.00", "5.00", "60.00", "60.00"),
    ],
)
def test_amounts(costs: dict[int, Row], line: int, charge: str | None, payer: str | None, coinsurance: str | None,
                 deductible: str | None, patient: str | None, primary: str | None, paid: str,
                 allowed: str | None) -> None:  # fmt: skip
    row = costs[line]
    assert (row.total_charge, row.paid_by_payer, row.amount_allowed) == (usd(charge), usd(payer), usd(allowed))
    assert (row.paid_patient_coinsurance, row.paid_patient_deductible) == (usd(coinsurance), usd(deductible))
    assert (row.paid_by_patient, row.paid_by_primary, row.total_paid) == (usd(patient), usd(primary), usd(paid))


def test_a_stay_is_one_row_and_a_visit_one_row_a_line(given: Rows, costs: dict[int, Row]) -> None:
    assert set(costs) == {1, 11, 12, 13, 14, 21}
    assert {line: row.cost_domain_id for line, row in costs.items()} == {
        **dict.fromkeys((1, 11, 12, 14), "Visit"), 13: "Device", 21: "Drug"
    }  # fmt: skip
    events = {line: row.cost_event_id for line, row in costs.items()}
    assert events[11] == events[12] == events[14] != events[1]
    assert {events[1], events[11]} <= {row.visit_occurrence_id for row in given[VisitOccurrence].collect()}
    assert [events[21]] == [row.drug_exposure_id for row in given[DrugExposure].collect()]
    assert (costs[1].drg_source_value, costs[11].drg_source_value, costs[11].drg_concept_id) == ("470", None, None)
    assert costs[1].drg_concept_id is not None


def test_a_device_has_its_cost(given: Rows, costs: dict[int, Row]) -> None:
    (device,) = given[DeviceExposure].collect()
    assert (costs[13].cost_domain_id, costs[13].cost_event_id) == ("Device", device.device_exposure_id)
    assert (device.device_source_value, device.device_exposure_start_date) == ("E0601", date(2024, 2, 10))
    assert device.provider_id is not None


def test_the_plan_that_paid(given: Rows, costs: dict[int, Row]) -> None:
    plans = {row.payer_plan_period_id: row.plan_source_value for row in given[PayerPlanPeriod].collect()}
    paid = {line: plans.get(row.payer_plan_period_id) for line, row in costs.items()}
    assert paid == {1: "Part A", 11: "Part B", 12: "Part B", 13: "Part B", 14: "Part B", 21: "Part D"}


def test_only_a_line_without_payment_goes_to_quarantine(given: Rows) -> None:
    refused = {row.line_id: row[REASONS] for row in flag(Cost, given[Cost]).collect() if row[REASONS]}
    assert refused == {14: ["says what was paid"]}


def test_months_that_follow_each_other_are_one_period(given: Rows) -> None:
    spans = {
        (r.payer_source_value, r.plan_source_value, r.payer_plan_period_start_date, r.payer_plan_period_end_date)
        for r in given[PayerPlanPeriod].filter("payer_plan_period_source = 'enrolment'").collect()
    }
    assert spans == {
        ("Medicare", "Part A", date(2024, 1, 1), date(2024, 3, 31)),
        ("Medicare", "Part A", date(2024, 5, 1), date(2024, 5, 31)),
        ("Medicare", "Part B", date(2024, 1, 1), date(2024, 2, 29)),
        ("Medicare", "Part C", date(2024, 5, 1), date(2024, 5, 31)),
        ("Medicare", "Part D", date(2024, 5, 1), date(2024, 5, 31)),
        ("Medicaid", "full benefits", date(2024, 2, 1), date(2024, 2, 29)),
    }


def test_coverages(given: Rows) -> None:
    rows = flag(PayerPlanPeriod, given[PayerPlanPeriod].filter("payer_plan_period_source = 'coverage'")).collect()
    by_name = {RESOURCES[row.line_id - 1]["id"]: row for row in rows}
    over, going_on = by_name["over"], by_name["goes on"]
    assert (over.payer_concept_id, over.payer_source_value, over.plan_source_value) == (
        280,
        "Medicare",
        "fee_for_service",
    )
    assert (over.payer_plan_period_start_date, over.payer_plan_period_end_date) == (
        date(2023, 1, 1),
        date(2023, 12, 31),
    )
    assert (going_on.payer_concept_id, going_on.payer_source_value) == (327, None)
    assert by_name["pays himself"].payer_source_value is None
    assert by_name["names his payer"].payer_source_value == "Acme Health"
    assert going_on.payer_plan_period_end_date == date(2026, 1, 1)
    assert {name: row[REASONS] for name, row in by_name.items() if row[REASONS]} == {
        "undated": ["start date is known"],
        "backwards": ["ends no earlier than it starts"],
    }
    assert {row.delivery for row in rows} == {"2026-01-01"}


def test_the_sample_s_costs_are_those_of_its_claims_to_the_cent(sample: Rows) -> None:
    medical, pharmacy = sample[MedicalClaim], sample[PharmacyClaim]
    institutional = medical.filter("claim_type = 'institutional' and is_first_line")
    expected = {
        "institutional": institutional.agg(F.sum("claim_paid_amount")).collect()[0][0],
        "professional": medical.filter("claim_type = 'professional' and is_first_line")
        .agg(F.sum("claim_paid_amount")).collect()[0][0],
        "drugs": pharmacy.agg(F.sum("paid_amount")).collect()[0][0],
    }  # fmt: skip
    kind = F.when(F.col("cost_type_concept_id") == 32869, "drugs").otherwise(
        F.when(F.col("cost_type_concept_id") == 32872, "professional").otherwise("institutional")
    )
    found = sample[Cost].groupBy(kind.alias("kind")).agg(F.sum("paid_by_payer").alias("paid")).collect()
    assert {row.kind: row.paid for row in found} == expected
