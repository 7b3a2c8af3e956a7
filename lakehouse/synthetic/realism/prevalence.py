"""How many have a disease in the middle of the window: in truth (TRUE_DISEASE), and as far as anybody wrote it down."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.synthetic.frames import DIAGNOSIS, ENCOUNTER, TRUE_DISEASE
from lakehouse.synthetic.realism.persons import Population, adjusted, by_segment, figures, union

_GROUPS = {
    "type_1_diabetes": "diabetes", "type_2_diabetes": "diabetes", "old_myocardial_infarction": "infarction_history",
}  # fmt: skip
"""Conditions that published figures count as one, or by another name."""

_ADJUSTED = "^(18-44|45-64|65\\+)( (female|male|white|black|hispanic|asian))?$"
"""The segments whose figures are weighted to adjust those of all adults for age."""


def measures(population: Population) -> DataFrame:
    """Percent with each condition, and with `_known` percent of whom it was also coded; `_age_adjusted` of adults."""
    alive = population.alive
    has = _with_condition(population).join(alive, "person")
    known = has.join(_coded(population), ["person", "condition"])
    known = known.withColumn("condition", F.concat("condition", F.lit("_known")))
    of = by_segment(alive.withColumn("of", F.lit(1)), ["of"])
    counted = by_segment(has.unionByName(known).withColumn("has", F.lit(1)), ["has"], "condition")
    shares = population.keep(counted.join(of, "segment"))
    crude = figures(shares, F.col("condition"), 100 * F.col("has") / F.col("of"), "of")
    fitted = adjusted(shares.where(F.col("segment").rlike(_ADJUSTED)), "condition")
    return union(crude, figures(fitted, F.concat("condition", F.lit("_age_adjusted")), 100 * F.col("value"), "n"))


def _with_condition(population: Population) -> DataFrame:
    """person, condition: who has each condition on the day of the census."""
    began = population.frames[TRUE_DISEASE].where(F.col("onset_date") <= F.lit(population.day))
    return began.select("person", _condition()).distinct()


def _coded(population: Population) -> DataFrame:
    """person, condition: of whom each condition was coded before the end of the year of the census."""
    until = F.lit(population.day.replace(month=12, day=31))
    seen = population.frames[ENCOUNTER].where(F.to_date("start_time") <= until).select(F.col("id").alias("encounter"))
    return population.frames[DIAGNOSIS].join(seen, "encounter").select("person", _condition()).distinct()


def _condition() -> Column:
    pairs = [F.lit(part) for pair in _GROUPS.items() for part in pair]
    return F.coalesce(F.create_map(*pairs)[F.col("condition_key")], "condition_key").alias("condition")
