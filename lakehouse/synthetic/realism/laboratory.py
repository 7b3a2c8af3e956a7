"""What is measured outside of hospitals: quartiles of the last value of each adult, by age and by state of health."""

from __future__ import annotations

from datetime import timedelta

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.synthetic.frames import ENCOUNTER, MEASUREMENT
from lakehouse.synthetic.realism.persons import Population, figures, union
from lakehouse.synthetic.realism.treatment import diseased, taking

MEASURES = (
    "sbp", "dbp", "hba1c", "ldl", "hdl", "total_cholesterol", "triglycerides", "egfr", "acr", "bmi", "hemoglobin",
)  # fmt: skip

_WITHIN = timedelta(days=400)
_QUARTILES = {"p25": 0.25, "median": 0.5, "p75": 0.75}
_STATES = {
    "hypertension": ("hypertension",),
    "diabetes": ("type_1_diabetes", "type_2_diabetes"),
    "ckd": ("chronic_kidney_disease",),
    "ascvd": ("coronary_artery_disease", "stroke_sequelae", "old_myocardial_infarction"),
}
_BANDS = (("18-34", 35), ("35-44", 45), ("45-54", 55), ("55-64", 65), ("65-74", 75), ("75+", 200))


def measures(population: Population) -> DataFrame:
    """Quartiles by segment, and the shares of adults beyond the limits that guidelines set."""
    last = population.keep(_last_values(population).join(_states(population), "person"))
    cuts = list(_QUARTILES.values())
    grouped = last.withColumn("segment", F.explode(_segments())).groupBy("measure_key", "segment")
    told = grouped.agg(F.percentile("value", F.array(*map(F.lit, cuts))).alias("cut"), F.count("*").alias("n"))
    pairs = [part for place, name in enumerate(_QUARTILES) for part in (F.lit(name), F.col("cut")[place])]
    long = told.select("measure_key", "segment", "n", F.explode(F.create_map(*pairs)).alias("which", "value"))
    quartiles = figures(long, F.concat_ws("_", "measure_key", "which"), F.col("value"), "n")
    return union(quartiles, _beyond(last), _controlled(last))


def _last_values(population: Population) -> DataFrame:
    """person, measure_key, value: the last outside of hospitals within a year or so of the day of the census."""
    day = population.day
    at = population.frames[ENCOUNTER].where(
        "encounter_key not in ('inpatient', 'emergency', 'prenatal_visit', 'urgent_care')"
    )
    chosen = F.col("measure_key").isin(*MEASURES) & F.to_date("start_time").between(
        F.lit(day - _WITHIN), F.lit(day + _WITHIN)
    )
    values = population.frames[MEASUREMENT].where(chosen & F.col("value").isNotNull())
    values = values.join(at.select(F.col("id").alias("encounter")), "encounter")
    return values.groupBy("person", "measure_key").agg(F.max_by("value", "start_time").alias("value"))


def _states(population: Population) -> DataFrame:
    """Adults: age, sex, race, and what they have and take."""
    alive = population.alive.where("age >= 18").drop("payer")
    has, takes = diseased(population, **_STATES), taking(population)
    return alive.join(has, "person", "left").join(takes, "person", "left").fillna(0)


def _segments() -> Column:
    age, found = F.col("age"), [F.lit("18+"), F.concat(F.lit("18+ "), F.col("sex"))]
    band = F.when(F.lit(False), "")
    for name, end in _BANDS:
        band = band.when(age < end, name)
    found.append(band)
    found += [F.concat(F.when(F.col(state) == 0, "no ").otherwise(""), F.lit(state)) for state in _STATES]
    found.append(F.concat(F.when(F.col("statin") == 0, "no ").otherwise(""), F.lit("statin")))
    treated = (F.col("hypertension") == 1) & (F.col("antihypertensive") == 1)
    found.append(F.when(treated, "hypertension treated"))
    return F.array_compact(F.array(*found))


def _beyond(last: DataFrame) -> DataFrame:
    """Percent of adults with a body mass, or of adults with diabetes with a hemoglobin A1c, beyond a limit."""
    mass = last.where("measure_key = 'bmi'").withColumn("segment", F.explode(_segments_of_mass()))
    limits = {f"bmi_{limit}_percent": F.col("value") >= limit for limit in (30, 35, 40)}
    limits["bmi_25_to_30_percent"] = F.col("value").between(25, 29.95)
    sugar = last.where("measure_key = 'hba1c' and diabetes = 1").withColumn("segment", F.lit("diabetes"))
    sugars = {f"hba1c_below_{limit}_percent": F.col("value") < limit for limit in (7, 8)}
    sugars["hba1c_above_9_percent"] = F.col("value") > 9
    return union(_shares(mass, limits), _shares(sugar, sugars))


def _segments_of_mass() -> Column:
    return F.array_union(_segments(), F.array(F.concat(F.lit("18+ "), F.col("race"))))


def _shares(rows: DataFrame, limits: dict[str, Column]) -> DataFrame:
    told = rows.groupBy("segment").agg(
        F.count("*").alias("n"), *[F.avg(limit.cast("int")).alias(name) for name, limit in limits.items()]
    )
    pairs = [part for name in limits for part in (F.lit(name), F.col(name))]
    long = told.select("segment", "n", F.explode(F.create_map(*pairs)).alias("name", "share"))
    return figures(long, F.col("name"), 100 * F.col("share"), "n")


def _controlled(last: DataFrame) -> DataFrame:
    """Percent of adults with hypertension whose blood pressure is below 140/90: of all, and of those treated."""
    pressure = last.where("hypertension = 1 and measure_key in ('sbp', 'dbp')")
    high = pressure.groupBy("person", "antihypertensive", "race").agg(
        F.max(F.when(F.col("measure_key") == "sbp", F.col("value") >= 140).otherwise(F.col("value") >= 90)).alias(
            "high"
        )
    )
    race = F.concat(F.lit("18+ "), F.col("race"))
    segments = F.array_compact(F.array(F.lit("18+"), race, F.when(F.col("antihypertensive") == 1, "treated")))
    told = high.withColumn("segment", F.explode(segments)).groupBy("segment")
    counted = told.agg((100 * F.avg((~F.col("high")).cast("int"))).alias("value"), F.count("*").alias("n"))
    return figures(counted, "controlled_of_hypertension", F.col("value"), "n")
