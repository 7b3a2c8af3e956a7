"""Who stands on a claim: the beneficiary as the payer knows him, the institution and the practitioner."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.synthetic.frames import IDENTITY
from lakehouse.synthetic.sources import Sources


def with_beneficiary(rows: DataFrame, sources: Sources) -> DataFrame:
    """Add `bene_id`, the id under which the payer of the row knows the person."""
    known = sources.frames[IDENTITY].selectExpr("world as payer", "person", "source_id as bene_id")
    return rows.join(known, ["person", "payer"])


def with_providers(rows: DataFrame, sources: Sources) -> DataFrame:
    """Add npi, number, ZIP and state of `facility`, and npi, as the claim tells it, and specialty of `practitioner`."""
    facilities = places(sources, sources.facilities).selectExpr(
        "id as facility", "npi as facility_npi", "ccn as facility_number", "zip as facility_zip",
        "state as facility_state", "ssa_state as facility_ssa_state",
    )  # fmt: skip
    practitioners = sources.practitioners.selectExpr("id as practitioner", "npi as practitioner_npi", "specialty")
    known = rows.join(F.broadcast(facilities), "facility", "left").join(
        F.broadcast(practitioners), "practitioner", "left"
    )
    return known.withColumn("practitioner_npi", F.expr("nullif(coalesce(npi, practitioner_npi), '')"))


def places(sources: Sources, rows: DataFrame) -> DataFrame:
    """Add ZIP, city, state and county of `place_key`: FIPS codes, and those of the Social Security Administration."""
    counties = sources.knowledge["ssa_counties"].selectExpr("key as county_fips", "ssa as ssa_county")
    known = (
        sources.knowledge["places"]
        .join(counties, "county_fips", "left")
        .selectExpr(
            "key as place_key", "key as zip", "city", "state", "county_fips", "ssa_county",
            "left(ssa_county, 2) as ssa_state",
        )
    )  # fmt: skip
    return rows.join(F.broadcast(known), "place_key", "left")
