"""FHIR Location."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.synthetic.ehr.datatypes import (
    US_CORE,
    V3_ROLE_CODE,
    coding,
    concept,
    list_of,
    phone,
    reference,
    translated,
    uuid,
)
from lakehouse.synthetic.ehr.lags import EHR_BEGAN
from lakehouse.synthetic.ehr.places import address, located
from lakehouse.synthetic.ehr.versions import once, written
from lakehouse.synthetic.sources import Sources

_PROFILE = f"{US_CORE}us-core-location"
_ROLES = {
    "hospital": "HOSP",
    "primary_care": "PC",
    "specialist_group": "OF",
    "urgent_care": "OF",
    "skilled_nursing": "SNF",
    "pharmacy": "PHARM",
}
"""The kinds of facilities that v3 RoleCode has a code for."""


def location(sources: Sources) -> DataFrame:
    """One Location per facility of the directory."""
    rows = located(sources.facilities, sources).select(
        "*", F.lit(None).cast("bigint").alias("person"), uuid("Location", F.col("id")).alias("resource_id")
    )
    kind = concept(coding(V3_ROLE_CODE, translated(F.col("kind"), _ROLES)), text=F.translate("kind", "_", " "))
    return written(
        once(rows, F.lit(EHR_BEGAN)),
        "Location",
        F.array(F.lit(_PROFILE)),
        status=F.lit("active"),
        name=F.col("name"),
        mode=F.lit("instance"),
        type=F.array(kind),
        telecom=list_of(phone(F.col("phone"), "work")),
        address=address("work"),
        position=F.struct("longitude", "latitude"),
        managingOrganization=reference("Organization", F.col("id")),
    )
