"""Who pays for the care of persons, and when."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.bronze.ehr.coverage import Coverage
from lakehouse.bronze.ehr.datatypes import date_of, name_in
from lakehouse.bronze.ehr.organization import Organization
from lakehouse.contract import Column, Table, expect, expect_or_drop
from lakehouse.keys import row_id
from lakehouse.silver.claims.eligibility import Eligibility
from lakehouse.silver.clinical.concepts import MEDICAID, MEDICARE, PAYER_OF_ACT_CODE, PAYER_OF_NAME, concept_of
from lakehouse.silver.clinical.deidentified import of_persons
from lakehouse.silver.clinical.eras import in_eras
from lakehouse.silver.identity.names import by_name
from lakehouse.vault.patient_link import PatientLink


class PayerPlanPeriod(Table):
    """Spans of insurance: months of enrolment in Medicare and Medicaid that follow each other, and the coverages that
    patients showed in the hospital (OMOP CDM 5.4 PAYER_PLAN_PERIOD).

    Parts of Medicare are plans of their own, so periods of a person overlap, and a coverage overlaps the enrolment that
    it is the hospital's view of: `payer_plan_period_source` tells them apart. A coverage that goes on ends on the day
    of the delivery that tells of it. Numbers of the insured, which would tell who he is, stay in bronze.
    """

    layer = "silver"
    grain = "one row per person, plan and span of enrolment, and per coverage"
    key = ("payer_plan_period_id",)
    scope = "person_id"
    accounts_for = (Coverage,)

    payer_plan_period_id = Column("bigint", "id of the row", required=True)
    person_id = Column("bigint", "who is insured", required=True)
    payer_plan_period_start_date = Column("date", "first day", required=True)
    payer_plan_period_end_date = Column("date", "last day that is known of", required=True)
    payer_concept_id = Column("int", "kind of payer; 0 where it is not known", required=True)
    payer_source_value = Column("string", "Medicare, Medicaid, or the name of the payer")
    payer_source_concept_id = Column("int", "0: the sources name payers in words", required=True)
    plan_concept_id = Column("int", "0: the packaged vocabulary has no concepts of plans", required=True)
    plan_source_value = Column("string", "Part A, Part B, Part C, Part D; full or partial benefits; or the plan's name")
    plan_source_concept_id = Column("int", "0: the sources name plans in words", required=True)
    payer_plan_period_source = Column("string", "enrolment or coverage", required=True)
    line_id = Column("bigint", "landed line of the coverage; null for spans of enrolment")
    delivery = Column("string", "dated directory of the landing zone that the line came in; null where there is none")

    expectations = (
        expect_or_drop("start date is known", "payer_plan_period_start_date is not null"),
        expect_or_drop("ends no earlier than it starts", "payer_plan_period_end_date >= payer_plan_period_start_date"),
        expect("payer is known", "payer_concept_id != 0"),
    )

    @staticmethod
    def build(months: Eligibility, coverages: Coverage, organizations: Organization, links: PatientLink) -> DataFrame:
        """Join months that follow each other, and read the coverages that hold."""
        told = _enrolled(months).unionByName(_covered(coverages, organizations, links), allowMissingColumns=True)
        nothing = {f"{name}_concept_id": F.lit(0) for name in ("payer_source", "plan", "plan_source")}
        return told.withColumns(nothing).select(*PayerPlanPeriod.declared)


_PLANS = """array(
    if(part_a, struct('Medicare' as payer, 'Part A' as plan), null),
    if(part_b, struct('Medicare' as payer, 'Part B' as plan), null),
    if(part_c, struct('Medicare' as payer, 'Part C' as plan), null),
    if(part_d, struct('Medicare' as payer, 'Part D' as plan), null),
    if(dual_status != 'none', struct('Medicaid' as payer, dual_status || ' benefits' as plan), null))"""


def _enrolled(months: DataFrame) -> DataFrame:
    in_plans = months.select(
        "person_id", "month", F.last_day("month").alias("last_day"), F.inline(F.array_compact(F.expr(_PLANS)))
    )
    plan = ("person_id", "payer", "plan")
    return in_eras(in_plans, plan, "month", "last_day", persistence=1).select(
        row_id("payer_plan_period", *plan, "era_start").alias("payer_plan_period_id"),
        "person_id",
        F.col("era_start").alias("payer_plan_period_start_date"),
        F.col("era_end").alias("payer_plan_period_end_date"),
        F.when(F.col("payer") == "Medicare", MEDICARE).otherwise(MEDICAID).alias("payer_concept_id"),
        F.col("payer").alias("payer_source_value"),
        F.col("plan").alias("plan_source_value"),
        F.lit("enrolment").alias("payer_plan_period_source"),
    )


def _covered(coverages: DataFrame, organizations: DataFrame, links: DataFrame) -> DataFrame:
    payers = by_name(Organization.current(organizations)).select("named_by", F.col("name").alias("payer"))
    payor = F.get("payor", F.lit(0))
    # Who pays himself is named by his name.
    pays_himself = F.coalesce(payor["reference"], F.lit("")).rlike(r"(^|/)(Patient|RelatedPerson)/")
    plans = F.filter("class_", lambda part: F.exists(part["type"]["coding"], lambda coding: coding["code"] == "plan"))
    plan = F.get(plans, F.lit(0))
    told = Coverage.current(coverages).withColumns({
        "named_by": name_in(payor["reference"], "Organization"),
        "payor_words": F.when(~pays_himself, payor["display"]),
        "plan_words": plan["name"],
    })  # fmt: skip
    name = F.coalesce("payer", "payor_words")
    code = F.get("type.coding", F.lit(0))["code"]
    by_code = concept_of(code, PAYER_OF_ACT_CODE)
    start = date_of(F.col("period.start"))
    return (
        of_persons(told, links, "payor_words", "plan_words")
        .join(F.broadcast(payers), "named_by", "left")
        .select(
            row_id("coverage", "patient_id", "resource_id").alias("payer_plan_period_id"),
            "person_id",
            start.alias("payer_plan_period_start_date"),
            F.coalesce(date_of(F.col("period.end")), F.greatest(start, date_of(F.col("delivery")))).alias(
                "payer_plan_period_end_date"
            ),
            F.when(by_code == 0, concept_of(name, PAYER_OF_NAME)).otherwise(by_code).alias("payer_concept_id"),
            name.alias("payer_source_value"),
            F.coalesce("plan_words", plan["value"]).alias("plan_source_value"),
            F.lit("coverage").alias("payer_plan_period_source"),
            "line_id",
            "delivery",
        )
    )
