"""How much care people have in a year: visits, stays and fills by age, sex, race and who pays."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.synthetic.frames import DISPENSING, ENCOUNTER
from lakehouse.synthetic.realism.persons import Population, by_segment, figures, union

PHYSICIAN = (
    "primary_care_visit", "wellness_visit", "well_child_visit", "specialist_visit", "telehealth_visit", "urgent_care",
    "prenatal_visit",
)  # fmt: skip
OFFICE = (*PHYSICIAN, "mental_health_visit", "physical_therapy_visit")
OUTPATIENT = ("surgery_outpatient", "imaging_visit", "infusion", "dialysis_session")
NEWBORN = ("liveborn", "preterm_newborn")

_EVENTS = (
    "physician_visits",
    "office_visits",
    "outpatient_visits",
    "emergency_visits",
    "inpatient_stays",
    "stays_but_births",
    "fills",
)


def measures(population: Population) -> DataFrame:
    """Events per 1,000 person-years, and percent of persons with any in a whole year of life."""
    events = _encounters(population).join(_fills(population), ["person", "year"], "full")
    years = population.years.join(events, ["person", "year"], "left").fillna(0, list(_EVENTS))
    rated = by_segment(years, [*_EVENTS, "share"])
    whole = years.where("share > 0.99").withColumn("of", F.lit(1))
    any_of = by_segment(whole.select("age", "sex", "race", "payer", "of", *_any(_EVENTS)), [*_EVENTS, "of"])
    rates = figures(
        _long(rated, "share"), F.concat("event", F.lit("_per_1000")), 1000 * F.col("count") / F.col("share"), "share"
    )
    shares = figures(
        _long(any_of, "of"), F.concat(F.lit("percent_with_"), "event"), 100 * F.col("count") / F.col("of"), "of"
    )
    return union(rates, shares)


def _encounters(population: Population) -> DataFrame:
    """Contacts of each person and year. Who is admitted through an emergency department was a visit there too."""
    key, admitted = F.col("encounter_key"), F.col("encounter_key") == "inpatient"
    kinds = {
        "physician_visits": key.isin(*PHYSICIAN),
        "office_visits": key.isin(*OFFICE),
        "outpatient_visits": key.isin(*OUTPATIENT),
        "emergency_visits": (key == "emergency") | (admitted & (F.col("admission_type") == "1")),
        "inpatient_stays": admitted,
        "stays_but_births": admitted & ~F.col("reason_key").isin(*NEWBORN),
    }
    counts = [F.sum(is_one.cast("int")).alias(name) for name, is_one in kinds.items()]
    return population.frames[ENCOUNTER].groupBy("person", F.year("start_time").alias("year")).agg(*counts)


def _fills(population: Population) -> DataFrame:
    return (
        population.frames[DISPENSING]
        .groupBy("person", F.year("start_date").alias("year"))
        .agg(F.count("*").alias("fills"))
    )


def _any(events: tuple[str, ...]) -> list[Column]:
    return [(F.col(name) > 0).cast("int").alias(name) for name in events]


def _long(wide: DataFrame, *others: str) -> DataFrame:
    """One row for each event instead of one column."""
    pairs = [part for name in _EVENTS for part in (F.lit(name), F.col(name).cast("double"))]
    return wide.select("segment", *others, F.explode(F.create_map(*pairs)).alias("event", "count"))
