"""Connected components of small groups, as one plan."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

_ROUNDS = 3
FARTHEST = 2 + 2 * _ROUNDS
"""How many links apart two things of one component may be, for each to be told with the other."""


def components(links: DataFrame) -> DataFrame:
    """The things that links tie, each with all of its component.

    links: columns `one` and `other`. Returns `one` and `members`, the sorted array of its component, itself included,
    as far as `FARTHEST` links away. Work grows with the squares of the sizes of components, so they must be small.
    """
    ways = F.expr("stack(4, one, other, other, one, one, one, other, other) as (one, other)")
    direct = links.select(ways)
    second = direct.select(F.col("one").alias("other"), F.col("other").alias("farther"))
    near = direct.join(second, "other").select("one", F.col("farther").alias("other")).distinct()
    seen = near.groupBy("one").agg(F.array_sort(F.collect_set("other")).alias("members"))
    for _ in range(_ROUNDS):
        told = near.join(seen.withColumnRenamed("one", "other"), "other")
        seen = told.groupBy("one").agg(F.flatten(F.collect_list("members")).alias("members"))
        seen = seen.withColumn("members", F.array_sort(F.array_distinct("members")))
    return seen
