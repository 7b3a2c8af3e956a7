"""Whether what guidelines ask for is done: tests and examinations of known diabetes, vaccines, cholesterol, smoking."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.synthetic.frames import DIAGNOSIS, ENCOUNTER, IMMUNIZATION, MEASUREMENT, PROCEDURE
from lakehouse.synthetic.realism.persons import Population, by_segment, figures, union

_FLU = ("influenza", "influenza_high_dose")


def measures(population: Population) -> DataFrame:
    """Percent of adults, of adults with known diabetes, and of persons of an age, who had it in the census year."""
    done = _done(population)
    alive = population.alive.join(_known_diabetes(population), "person", "left").fillna(0, "known_diabetes")
    told = alive.join(done, "person", "left").withColumn("of", F.lit(1)).fillna(0)
    names = ("hba1c", "lipids", "eyes", "feet", "flu", "mammography")
    everybody = _long(by_segment(told, [*names, "of"]), names, "percent_with_")
    diabetes = by_segment(told.where("known_diabetes = 1 and age >= 18"), [*names, "of"])
    return union(everybody, _long(diabetes, names, "of_diabetes_with_"), _smoking(population))


def _long(wide: DataFrame, names: tuple[str, ...], prefix: str) -> DataFrame:
    pairs = [part for name in names for part in (F.lit(name), F.col(name))]
    long = wide.select("segment", "of", F.explode(F.create_map(*pairs)).alias("name", "has"))
    return figures(long, F.concat(F.lit(prefix), "name"), 100 * F.col("has") / F.col("of"), "of")


def _done(population: Population) -> DataFrame:
    """person, and which of the things were done in the year of the census."""
    year = population.day.year
    tests = {"hba1c": ("hba1c",), "lipids": ("ldl", "total_cholesterol")}
    exams = {"eyes": ("retinal_exam",), "feet": ("foot_exam",), "mammography": ("mammography",)}
    parts = [
        _of_year(population.frames[MEASUREMENT], "measure_key", year, tests),
        _of_year(population.frames[PROCEDURE], "procedure_key", year, exams),
        _of_year(population.frames[IMMUNIZATION], "vaccine_key", year, {"flu": _FLU}),
    ]
    return parts[0].join(parts[1], "person", "full").join(parts[2], "person", "full")


def _of_year(frame: DataFrame, key: str, year: int, names: Mapping[str, tuple[str, ...]]) -> DataFrame:
    within = frame.where(
        (F.year("start_time") == year) & F.col(key).isin(*[one for keys in names.values() for one in keys])
    )
    flags = [F.max(F.col(key).isin(*keys).cast("int")).alias(name) for name, keys in names.items()]
    return within.groupBy("person").agg(*flags)


def _known_diabetes(population: Population) -> DataFrame:
    """Persons whose diabetes was coded before the year of the census."""
    before = (
        population.frames[ENCOUNTER]
        .where(F.year("start_time") < population.day.year)
        .select(F.col("id").alias("encounter"))
    )
    coded = (
        population.frames[DIAGNOSIS]
        .where("condition_key in ('type_1_diabetes', 'type_2_diabetes')")
        .join(before, "encounter")
    )
    return coded.select("person").distinct().withColumn("known_diabetes", F.lit(1))


def _smoking(population: Population) -> DataFrame:
    """Percent of adults who smoke or have smoked, by the last answer of who was asked in the first two years."""
    until = F.lit(population.world.begin.replace(year=population.world.begin.year + 2))
    asked = population.frames[MEASUREMENT].where(
        (F.col("measure_key") == "smoking_status") & (F.to_date("start_time") < until)
    )
    last = asked.groupBy("person").agg(F.max_by("value_key", "start_time").alias("answer"))
    told = last.join(population.alive_on(population.world.begin), "person").withColumn("of", F.lit(1))
    for name in ("current", "former"):
        told = told.withColumn(name, (F.col("answer") == f"{name}_smoker").cast("int"))
    wide = by_segment(told, ["current", "former", "of"])
    return _long(wide, ("current", "former"), "smoker_percent_")
