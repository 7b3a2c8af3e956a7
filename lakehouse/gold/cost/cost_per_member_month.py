"""What a month of enrolment costs."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.contract import Column, Table, expect
from lakehouse.silver.claims.eligibility import Eligibility
from lakehouse.silver.claims.medical_claim import MedicalClaim
from lakehouse.silver.claims.pharmacy_claim import PharmacyClaim

SERVICE_CATEGORIES = (
    "inpatient",
    "outpatient",
    "emergency department",
    "office-based",
    "other professional",
    "skilled nursing",
    "home health",
    "hospice",
    "durable medical equipment",
    "pharmacy",
)

AMOUNT = "decimal(18,2)"


class CostPerMemberMonth(Table):
    """Cost per member per month (PMPM) by service category, as in the Tuva data model's financial PMPM.

    A claim counts in the month of its first day, with the amounts of its header. Members of a month are the persons
    with Part A or Part B in it; they are the denominator of every category, pharmacy too. A claim of somebody who
    was not enrolled in its month is in no amount, but counted in `claims_not_enrolled` and `paid_not_enrolled`.
    A category without claims has a row of zeros in each month that has members.
    """

    layer = "gold"
    grain = "one row per calendar month and service category"
    key = ("month", "service_category")

    month = Column("date", "first day of the month", required=True)
    service_category = Column("string", "kind of service", required=True)
    member_months = Column("bigint", "persons enrolled in the month", "persons", required=True)
    claims = Column("bigint", "claims of enrolled persons", "claims", required=True)
    charge_amount = Column(AMOUNT, "charged for them; for drugs the total cost", "USD", required=True)
    allowed_amount = Column(AMOUNT, "allowed for them", "USD", required=True)
    paid_amount = Column(AMOUNT, "paid for them by Medicare or the drug plan", "USD", required=True)
    paid_per_member_month = Column(AMOUNT, "paid amount by member months; null without members", "USD")
    allowed_per_member_month = Column(AMOUNT, "allowed amount by member months; null without members", "USD")
    claims_not_enrolled = Column("bigint", "claims of persons not enrolled in the month", "claims", required=True)
    paid_not_enrolled = Column(AMOUNT, "paid for the claims of persons not enrolled", "USD", required=True)

    expectations = (expect("claims are of enrolled persons", "claims_not_enrolled = 0"),)

    @staticmethod
    def build(medical: MedicalClaim, pharmacy: PharmacyClaim, eligibility: Eligibility) -> DataFrame:
        """Add up claims by month and category, and set them beside the members of the month."""
        enrolled = eligibility.select("person_id", "month", F.lit(True).alias("enrolled"))
        spent = (
            _medical(medical)
            .unionByName(_pharmacy(pharmacy))
            .withColumn("month", F.trunc("start_date", "month"))
            .join(enrolled, ["person_id", "month"], "left")
            .groupBy("month", "service_category")
            .agg(
                F.count_if("enrolled").alias("claims"),
                *(F.expr(f"sum({name}) filter (where enrolled)").alias(name) for name in _AMOUNTS),
                F.expr("count_if(enrolled is null)").alias("claims_not_enrolled"),
                F.expr("sum(paid_amount) filter (where enrolled is null)").alias("paid_not_enrolled"),
            )
        )
        members = eligibility.groupBy("month").agg(F.count("*").alias("member_months"))
        categories = F.explode(F.array(*map(F.lit, SERVICE_CATEGORIES)))
        months = members.select("month", "member_months", categories.alias("service_category"))
        whole = months.join(spent, ["month", "service_category"], "full")
        return whole.selectExpr(
            "month",
            "service_category",
            *(f"coalesce({name}, 0) as {name}" for name in ("member_months", "claims", "claims_not_enrolled")),
            *(f"cast(coalesce({name}, 0) as {AMOUNT}) as {name}" for name in (*_AMOUNTS, "paid_not_enrolled")),
            *(
                f"cast(coalesce({kind}_amount, 0) / member_months as {AMOUNT}) as {kind}_per_member_month"
                for kind in ("paid", "allowed")
            ),
        )


_AMOUNTS = ("charge_amount", "allowed_amount", "paid_amount")


def _medical(lines: DataFrame) -> DataFrame:
    """One row per claim, by any of its lines: its header's fields are the same on all of them."""
    return lines.groupBy("person_id", "claim_id").agg(
        F.max("service_category").alias("service_category"),
        F.min("claim_start_date").alias("start_date"),
        *(F.max(f"claim_{name}").alias(name) for name in _AMOUNTS),
    )


def _pharmacy(events: DataFrame) -> DataFrame:
    return events.select(
        "person_id",
        "claim_id",
        F.lit("pharmacy").alias("service_category"),
        F.col("dispensing_date").alias("start_date"),
        F.col("allowed_amount").alias("charge_amount"),
        "allowed_amount",
        "paid_amount",
    )
