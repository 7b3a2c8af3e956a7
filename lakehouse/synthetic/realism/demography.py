"""Who the people are: shares of ages, sexes and races on the first day, and who pays for their care."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.synthetic.realism.persons import Population, by_segment, figures, union


def measures(population: Population) -> DataFrame:
    """Percent of persons on the first day by segment; percent privately, publicly and not insured in mid-window."""
    ones = population.alive_on(population.world.begin).withColumn("persons", F.lit(1))
    counted = by_segment(ones, ["persons"])
    total = counted.where("segment = 'all'").select(F.col("persons").alias("total"))
    shares = figures(counted.crossJoin(total), "share_of_population", 100 * F.col("persons") / F.col("total"), "total")
    return union(shares, _insurance(population))


def _insurance(population: Population) -> DataFrame:
    """Percent of persons with each kind of insurance in the middle of the window."""
    kinds = ("private", "public", "uninsured")
    year = population.years.where(F.col("year") == population.day.year)
    flags = [(F.col("payer") == kind).cast("int").alias(kind) for kind in kinds]
    flagged = year.select("age", "sex", "race", F.lit(None).cast("string").alias("payer"), F.lit(1).alias("of"), *flags)
    wide = by_segment(flagged, [*kinds, "of"])
    long = wide.select("segment", "of", F.explode(F.create_map(*_pairs(kinds))).alias("kind", "has"))
    return figures(long, F.concat(F.lit("insured_"), "kind"), 100 * F.col("has") / F.col("of"), "of")


def _pairs(names: tuple[str, ...]) -> list[Column]:
    return [part for name in names for part in (F.lit(name), F.col(name))]
