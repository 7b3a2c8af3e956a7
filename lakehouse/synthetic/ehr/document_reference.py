"""FHIR DocumentReference: the notes, with their text."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.synthetic.ehr import concepts
from lakehouse.synthetic.ehr.datatypes import US_CORE, fixed, list_of, period, reference, subject, uuid
from lakehouse.synthetic.ehr.filing import filed
from lakehouse.synthetic.ehr.lags import NOTE_DAYS, known_on
from lakehouse.synthetic.ehr.versions import once, written
from lakehouse.synthetic.frames import NOTE
from lakehouse.synthetic.sources import Sources

_PROFILE = f"{US_CORE}us-core-documentreference"
_CATEGORY = "http://hl7.org/fhir/us/core/CodeSystem/us-core-documentreference-category"


def document_reference(sources: Sources) -> DataFrame:
    """One DocumentReference per note."""
    rows = filed(sources.seen(NOTE), sources, F.col("encounter"))
    rows = concepts.with_concept(rows, "note_key", concepts.note_kinds(sources.knowledge), "type")
    rows = rows.withColumn("resource_id", uuid("DocumentReference", F.col("id")))
    return written(
        once(rows, known_on(F.to_date("start_time"), F.col("resource_id"), NOTE_DAYS)),
        "DocumentReference",
        F.array(F.lit(_PROFILE)),
        status=F.lit("current"),
        type=F.col("type"),
        category=F.array(fixed(_CATEGORY, "clinical-note", "Clinical Note")),
        subject=subject(),
        date=F.col("start_time"),
        author=list_of(reference("Practitioner", F.col("practitioner"))),
        content=F.array(_content()),
        context=_context(),
    )


def _content() -> Column:
    # Spark breaks base64 into lines; in JSON the breaks would be escapes.
    data = F.translate(F.base64(F.encode("text", "UTF-8")), "\r\n", "")
    attachment = F.struct(F.lit("text/plain; charset=utf-8").alias("contentType"), data.alias("data"))
    return F.struct(attachment.alias("attachment"))


def _context() -> Column:
    time = F.col("start_time")
    return F.struct(
        list_of(reference("Encounter", F.col("encounter"))).alias("encounter"), period(time, time).alias("period")
    )
