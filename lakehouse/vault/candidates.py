"""Which registrations are alike enough to be compared."""

from __future__ import annotations

from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.vault.match_model import COMPARED_IF_THEY_SHARE


def candidate_pairs(registrations: DataFrame, named: DataFrame) -> DataFrame:
    """The pairs, registration_id_l before registration_id_r, that have one of the model's keys in common, each once.

    named: pairs that are compared whether they have or not.
    """
    keys = F.array_compact(reduce(F.concat, map(_named_keys, COMPARED_IF_THEY_SHARE)))
    each = registrations.select("registration_id", F.explode(F.array_distinct(keys)).alias("key"))
    one = each.withColumnRenamed("registration_id", "registration_id_l")
    other = each.withColumnRenamed("registration_id", "registration_id_r")
    pairs = one.join(other, "key").filter("registration_id_l < registration_id_r")
    ids = ("registration_id_l", "registration_id_r")
    return pairs.select(*ids).unionAll(named.select(*ids)).distinct()


def _named_keys(name: str) -> Column:
    """The keys of a kind, named after it, so that those of two kinds are never the same."""
    keys = F.expr(COMPARED_IF_THEY_SHARE[name])
    return F.coalesce(F.transform(keys, lambda key: F.concat(F.lit(f"{name}: "), key)), F.array().cast("array<string>"))
