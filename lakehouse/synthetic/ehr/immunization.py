"""FHIR Immunization."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.synthetic.ehr import concepts
from lakehouse.synthetic.ehr.datatypes import US_CORE, reference, subject, uuid
from lakehouse.synthetic.ehr.filing import filed
from lakehouse.synthetic.ehr.lags import RECORD_DAYS, known_on
from lakehouse.synthetic.ehr.versions import once, written
from lakehouse.synthetic.frames import IMMUNIZATION
from lakehouse.synthetic.sources import Sources

_PROFILE = f"{US_CORE}us-core-immunization"


def immunization(sources: Sources) -> DataFrame:
    """One Immunization per vaccine given."""
    rows = filed(sources.seen(IMMUNIZATION), sources, F.col("encounter"))
    meant = concepts.with_concept(rows, "vaccine_key", concepts.vaccines(sources.knowledge), "vaccine")
    meant = meant.withColumn("resource_id", uuid("Immunization", F.col("id")))
    return written(
        once(meant, known_on(F.to_date("start_time"), F.col("resource_id"), RECORD_DAYS)),
        "Immunization",
        F.array(F.lit(_PROFILE)),
        status=F.lit("completed"),
        vaccineCode=F.col("vaccine"),
        patient=subject(),
        encounter=reference("Encounter", F.col("encounter")),
        occurrenceDateTime=F.col("start_time"),
        primarySource=F.lit(True),
    )
