from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.silver.claims.claim_encounter import ClaimEncounter
from lakehouse.silver.claims.encounter_of_claim import EncounterOfClaim
from lakehouse.silver.claims.medical_claim import MedicalClaim
from tests.support import Rows, rows_of

MARCH = date(2021, 3, 1)


def day(number: int) -> date:
    return MARCH + timedelta(days=number - 1)


def claim(
    claim_id: int, file: str, category: str, first: int, last: int | None = None, **fields: Any
) -> dict[str, Any]:
    """A claim of one line of person 1 in March 2021, by an institution unless a place of service says otherwise."""
    is_professional = "place_of_service_code" in fields
    return {
        "person_id": 1, "claim_id": claim_id, "line_id": claim_id, "is_first_line": True, "unparsed": [],
        "claim_type": "professional" if is_professional else "institutional", "source_file": file,
        "service_category": category, "claim_start_date": day(first), "claim_end_date": day(last or first),
        "provider_number": None if is_professional else "hospital", "claim_paid_amount": Decimal("1.00"),
        "claim_charge_amount": Decimal("3.00"), "claim_allowed_amount": Decimal("2.00"),
    } | fields  # fmt: skip


def inpatient(claim_id: int, first: int, last: int, status: str = "01", **fields: Any) -> dict[str, Any]:
    return claim(claim_id, "inpatient", "inpatient", first, last, discharge_disposition_code=status, **fields)


def practitioner(claim_id: int, first: int, place: str, category: str = "other professional") -> dict[str, Any]:
    return claim(claim_id, "carrier", category, first, place_of_service_code=place, rendering_npi=f"doctor {claim_id}")


def grouped(spark: SparkSession, *claims: dict[str, Any]) -> tuple[set[frozenset[int]], DataFrame]:
    """Which claims are together, and the encounters."""
    lines = rows_of(spark, MedicalClaim, *claims).cache()
    of_claim = EncounterOfClaim.build(lines).cache()  # type: ignore[arg-type]
    together: dict[int, set[int]] = defaultdict(set)
    for row in of_claim.collect():
        together[row.encounter_id].add(row.claim_id)
    return set(map(frozenset, together.values())), ClaimEncounter.build(lines, of_claim)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("first", "second", "one_stay"),
    [
        ((1, 5, "01"), (5, 9, "01"), True),
        ((1, 5, "01"), (6, 9, "01"), False),
        ((1, 5, "30"), (6, 9, "01"), True),
        ((1, 5, "30"), (7, 9, "01"), False),
        ((1, 9, "01"), (3, 5, "01"), True),
    ],
)
def test_a_stay_goes_on_where_the_patient_did_not_leave(
    spark: SparkSession, first: tuple[int, int, str], second: tuple[int, int, str], one_stay: bool
) -> None:
    together, _ = grouped(spark, inpatient(1, *first), inpatient(2, *second))
    assert together == ({frozenset({1, 2})} if one_stay else {frozenset({1}), frozenset({2})})


def test_what_lies_within_a_long_claim_ends_no_stay(spark: SparkSession) -> None:
    together, _ = grouped(spark, inpatient(1, 1, 20), inpatient(2, 3, 5), inpatient(3, 15, 25))
    assert together == {frozenset({1, 2, 3})}


def test_another_institution_is_another_stay(spark: SparkSession) -> None:
    together, _ = grouped(spark, inpatient(1, 1, 5, "02"), inpatient(2, 5, 9, provider_number="other hospital"))
    assert together == {frozenset({1}), frozenset({2})}


def test_practitioners_join_the_institution_in_which_they_worked(spark: SparkSession) -> None:
    together, _ = grouped(
        spark,
        inpatient(1, 10, 14),
        practitioner(2, 12, "21"),  # on the ward
        practitioner(3, 9, "23", "emergency department"),  # from where the patient was admitted
        practitioner(4, 15, "21"),  # the patient had left
        practitioner(5, 12, "11", "office-based"),  # a bill from an office
        claim(6, "outpatient", "emergency department", 20),
        practitioner(7, 20, "23", "emergency department"),
        practitioner(8, 21, "23", "emergency department"),  # on another day
        claim(9, "outpatient", "outpatient", 25),
        practitioner(10, 25, "22"),
        claim(11, "snf", "skilled nursing", 14, 24),
        practitioner(12, 18, "31"),
        practitioner(13, 14, "21"),  # the last day in hospital is the first one of nursing
    )
    assert together == {
        frozenset({1, 2, 3, 13}),
        frozenset({4}),
        frozenset({5}),
        frozenset({6, 7}),
        frozenset({8}),
        frozenset({9, 10}),
        frozenset({11, 12}),
    }


def test_nobody_joins_the_stay_of_another_person(spark: SparkSession) -> None:
    together, _ = grouped(spark, inpatient(1, 10, 14), practitioner(2, 12, "21") | {"person_id": 2})
    assert together == {frozenset({1}), frozenset({2})}


def test_an_encounter_says_what_its_claims_say_together(spark: SparkSession) -> None:
    _, encounters = grouped(
        spark,
        inpatient(1, 1, 5, "30", admission_date=day(1), admit_type_code="1", drg_code="065", diagnosis_codes=["I639"]),
        inpatient(
            2, 6, 9, "06", admission_date=day(1), discharge_date=day(8), drg_code="064", diagnosis_codes=["I631"]
        ),
        practitioner(3, 8, "21") | {"claim_end_date": day(20), "diagnosis_codes": ["I10"]},
    )
    (stay,) = encounters.collect()
    assert (stay.encounter_start_date, stay.encounter_end_date) == (day(1), day(8))
    assert (stay.admit_type_code, stay.discharge_disposition_code, stay.drg_code) == ("1", "06", "064")
    assert (stay.primary_diagnosis_code, stay.provider_number) == ("I631", "hospital")
    assert (stay.institutional_claims, stay.professional_claims) == (2, 1)
    assert (stay.charge_amount, stay.allowed_amount, stay.paid_amount) == (Decimal(9), Decimal(6), Decimal(3))


def test_every_claim_of_the_sample_is_in_one_encounter_and_no_cent_is_lost(sample: Rows) -> None:
    claims = sample[MedicalClaim].filter("is_first_line")
    assert claims.join(sample[EncounterOfClaim], "claim_id").count() == claims.count()
    names = ("charge_amount", "allowed_amount", "paid_amount")
    landed = claims.agg(*(F.sum(f"claim_{name}") for name in names)).collect()
    assert sample[ClaimEncounter].agg(*(F.sum(name) for name in names)).collect() == landed
    kinds = {row.encounter_type for row in sample[ClaimEncounter].select("encounter_type").distinct().collect()}
    assert {"inpatient", "skilled nursing", "outpatient", "hospice", "durable medical equipment"} <= kinds
