"""FHIR PractitionerRole: as what, and where, practitioners work."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.synthetic.ehr import concepts
from lakehouse.synthetic.ehr.datatypes import US_CORE, list_of, phone, reference, uuid
from lakehouse.synthetic.ehr.lags import EHR_BEGAN
from lakehouse.synthetic.ehr.versions import once, written
from lakehouse.synthetic.sources import Sources

_PROFILE = f"{US_CORE}us-core-practitionerrole"


def practitioner_role(sources: Sources) -> DataFrame:
    """One PractitionerRole per practitioner of the directory, reached by the telephone of the facility."""
    phones = sources.facilities.select(F.col("id").alias("facility"), "phone")
    rows = sources.practitioners.join(F.broadcast(phones), "facility", "left")
    meant = concepts.with_concept(rows, "specialty", concepts.specialties(sources.knowledge), "meaning")
    meant = meant.select(
        "*", F.lit(None).cast("bigint").alias("person"), uuid("PractitionerRole", F.col("id")).alias("resource_id")
    )
    return written(
        once(meant, F.lit(EHR_BEGAN)),
        "PractitionerRole",
        F.array(F.lit(_PROFILE)),
        active=F.lit(True),
        practitioner=reference("Practitioner", F.col("id")),
        organization=reference("Organization", F.col("facility")),
        specialty=list_of(F.col("meaning")),
        location=F.array(reference("Location", F.col("facility"))),
        telecom=list_of(phone(F.col("phone"), "work")),
    )
