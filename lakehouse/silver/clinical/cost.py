"""What care costs, and who pays for it."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.contract import Column, Table, expect, expect_or_drop, expect_or_fail
from lakehouse.keys import row_id
from lakehouse.silver.claims.amounts import total
from lakehouse.silver.claims.encounter_of_claim import EncounterOfClaim
from lakehouse.silver.claims.medical_claim import MedicalClaim
from lakehouse.silver.claims.pharmacy_claim import PharmacyClaim
from lakehouse.silver.clinical.billed import DISPENSED, LINE, visits_of_claims
from lakehouse.silver.clinical.coded_event import CodedEvent
from lakehouse.silver.clinical.concepts import (
    FACILITY_CLAIM_HEADER,
    INPATIENT_CLAIM_HEADER,
    PHARMACY_CLAIM,
    PROFESSIONAL_CLAIM_DETAIL,
    US_DOLLAR,
)
from lakehouse.silver.clinical.payer_plan_period import PayerPlanPeriod
from lakehouse.silver.clinical.visit_occurrence import VisitOccurrence
from lakehouse.silver.vocabulary.source_to_concept import SourceToConcept

_AMOUNT = "decimal(12,2)"


class Cost(Table):
    """Costs of claims, in the view of the payer (OMOP CDM 5.4 COST; amounts are decimals, so that they add up).

    Institutions are paid for the whole claim, and have one row a claim. Practitioners and suppliers are paid line by
    line, and have one row a line. `cost_event_id` is the id of a row in the table of `cost_domain_id`: for the claim of
    an institution its visit (silver.visit_occurrence), for a line or a dispensed drug the procedure, drug, device and
    so on that it is for (silver.coded_event), and for a line that names no service its visit. What care costs those who
    give it is not told.

    `total_paid` is OMOP's sum of what payer, patient and the payer before paid. A drug plan does not tell what of the
    patient's payment is copayment, coinsurance or deductible, and what other insurance and help paid for a drug is in
    `paid_by_primary`.
    """

    layer = "silver"
    grain = "one row per claim of an institution, line of another claim, and dispensed drug"
    key = ("cost_id",)
    scope = "person_id"

    cost_id = Column("bigint", "id of the row", required=True)
    person_id = Column("bigint", "for whose care it is", required=True)
    cost_event_id = Column("bigint", "id of the visit, procedure, drug, ... that it is for", required=True)
    cost_domain_id = Column("string", "Visit, Procedure, Drug, Device, Measurement, ...", required=True)
    cost_type_concept_id = Column(
        "int", "header of an inpatient or other facility claim, professional or pharmacy claim"
    )
    currency_concept_id = Column("int", "United States dollar", required=True)
    total_charge = Column(_AMOUNT, "what was charged; not told for drugs", "USD")
    total_paid = Column(_AMOUNT, "what payer, patient and the payer before paid together", "USD", required=True)
    paid_by_payer = Column(_AMOUNT, "what Medicare or the drug plan paid", "USD")
    paid_by_patient = Column(_AMOUNT, "what the patient owes", "USD")
    paid_patient_copay = Column(_AMOUNT, "fixed contribution of the patient: none is told", "USD")
    paid_patient_coinsurance = Column(_AMOUNT, "coinsurance of the patient", "USD")
    paid_patient_deductible = Column(_AMOUNT, "deductible of the patient", "USD")
    paid_by_primary = Column(_AMOUNT, "what a payer before this one, or other insurance and help, paid", "USD")
    amount_allowed = Column(_AMOUNT, "what the payer allows; for drugs the total cost", "USD")
    payer_plan_period_id = Column("bigint", "the enrolment that paid; null where there was none on that day")
    drg_concept_id = Column("int", "standard concept of the DRG; 0 where it has none, null where there is no DRG")
    drg_source_value = Column("string", "MS-DRG, three digits")
    line_id = Column("bigint", "the landed line that the amounts are from", required=True)
    delivery = Column("string", "dated directory of the landing zone that the line came in", required=True)

    expectations = (
        expect_or_fail(
            "what was paid adds up",
            f"total_paid = {total('paid_by_payer', 'paid_by_patient', 'paid_by_primary')}",
        ),
        expect_or_fail(
            "what the patient owes adds up",
            f"paid_by_patient = {total('paid_patient_coinsurance', 'paid_patient_deductible')} "
            f"or cost_type_concept_id = {PHARMACY_CLAIM}",
        ),
        expect_or_drop("says what was paid", "paid_by_payer is not null or paid_by_patient is not null"),
        expect("what is allowed is paid by somebody", "amount_allowed = total_paid"),
        expect("no more is allowed than was charged", "amount_allowed <= total_charge"),
        expect("somebody was enrolled", "payer_plan_period_id is not null"),
    )

    @staticmethod
    def build(
        medical: MedicalClaim,
        pharmacy: PharmacyClaim,
        events: CodedEvent,
        encounters_of_claims: EncounterOfClaim,
        visits: VisitOccurrence,
        periods: PayerPlanPeriod,
        codes: SourceToConcept,
    ) -> DataFrame:
        """Bring the amounts of the claims into one shape, and find what they are for and the plan that paid."""
        spent = _of_institutions(medical).unionByName(_of_lines(medical)).unionByName(_of_drugs(pharmacy))
        drgs = codes.filter("source_vocabulary_id = 'DRG'").selectExpr(
            "source_code as drg_source_value", "target_concept_id"
        )
        paid = total("paid_by_payer", "paid_by_patient", "paid_by_primary")
        return (
            _with_event(_with_period(spent, periods), events, visits_of_claims(encounters_of_claims, visits))
            .join(F.broadcast(drgs), "drg_source_value", "left")
            .withColumns({
                "cost_id": row_id("cost", "line_id"),
                "currency_concept_id": F.lit(US_DOLLAR),
                "total_paid": F.expr(f"cast({paid} as {_AMOUNT})"),
                "paid_patient_copay": F.lit(None).cast(_AMOUNT),
                "drg_concept_id": F.when(
                    F.col("drg_source_value").isNotNull(), F.coalesce("target_concept_id", F.lit(0))
                ),
            })
            .select(*Cost.declared)
        )  # fmt: skip


_SHARED = ("person_id", "claim_id", "line_id", "delivery", "claim_start_date as day")


def _owed(coinsurance: str, deductible: str) -> str:
    """SQL: what the patient owes; null where neither is told."""
    told = f"coalesce({coinsurance}, {deductible}) is not null"
    return f"cast(if({told}, {total(coinsurance, deductible)}, null) as {_AMOUNT}) as paid_by_patient"


def _of_institutions(medical: DataFrame) -> DataFrame:
    return medical.filter("claim_type = 'institutional' and is_first_line").selectExpr(
        *_SHARED,
        "cast(null as bigint) as line_of_event",
        f"if(source_file in ('inpatient', 'snf'), {INPATIENT_CLAIM_HEADER}, {FACILITY_CLAIM_HEADER}) "
        "as cost_type_concept_id",
        "if(source_file = 'outpatient', 'Part B', 'Part A') as plan",
        "claim_charge_amount as total_charge",
        "claim_paid_amount as paid_by_payer",
        _owed("claim_coinsurance_amount", "claim_deductible_amount"),
        "claim_coinsurance_amount as paid_patient_coinsurance",
        "claim_deductible_amount as paid_patient_deductible",
        "claim_primary_payer_amount as paid_by_primary",
        "claim_allowed_amount as amount_allowed",
        "drg_code as drg_source_value",
    )


def _of_lines(medical: DataFrame) -> DataFrame:
    return medical.filter("claim_type = 'professional'").selectExpr(
        *_SHARED,
        "line_id as line_of_event",
        f"{PROFESSIONAL_CLAIM_DETAIL} as cost_type_concept_id",
        "'Part B' as plan",
        "line_charge_amount as total_charge",
        "line_paid_amount as paid_by_payer",
        _owed("line_coinsurance_amount", "line_deductible_amount"),
        "line_coinsurance_amount as paid_patient_coinsurance",
        "line_deductible_amount as paid_patient_deductible",
        "line_primary_payer_amount as paid_by_primary",
        "line_allowed_amount as amount_allowed",
        "cast(null as string) as drg_source_value",
    )


def _of_drugs(pharmacy: DataFrame) -> DataFrame:
    return pharmacy.selectExpr(
        "person_id",
        "claim_id",
        "line_id",
        "delivery",
        "dispensing_date as day",
        "line_id as line_of_event",
        f"{PHARMACY_CLAIM} as cost_type_concept_id",
        "'Part D' as plan",
        f"cast(null as {_AMOUNT}) as total_charge",
        f"cast(paid_amount as {_AMOUNT}) as paid_by_payer",
        "patient_amount as paid_by_patient",
        f"cast(null as {_AMOUNT}) as paid_patient_coinsurance",
        f"cast(null as {_AMOUNT}) as paid_patient_deductible",
        f"cast(other_payer_amount as {_AMOUNT}) as paid_by_primary",
        "allowed_amount as amount_allowed",
        "cast(null as string) as drg_source_value",
    )


def _with_event(spent: DataFrame, events: DataFrame, visits: DataFrame) -> DataFrame:
    """Add what a line or a dispensed drug is for, else the visit that the claim is for."""
    of_lines = events.filter(F.col("kind").isin(LINE, DISPENSED)).selectExpr(
        "line_id as line_of_event", "coded_event_id", "domain_id"
    )
    known = spent.join(of_lines, "line_of_event", "left").join(visits, ["person_id", "claim_id"], "left")
    return known.withColumns({
        "cost_event_id": F.coalesce("coded_event_id", "visit_occurrence_id"),
        "cost_domain_id": F.coalesce("domain_id", F.lit("Visit")),
    })  # fmt: skip


def _with_period(spent: DataFrame, periods: DataFrame) -> DataFrame:
    """Add the enrolment in the part of Medicare that paid, on that day: spans of one plan do not overlap."""
    enrolments = periods.filter("payer_plan_period_source = 'enrolment'").selectExpr(
        "person_id as member",
        "plan_source_value as part",
        "payer_plan_period_start_date as first_day",
        "payer_plan_period_end_date as last_day",
        "payer_plan_period_id",
    )
    paid_then = F.expr("person_id = member and plan = part and day between first_day and last_day")
    return spent.join(enrolments, paid_then, "left")
