"""By which names references mean practitioners, organisations and places: one rule for all of them."""

from __future__ import annotations

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.bronze.ehr.datatypes import name_of

NPI = "http://hl7.org/fhir/sid/us-npi"
CERTIFICATION_NUMBER = "urn:oid:2.16.840.1.113883.4.336"
"""The CMS certification number, as US Core names it."""


def by_name(rows: DataFrame) -> DataFrame:
    """The rows of resources once for each of their names, `named_by`: their id, and `system|value` of identifiers.

    A name that several resources have means the one that landed first.
    """
    identifiers = F.coalesce(F.transform("identifier", name_of), F.array().cast("array<string>"))
    names = F.array_distinct(F.array_compact(F.concat(F.array("resource_id"), identifiers)))
    first = Window.partitionBy("named_by").orderBy("line_id")
    named = rows.withColumn("named_by", F.explode(names)).withColumn("_place", F.row_number().over(first))
    return named.filter("_place = 1").drop("_place")
