"""Addresses as rows of LOCATION: as they are for organisations, and coarse for persons."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.keys import row_id

PARTS = ("address_1", "address_2", "city", "state", "zip", "county", "country_source_value")

IS_NO_HOME = """not coalesce(
    exists(type, kind -> coalesce(exists(kind.coding, coding -> coding.code = 'PTRES'), false)), false)"""
"""SQL: whether a FHIR Location is none where a patient lives (HL7 v3 RoleCode)."""

_FEW_PEOPLE = (
    "036", "059", "063", "102", "203", "556", "692", "790", "821", "823", "830", "831",
    "878", "879", "884", "890", "893",
)  # fmt: skip
"""Areas of three digits with at most 20,000 people (census of 2000), as the guidance on 45 CFR 164.514(b) has them."""


def place_of(address: Column) -> Column:
    """A FHIR Address in the parts of LOCATION; null where there is none."""
    lines = address["line"]
    parts = (F.get(lines, F.lit(0)), F.get(lines, F.lit(1)), address["city"], address["state"], address["postalCode"],
             address["district"], address["country"])  # fmt: skip
    return F.when(address.isNotNull(), _place(*parts))


def area_of(state: Column, zip_code: Column, country: Column) -> Column:
    """What may be told of where a person lives: state, and three digits of the ZIP code, 000 where few people live.

    That is the safe harbour of HIPAA, 45 CFR 164.514(b)(2)(i)(B). Null where neither is known.
    """
    area = F.substring(zip_code, 1, 3)
    unknown = F.lit(None).cast("string")
    place = _place(
        unknown, unknown, unknown, state, F.when(area.isin(*_FEW_PEOPLE), "000").otherwise(area), unknown, country
    )
    return F.when(state.isNotNull() | zip_code.isNotNull(), place)


def with_location_id(rows: DataFrame, place: str) -> DataFrame:
    """Add `location_id`, the same for the same place wherever it is told; null where there is none."""
    text = F.to_json(place, {"ignoreNullFields": "false"})
    return rows.withColumn("_place", text).withColumn("location_id", row_id("location", "_place")).drop("_place")


def _place(*parts: Column) -> Column:
    return F.struct(*(part.cast("string").alias(name) for name, part in zip(PARTS, parts, strict=True)))
