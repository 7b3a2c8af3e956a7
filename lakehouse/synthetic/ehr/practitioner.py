"""FHIR Practitioner."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.synthetic.ehr.datatypes import NPI, US_CORE, identifier, list_of, uuid
from lakehouse.synthetic.ehr.lags import EHR_BEGAN
from lakehouse.synthetic.ehr.versions import once, written
from lakehouse.synthetic.sources import Sources

_PROFILE = f"{US_CORE}us-core-practitioner"


def practitioner(sources: Sources) -> DataFrame:
    """One Practitioner per practitioner of the directory."""
    rows = sources.practitioners.select(
        "*", F.lit(None).cast("bigint").alias("person"), uuid("Practitioner", F.col("id")).alias("resource_id")
    )
    name = F.struct(
        F.lit("official").alias("use"), F.col("family_name").alias("family"), F.array("given_name").alias("given")
    )
    return written(
        once(rows, F.lit(EHR_BEGAN)),
        "Practitioner",
        F.array(F.lit(_PROFILE)),
        identifier=list_of(identifier(NPI, F.col("npi"))),
        active=F.lit(True),
        name=F.array(name),
    )
