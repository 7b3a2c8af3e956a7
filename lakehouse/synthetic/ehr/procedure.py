"""FHIR Procedure."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.synthetic.ehr import concepts
from lakehouse.synthetic.ehr.datatypes import US_CORE, list_of, period, reference, subject, uuid
from lakehouse.synthetic.ehr.filing import filed
from lakehouse.synthetic.ehr.lags import RECORD_DAYS, known_on
from lakehouse.synthetic.ehr.versions import once, written
from lakehouse.synthetic.frames import PROCEDURE
from lakehouse.synthetic.sources import Sources

_PROFILE = f"{US_CORE}us-core-procedure"


def procedure(sources: Sources) -> DataFrame:
    """One Procedure per thing done."""
    rows = filed(sources.seen(PROCEDURE), sources, F.col("encounter"))
    meant = concepts.with_concept(rows, "procedure_key", concepts.procedures(sources.knowledge), "code")
    meant = concepts.with_concept(meant, "reason_key", concepts.conditions(sources.knowledge), "reason")
    meant = meant.withColumn("resource_id", uuid("Procedure", F.col("id")))
    start, end = F.col("start_time"), F.col("end_time")
    performer = F.struct(reference("Practitioner", F.col("practitioner")).alias("actor"))
    return written(
        once(meant, known_on(F.to_date(start), F.col("resource_id"), RECORD_DAYS)),
        "Procedure",
        F.array(F.lit(_PROFILE)),
        status=F.lit("completed"),
        code=F.col("code"),
        subject=subject(),
        encounter=reference("Encounter", F.col("encounter")),
        performedDateTime=F.when(end.isNull(), start),
        performedPeriod=F.when(end.isNotNull(), period(start, end)),
        performer=F.when(F.col("practitioner").isNotNull(), F.array(performer)),
        reasonCode=list_of(F.col("reason")),
    )
