"""How good the tables of OMOP are."""

from __future__ import annotations

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.contract import Column, Table, expect, expect_or_fail
from lakehouse.silver.clinical.care_site import CareSite
from lakehouse.silver.clinical.cdm_source import CdmSource
from lakehouse.silver.clinical.location import Location
from lakehouse.silver.clinical.provider import Provider
from lakehouse.silver.quality.cdm import FIELDS
from lakehouse.silver.quality.checks import CATEGORY_OF, EVERY_DELIVERY, checks_of
from lakehouse.silver.quality.counts import COUNTED, count_rows, in_each_and_all, with_deliveries
from lakehouse.silver.quality.quality_check_count import QualityCheckCount
from lakehouse.silver.quality.quality_reference_count import QualityReferenceCount
from lakehouse.silver.quality.references import check_references, count_references
from lakehouse.silver.vocabulary.concept import Concept
from lakehouse.silver.vocabulary.domain import Domain


class QualityCheckResult(Table):
    """The checks of OHDSI's Data Quality Dashboard (version 2.8) on the tables of OMOP CDM 5.4, by delivery.

    What is checked of which field: lakehouse.silver.quality.cdm; how: lakehouse.silver.quality.counts. Counted are the
    rows that a table has now, in the delivery that the line came in which they were made from: what was replaced or
    refused is in no delivery. `all` has the whole table, also rows that were made from no single line; there each check
    of a table that has rows is told, even where it speaks of none of them. Like the dashboard by default, it leaves out
    the tables of the vocabulary. The key of a table is unique by its contract.
    Units and ranges of measurements are those of silver.lab_vital.

    Otherwise than the dashboard, a check looks at the rows that it can speak of alone (those that have the value, and
    a person or a visit that is known), so that a share is not small because a field is rare; distinct source values
    leave out null; who was born in an unknown month is compared with 1 January; a unit that nobody knows is a matter
    of completeness and not of plausibility; a visit must be the same person's. Tomorrow is the day after the last
    delivery, for the year of birth the day after that of the row; the days of cdm_source, which are that of the last
    delivery, are not compared with it.
    """

    layer = "silver"
    grain = "one row per check of a field, and of a concept and unit where it is of one, in each delivery and in all"
    key = ("cdm_table", "cdm_field", "check_name", "concept_id", "unit_concept_id", "delivery")

    cdm_table = Column("string", "table of the CDM", required=True)
    cdm_field = Column("string", "field of the table; person_id where persons are counted", required=True)
    check_name = Column("string", "name of the check in the dashboard", required=True)
    category = Column("string", "conformance, completeness or plausibility (Kahn 2016)", required=True)
    concept_id = Column("int", "the concept whose rows are checked; 0 for all", required=True)
    unit_concept_id = Column("int", "the unit of the values that are checked; 0 for any", required=True)
    delivery = Column("string", "dated directory of the landing zone; all for the whole table", required=True)
    rows_looked_at = Column("bigint", "rows, values or persons that the check speaks of", required=True)
    rows_failing = Column("bigint", "those of them that fail", required=True)
    percent_failing = Column("double", "failing in a hundred looked at; null where there are none")
    threshold = Column("int", "percentage that may fail by default in the dashboard", required=True)
    passed = Column("boolean", "whether no more than that fail; null where there was nothing to look at")

    expectations = (
        expect_or_fail("no more fail than were looked at", "rows_failing between 0 and rows_looked_at"),
        expect("passes", "passed or delivery != 'all'"),
    )

    @staticmethod
    def build(
        counts: QualityCheckCount,
        references: QualityReferenceCount,
        location: Location,
        care_site: CareSite,
        provider: Provider,
        cdm_source: CdmSource,
        concept: Concept,
        domain: Domain,
    ) -> DataFrame:
        """Add the tables that are no records of persons, look references up, and judge."""
        tables = {
            "location": location, "care_site": care_site, "provider": provider, "cdm_source": cdm_source,
            "concept": concept, "domain": domain,
        }  # fmt: skip
        others = with_deliveries(tables)
        named = references.selectExpr(
            "cdm_table", "cdm_field as field", "referred_table as target", "nullif(referred_id, '') as key",
            "nullif(source_value, '') as source_value", "delivery", "rows_referring as times",
        )  # fmt: skip
        tomorrow = F.broadcast(cdm_source.selectExpr("max(source_release_date) + 1 as tomorrow"))
        counted = counts.crossJoin(tomorrow).selectExpr(
            "cdm_table", "delivery", "cdm_field as field", "check_name as check", "concept_id", "unit_concept_id",
            "if(late_day != '' and tomorrow is null, 0, rows_looked_at) as rows",
            "if(late_day = '' or cast(nullif(late_day, '') as date) > tomorrow, rows_failing, 0) as failing",
        )  # fmt: skip
        found = in_each_and_all(counted.unionByName(count_rows(others).drop("day")))
        return _judged(found.unionByName(check_references(named.unionByName(count_references(others)), tables)))


def _judged(found: DataFrame) -> DataFrame:
    """What was counted of the checks that are asked of a table which has rows, and whether no more fail than may."""
    asked = F.broadcast(_asked(found.sparkSession))
    has_rows = found.filter("check = 'cdmField'").select("cdm_table").distinct()
    nothing = asked.filter("not by_concept").join(has_rows, "cdm_table", "left_semi").select(
        "cdm_table", "field", "check", F.lit(0).alias("concept_id"), F.lit(0).alias("unit_concept_id"),
        F.lit(EVERY_DELIVERY).alias("delivery"), F.lit(0).alias("rows"), F.lit(0).alias("failing"),
    )  # fmt: skip
    percent = F.when(F.col("rows_looked_at") > 0, 100 * F.col("rows_failing") / F.col("rows_looked_at"))
    return (
        found.unionByName(nothing)
        .groupBy(*COUNTED)
        .agg(F.sum("rows").alias("rows_looked_at"), F.sum("failing").alias("rows_failing"))
        .join(asked, ["cdm_table", "field", "check"])
        .withColumn("percent_failing", percent)
        .withColumn("passed", F.col("percent_failing") <= F.col("threshold"))
        .withColumnsRenamed({"field": "cdm_field", "check": "check_name"})
        .select(*QualityCheckResult.declared)
    )


def _asked(spark: SparkSession) -> DataFrame:
    """The checks of all tables, by the types of the columns that these declare."""
    tables = {**QualityCheckCount.inputs(), **QualityCheckResult.inputs()}
    checks = [
        (name, check.field, check.name, CATEGORY_OF[check.name], check.threshold, check.by_concept)
        for name, table in tables.items()
        if name in FIELDS
        for check in checks_of(name, {column: declared.type for column, declared in table.declared.items()})
    ]
    columns = "cdm_table string, field string, check string, category string, threshold int, by_concept boolean"
    return spark.createDataFrame(checks, columns)
