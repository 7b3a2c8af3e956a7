"""What care costs: allowed amounts of final claims for a person-year whose claims the payer's files show."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.synthetic.frames import CLAIM, DRUG_CLAIM
from lakehouse.synthetic.realism.persons import Population, by_segment, figures, union

_KINDS = {
    "inpatient": ("inpatient",), "office": ("carrier",), "outpatient": ("outpatient",),
    "post_acute": ("snf", "hha", "hospice"), "equipment": ("dme",),
}  # fmt: skip
_ALL = (*_KINDS, "drugs", "total")


def measures(population: Population) -> DataFrame:
    """Dollars a person-year by kind of care; median of who has any; dollars a claim.

    Members of Medicare Advantage and persons without insurance are left out: there are no claims of theirs.
    """
    spent = _claims(population).join(_drugs(population), ["person", "year"], "full").fillna(0)
    total = sum((F.col(kind) for kind in _KINDS), F.col("drugs"))
    years = population.years.where("plan is not null and plan <> 'advantage'")
    known = years.join(spent.withColumn("total", total), ["person", "year"], "left").fillna(0, list(_ALL))
    sums = by_segment(known, [*_ALL, "share"])
    pairs = [part for name in _ALL for part in (F.lit(name), F.col(name).cast("double"))]
    long = sums.select("segment", "share", F.explode(F.create_map(*pairs)).alias("kind", "dollars"))
    means = figures(long, F.concat(F.lit("dollars_per_year_"), "kind"), F.col("dollars") / F.col("share"), "share")
    return union(means, _medians(known), _each(population))


def _claims(population: Population) -> DataFrame:
    """Dollars allowed in the final versions of medical claims, by person, year and kind."""
    final = population.frames[CLAIM].where("final and action <> 'void'")
    kinds = [_dollars(F.col("rif").isin(*files)).alias(kind) for kind, files in _KINDS.items()]
    return final.groupBy("person", F.year("start_date").alias("year")).agg(*kinds)


def _drugs(population: Population) -> DataFrame:
    final = population.frames[DRUG_CLAIM].where("final and action <> 'void'")
    return final.groupBy("person", F.year("start_date").alias("year")).agg((F.sum("cost") / 100).alias("drugs"))


def _dollars(counted: Column) -> Column:
    return F.sum(F.when(counted, F.col("allowed")).otherwise(0)) / 100


def _medians(known: DataFrame) -> DataFrame:
    """Median of a whole year of who has any expense, by band of age; and percent who have any."""
    whole = known.where("share > 0.99")
    band = (
        F.when(F.col("age") < 18, "0-17")
        .when(F.col("age") < 45, "18-44")
        .when(F.col("age") < 65, "45-64")
        .otherwise("65+")
    )
    spent = F.when(F.col("total") > 0, F.col("total"))
    grouped = whole.withColumn("segment", F.explode(F.array(band, F.lit("all")))).groupBy("segment")
    told = grouped.agg(
        F.percentile_approx(spent, 0.5).alias("median"),
        F.avg((F.col("total") > 0).cast("int")).alias("any"),
        F.count("*").alias("n"),
    )
    medians = figures(told, "median_dollars_of_spenders", F.col("median"), "n")
    return union(medians, figures(told, "percent_with_expense", 100 * F.col("any"), "n"))


def _each(population: Population) -> DataFrame:
    """Dollars of a stay, and of a fill."""
    stays = population.frames[CLAIM].where("final and action <> 'void' and rif = 'inpatient' and allowed > 0")
    fills = population.frames[DRUG_CLAIM].where("final and action <> 'void' and cost > 0")
    found = []
    for measure, claims, amount in (("dollars_per_stay", stays, "allowed"), ("dollars_per_fill", fills, "cost")):
        mean = claims.agg((F.avg(amount) / 100).alias("value"), F.count("*").alias("n")).withColumn(
            "segment", F.lit("all")
        )
        found.append(figures(mean, measure, F.col("value"), "n"))
    return union(*found)
