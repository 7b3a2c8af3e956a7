"""Deaths by age and sex, and births."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.synthetic.frames import ENCOUNTER, PERSON
from lakehouse.synthetic.realism.persons import Population, by_segment, figures, union


def measures(population: Population) -> DataFrame:
    """Deaths per 1,000 person-years; births, twins and cesarean deliveries of the window."""
    year_of_death = population.frames[PERSON].select(
        "person", F.year("death_date").alias("year"), F.lit(1).alias("dead")
    )
    years = population.years.join(year_of_death, ["person", "year"], "left").fillna(0, "dead")
    counted = by_segment(years, ["dead", "share"])
    deaths = figures(counted, "deaths_per_1000", 1000 * F.col("dead") / F.col("share"), F.col("share"))
    return union(deaths, _births(population), _fertility(population, counted))


def _births(population: Population) -> DataFrame:
    """Twins per 1,000 newborns, and percent of deliveries by cesarean and of newborns before term."""
    born = population.frames[PERSON].where(F.col("birth_date") >= F.lit(population.world.begin))
    twins = born.agg((1000 * F.avg(F.col("twin").isNotNull().cast("int"))).alias("value"), F.count("*").alias("n"))
    reasons = population.frames[ENCOUNTER].where("encounter_key = 'inpatient'").groupBy("reason_key").count()
    shares = [
        _share(reasons, measure, one, others)
        for measure, one, others in (
            ("cesarean_percent", "cesarean_delivery", ("cesarean_delivery", "normal_delivery")),
            ("preterm_percent", "preterm_newborn", ("preterm_newborn", "liveborn")),
        )
    ]
    told = figures(twins.withColumn("segment", F.lit("births")), "twins_per_1000", F.col("value"), "n")
    return union(told, *shares)


def _share(reasons: DataFrame, measure: str, one: str, among: tuple[str, ...]) -> DataFrame:
    all_of = reasons.where(F.col("reason_key").isin(*among))
    counted = all_of.agg(
        F.sum(F.when(F.col("reason_key") == one, F.col("count")).otherwise(0)).alias("has"), F.sum("count").alias("of")
    )
    return figures(counted.withColumn("segment", F.lit("births")), measure, 100 * F.col("has") / F.col("of"), "of")


def _fertility(population: Population, years: DataFrame) -> DataFrame:
    """Births per 1,000 person-years of everybody."""
    born = (
        population.frames[PERSON]
        .where(F.col("birth_date") >= F.lit(population.world.begin))
        .agg(F.count("*").alias("born"))
    )
    lived = years.where("segment = 'all'").crossJoin(born)
    return figures(lived, "births_per_1000", 1000 * F.col("born") / F.col("share"), "born")
