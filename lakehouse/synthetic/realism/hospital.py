"""Stays in hospital: how often for what, how long, and how many return within 30 days."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.synthetic.frames import ENCOUNTER
from lakehouse.synthetic.realism.persons import Population, by_segment, figures, union

RETURN_DAYS = 30

CAUSES = {
    "septicemia": ("sepsis", "severe_sepsis"),
    "osteoarthritis": ("osteoarthritis",),
    "heart_failure": ("heart_failure_exacerbation",),
    "copd": ("copd_exacerbation",),
    "infarction": ("myocardial_infarction", "myocardial_infarction_stemi"),
    "diabetes": (
        "diabetic_ketoacidosis", "hyperosmolar_hyperglycemia", "hypoglycemia", "hypoglycemia_type_1",
        "diabetic_foot_ulcer",
    ),
    "pneumonia": ("pneumonia",),
    "dysrhythmia": ("arrhythmia", "atrial_fibrillation_episode"),
    "mood_disorder": ("depressive_episode", "bipolar_disorder", "depression"),
    "liveborn": ("liveborn", "preterm_newborn"),
    "stroke": ("stroke",),
    "delivery": ("normal_delivery", "cesarean_delivery"),
}  # fmt: skip
"""Groups of principal diagnoses as HCUP tells them, and their causes here."""


def measures(population: Population) -> DataFrame:
    """Stays per 100,000 by cause, length of stay by cause and group, percent that return within 30 days."""
    stays = _stays(population)
    return union(_rates(stays, population.years), _lengths(stays), _returns(stays, population))


def _stays(population: Population) -> DataFrame:
    """Each stay with the person's year, its nights, and whether an unplanned stay followed within 30 days."""
    every = population.frames[ENCOUNTER].where("encounter_key = 'inpatient'")
    back = (
        every.where("readmission_of is not null")
        .select(F.col("readmission_of").alias("id"), F.lit(1).alias("returned"))
        .distinct()
    )
    nights = F.greatest(F.datediff(F.to_date("end_time"), F.to_date("start_time")), F.lit(1))
    told = every.join(back, "id", "left").fillna(0, "returned").withColumn("nights", nights)
    told = told.withColumn("year", F.year("start_time")).withColumn("cause", F.explode(F.array(_cause(), F.lit("all"))))
    persons = population.years.select("person", "year", "age", "sex", "race", "payer", "paid_by")
    return told.where("cause is not null").join(persons, ["person", "year"])


def _cause() -> Column:
    reason, found = F.col("reason_key"), F.when(F.lit(False), "")
    for name, keys in CAUSES.items():
        found = found.when(reason.isin(*keys), name)
    return found


def _rates(stays: DataFrame, years: DataFrame) -> DataFrame:
    counted = by_segment(stays.withColumn("stays", F.lit(1)), ["stays"], "cause")
    lived = by_segment(years, ["share"])
    joined = counted.join(lived, "segment")
    return figures(
        joined, F.concat(F.lit("stays_per_100000_"), "cause"), 100_000 * F.col("stays") / F.col("share"), "stays"
    )


def _lengths(stays: DataFrame) -> DataFrame:
    """Mean length by cause; geometric mean by diagnosis-related group of persons of 65 and older."""
    sums = by_segment(stays.withColumn("stays", F.lit(1)), ["nights", "stays"], "cause")
    by_cause = figures(sums, F.concat(F.lit("mean_nights_"), "cause"), F.col("nights") / F.col("stays"), "stays")
    old = stays.where("cause = 'all' and age >= 65").groupBy("drg")
    grouped = old.agg(F.exp(F.avg(F.log("nights"))).alias("value"), F.count("*").alias("stays")).withColumn(
        "segment", F.lit("65+")
    )
    return by_cause.unionByName(
        figures(grouped, F.concat(F.lit("geometric_mean_nights_drg_"), "drg"), F.col("value"), "stays")
    )


def _returns(stays: DataFrame, population: Population) -> DataFrame:
    """Percent of those discharged alive, but after childbirth, who are back within 30 days without a plan."""
    told = F.date_sub(F.lit(population.world.end), RETURN_DAYS)
    index = stays.where((F.to_date("end_time") <= told) & (F.col("discharge_status") != "20") & (F.col("age") >= 1))
    index = index.where(~F.col("reason_key").isin(*CAUSES["liveborn"])).withColumn("stays", F.lit(1))
    adults = index.where(~F.col("reason_key").isin(*CAUSES["delivery"]))
    counted = by_segment(adults, ["returned", "stays"], "cause")
    every = (
        by_segment(index.where("cause = 'all'"), ["returned", "stays"])
        .where("segment = 'all'")
        .withColumn("segment", F.lit("1+"))
    )
    by_cause = figures(
        counted, F.concat(F.lit("return_percent_"), "cause"), 100 * F.col("returned") / F.col("stays"), "stays"
    )
    return union(by_cause, figures(every, "return_percent_all", 100 * F.col("returned") / F.col("stays"), "stays"))
