"""Who was enrolled in what, month by month."""

from __future__ import annotations

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.contract import Column, Table
from lakehouse.silver.claims.enrollment_year import EnrollmentYear


class Eligibility(Table):
    """Months in which a person had Part A or Part B of Medicare: member months.

    Codes as in ResDAC's dictionary of the Master Beneficiary Summary File: Part A and B by MDCR_ENTLMT_BUYIN, Part C
    (a managed care plan, whose claims the fee-for-service files do not hold) by HMO_IND, Part D by the contract of
    the plan, full Medicaid benefits by dual status 02, 04 and 08, partial by 01, 03, 05 and 06.
    """

    layer = "silver"
    grain = "one row per person and month of enrolment"
    key = ("person_id", "month")
    scope = "person_id"

    person_id = Column("bigint", "who", required=True)
    month = Column("date", "first day of the month", required=True)
    part_a = Column("boolean", "whether in Part A", required=True)
    part_b = Column("boolean", "whether in Part B", required=True)
    part_c = Column("boolean", "whether in a managed care plan", required=True)
    part_d = Column("boolean", "whether in a Part D plan", required=True)
    dual_status_code = Column("string", "dual eligibility; NA not in Medicaid")
    dual_status = Column("string", "full, partial or none", required=True)

    @staticmethod
    def build(years: EnrollmentYear) -> DataFrame:
        """Take the years apart into months."""
        months = years.selectExpr(
            "person_id",
            "year",
            "posexplode(arrays_zip(entitlement_codes, managed_care_codes, drug_plan_contract_ids, dual_status_codes)) "
            "as (position, codes)",
        )
        # A person with two beneficiary numbers has one row a month: enrolled where either number is.
        return (
            months.groupBy("person_id", F.expr("make_date(year, position + 1, 1)").alias("month"))
            .agg(
                _any("codes.entitlement_codes in ('1', '3', 'A', 'C')").alias("part_a"),
                _any("codes.entitlement_codes in ('2', '3', 'B', 'C')").alias("part_b"),
                _any("codes.managed_care_codes in ('1', '2', 'A', 'B', 'C')").alias("part_c"),
                _any("codes.drug_plan_contract_ids rlike '^[A-MO-Z]'").alias("part_d"),
                F.max("codes.dual_status_codes").alias("dual_status_code"),
                _any("codes.dual_status_codes in ('02', '04', '08')").alias("full"),
                _any("codes.dual_status_codes in ('01', '03', '05', '06')").alias("partial"),
            )
            .filter("part_a or part_b")
            .withColumn("dual_status", F.expr("case when full then 'full' when partial then 'partial' else 'none' end"))
            .drop("full", "partial")
        )


def _any(condition: str) -> SparkColumn:
    return F.expr(f"coalesce(bool_or({condition}), false)")
