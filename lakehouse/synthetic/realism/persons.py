"""Who is counted: persons alive on a day, their years of life, and the segments that published figures are about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.synthetic.frames import COVERAGE, PERSON, Frame
from lakehouse.synthetic.world import World

DAYS_A_YEAR = 365.25

CELL = ("age", "sex", "race", "payer")
"""What a person is counted by: age in whole years, sex, race and ethnicity, and who pays."""

_BANDS = {
    "0": (0, 1), "0-4": (0, 5), "0-17": (0, 18), "5-17": (5, 18), "18-24": (18, 25), "18-34": (18, 35),
    "18-44": (18, 45), "18-64": (18, 65), "18+": (18, 200), "20+": (20, 200), "20-39": (20, 40), "25-44": (25, 45),
    "35-44": (35, 45), "40-59": (40, 60), "40-75": (40, 76), "45-54": (45, 55), "45-64": (45, 65), "55-64": (55, 65),
    "60+": (60, 200), "65+": (65, 200), "65-74": (65, 75), "75+": (75, 200), "75-84": (75, 85), "85+": (85, 200),
}  # fmt: skip
"""Bands of age: from a whole year to below another."""

_CROSSED = ("0-17", "18+", "20+", "18-44", "45-64", "65-74", "75-84", "85+", "65+")
"""Bands that are told by sex and by race too."""

_STANDARD_WEIGHTS = {"18-44": 0.530535, "45-64": 0.299194, "65+": 0.170271}
"""Adults of the standard population of 2000 (NCHS, Statistical Notes 20), for figures adjusted for age."""


@dataclass(frozen=True, eq=False)
class Population:
    """The rows of a population, by frame, and the persons among them who are counted.

    What is counted by is called the cell of a person: age in whole years, sex, race and ethnicity, and who pays.
    """

    frames: Mapping[Frame, DataFrame]
    world: World
    _kept: list[DataFrame] = field(default_factory=list)

    @cached_property
    def day(self) -> date:
        """The day in the middle of the window on which persons are counted."""
        return self.world.begin + (self.world.end - self.world.begin) / 2

    @cached_property
    def alive(self) -> DataFrame:
        """Persons alive on that day: person and cell, without a payer."""
        return self.keep(self.alive_on(self.day))

    def alive_on(self, day: date) -> DataFrame:
        """Persons alive on a day: person and cell, without a payer."""
        person, on = self.frames[PERSON], F.lit(day)
        lives = (person["birth_date"] <= on) & (person["death_date"].isNull() | (person["death_date"] >= on))
        return person.where(lives).select("person", _age(on).alias("age"), "sex", _race(), _nobody())

    @cached_property
    def years(self) -> DataFrame:
        """The years of life of each person in the window: year, the share of it that was lived, plan, and cell.

        Age and payer are those of the middle of the year; payer is private, public or uninsured.
        """
        lived = self._lived()
        cover = self.frames[COVERAGE].select(
            F.col("person").alias("member"), "start_date", "end_date", F.col("payer").alias("paid_by"), "plan"
        )
        covered = (F.col("person") == F.col("member")) & F.col("middle").between(F.col("start_date"), F.col("end_date"))
        payer = F.when(F.col("paid_by").isNull(), "uninsured").when(F.col("paid_by") == "commercial", "private")
        columns = ("person", "year", "share", "age", "sex", "race", "paid_by", "plan")
        joined = lived.join(cover, covered, "left")
        return self.keep(joined.select(*columns, payer.otherwise("public").alias("payer")))

    def _lived(self) -> DataFrame:
        """Each person in each year of life: the share of the year, the day in its middle, and the age on it."""
        end = F.make_date("year", F.lit(12), F.lit(31))
        first = F.greatest(F.make_date("year", F.lit(1), F.lit(1)), "birth_date")
        last = F.least(end, F.coalesce("death_date", end))
        years = F.explode(F.sequence(F.lit(self.world.begin.year), F.lit(self.world.end.year))).alias("year")
        lived = self.frames[PERSON].select("person", "sex", "birth_date", "death_date", _race(), years)
        lived = lived.withColumn("share", (F.datediff(last, first) + 1) / F.lit(DAYS_A_YEAR)).where("share > 0")
        lived = lived.withColumn("middle", F.make_date("year", F.lit(7), F.lit(1)))
        return lived.withColumn("age", F.greatest(_age(F.col("middle")), F.lit(0)))

    def keep(self, rows: DataFrame) -> DataFrame:
        """Keep rows that are read more than once, until all is measured."""
        self._kept.append(rows.cache())
        return self._kept[-1]

    def forget(self) -> None:
        """Give back the memory of what was kept."""
        while self._kept:
            self._kept.pop().unpersist()


def by_segment(cells: DataFrame, sums: Sequence[str], *keys: str) -> DataFrame:
    """Add up columns by segment, and by the key columns where there are any. cells: with the columns of CELL."""
    added = [F.sum(name).alias(name) for name in sums]
    small = cells.groupBy(*CELL, *keys).agg(*added)
    return small.withColumn("segment", F.explode(_segments())).groupBy(*keys, "segment").agg(*added)


def adjusted(shares: DataFrame, *keys: str) -> DataFrame:
    """Shares of adults adjusted for age: from rows by segment with `has` and `of`, to one for each sex and race."""
    band = F.split("segment", " ").getItem(0)
    rest = F.concat_ws(" ", F.lit("18+"), F.split("segment", " ", 2).getItem(1))
    weight = reduce(
        lambda so_far, one: so_far.when(band == one[0], one[1]), _STANDARD_WEIGHTS.items(), F.when(F.lit(False), 0.0)
    )
    weighted = shares.withColumn("weight", weight).where("weight is not null").withColumn("segment", rest)
    value = F.sum(F.col("weight") * F.col("has") / F.col("of")) / F.sum("weight")
    return weighted.groupBy(*keys, "segment").agg(value.alias("value"), F.sum("of").alias("n"))


def figures(frame: DataFrame, measure: Column | str, value: Column, n: Column | str) -> DataFrame:
    """Rows of measure, segment, value and n: what every module of measures returns."""
    name = F.lit(measure) if isinstance(measure, str) else measure
    size = F.col(n) if isinstance(n, str) else n
    return frame.select(
        name.alias("measure"), "segment", value.cast("double").alias("value"), size.cast("bigint").alias("n")
    )


def union(*parts: DataFrame) -> DataFrame:
    """The figures of all parts."""
    return reduce(DataFrame.unionByName, parts)


def _age(day: Column) -> Column:
    return F.floor(F.months_between(day, F.col("birth_date")) / 12).cast("int")


def _race() -> Column:
    """Race and ethnicity as one: Hispanic whatever the race, as federal surveys report it."""
    return F.when(F.col("ethnicity") == "hispanic", "hispanic").otherwise(F.col("race")).alias("race")


def _nobody() -> Column:
    return F.lit(None).cast("string").alias("payer")


def _segments() -> Column:
    """The segments that a cell belongs to, such as `all`, `45-64`, `18+ female`, `0-64 private`."""
    age = F.col("age")
    found = [F.lit("all"), F.col("sex"), F.col("race")]
    for name, (first, end) in _BANDS.items():
        within = (age >= first) & (age < end)
        found.append(F.when(within, name))
        if name in _CROSSED:
            found += [F.when(within, F.concat(F.lit(f"{name} "), F.col(one))) for one in ("sex", "race")]
    younger = F.when(age < 18, "0-17").when(age < 45, "18-44").when(age < 65, "45-64")
    found.append(F.when(age < 65, F.concat(F.lit("0-64 "), F.col("payer"))))
    found.append(F.when(age < 65, F.concat(younger, F.lit(" "), F.col("payer"))))
    return F.array_compact(F.array(*found))
