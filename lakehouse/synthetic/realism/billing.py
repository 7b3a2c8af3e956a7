"""How claims are made and decided: lines, denials, corrections, and how long they take."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.synthetic.frames import CLAIM, CLAIM_LINE
from lakehouse.synthetic.realism.persons import Population, figures, union


def measures(population: Population) -> DataFrame:
    """Shares and means over claims: by payer for what a payer decides, by kind of file for what a provider writes."""
    claims = population.frames[CLAIM]
    first = claims.where("version = 1").withColumn("lag", F.datediff("processed_date", "end_date"))
    by_payer = first.withColumn("segment", F.explode(F.array("payer", F.lit("all")))).groupBy("segment")
    denied = by_payer.agg(_percent(F.col("denial").isNotNull()), _count())
    versions = claims.withColumn("segment", F.lit("all")).groupBy("segment")
    changed = [
        figures(versions.agg(_percent(F.col("action") == action), _count()), f"{action}_percent", F.col("value"), "n")
        for action in ("adjustment", "void")
    ]
    told = figures(denied, "first_denied_percent", F.col("value"), "n")
    return union(told, *changed, _lines(population), _lags(first))


def _count() -> Column:
    return F.count("*").alias("n")


def _percent(condition: Column) -> Column:
    return (100 * F.avg(condition.cast("int"))).alias("value")


def _lines(population: Population) -> DataFrame:
    """Lines of a claim by kind of file."""
    kinds = population.frames[CLAIM].where("version = 1").select(F.col("id").alias("claim"), "rif")
    lines = population.frames[CLAIM_LINE].groupBy("claim").agg(F.count("*").alias("lines")).join(kinds, "claim")
    mean = lines.groupBy(F.col("rif").alias("segment")).agg(F.avg("lines").alias("value"), _count())
    return figures(mean, "lines_per_claim", F.col("value"), "n")


def _lags(first: DataFrame) -> DataFrame:
    """Percent of claims decided within 30 and 90 days of the service, by kind of file."""
    grouped = first.groupBy(F.col("rif").alias("segment"))
    shares = {days: grouped.agg(_percent(F.col("lag") <= days), _count()) for days in (30, 90)}
    return union(
        *(figures(share, f"decided_within_{days}_days_percent", F.col("value"), "n") for days, share in shares.items())
    )
