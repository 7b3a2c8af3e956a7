"""Versions of resources: what the EHR said of a thing on which days, and the resource that it wrote."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

_LAST_SECOND = 86_399


def once(rows: DataFrame, first: Column) -> DataFrame:
    """Things that never change: one version, known from `first`."""
    return rows.withColumns({
        "version": F.lit(1), "known_on": first, "superseded_on": F.lit(None).cast("date"),
    })  # fmt: skip


def versions(rows: DataFrame, first: Column, **changes: Column) -> DataFrame:
    """One row per version: one from `first`, one more from the day of each change that is not null.

    Each change is a truth column of its name: whether it has happened in that version. A change before `first` is
    part of the first version.
    """
    dated = rows.withColumn("_first", first).withColumns(
        {f"_{name}": F.when(day.isNotNull(), F.greatest(day, F.col("_first"))) for name, day in changes.items()}
    )
    all_days = F.array("_first", *(f"_{name}" for name in changes))
    # Not array_compact nor array_sort, which are interpreted; and outer, though there is always a day, since for an
    # inner explode Spark would add a filter that computes all days once more.
    days = F.sort_array(F.array_except(all_days, F.array(F.lit(None).cast("date"))))
    told = dated.withColumn("_days", days).select("*", F.posexplode_outer("_days").alias("_place", "known_on"))
    return told.withColumns(
        {
            "version": F.col("_place") + 1,
            "superseded_on": F.get("_days", F.col("_place") + 1),
            **{name: F.coalesce(F.col("known_on") >= F.col(f"_{name}"), F.lit(False)) for name in changes},
        }
    ).drop("_first", "_days", "_place", *(f"_{name}" for name in changes))


def written(rows: DataFrame, resource_type: str, profiles: Column | None, **elements: Column) -> DataFrame:
    """The versions as FHIR resources: the columns that every builder of this package returns.

    `person`, `id` (the resource's), `version`, `known_on`, `superseded_on` (the day from which the next version
    holds; null for the last) and `resource`, to be written by to_json. The rows have the resource's id as
    `resource_id`. An element whose name is a Python keyword has an underscore after it.
    """
    meta = F.struct(
        F.col("version").cast("string").alias("versionId"),
        F.timestamp_seconds(F.unix_date("known_on").cast("bigint") * (_LAST_SECOND + 1) + _LAST_SECOND).alias(
            "lastUpdated"
        ),
        (F.lit(None).cast("array<string>") if profiles is None else profiles).alias("profile"),
    )
    resource = F.struct(
        F.lit(resource_type).alias("resourceType"),
        F.col("resource_id").alias("id"),
        meta.alias("meta"),
        *(element.alias(name.rstrip("_")) for name, element in elements.items()),
    )
    return rows.select(
        "person", F.col("resource_id").alias("id"), "version", "known_on", "superseded_on", resource.alias("resource")
    )
