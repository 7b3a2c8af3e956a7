"""FHIR ImagingStudy."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.synthetic.ehr import concepts
from lakehouse.synthetic.ehr.datatypes import coding, reference, subject, uuid
from lakehouse.synthetic.ehr.filing import filed
from lakehouse.synthetic.ehr.lags import RECORD_DAYS, known_on
from lakehouse.synthetic.ehr.versions import once, written
from lakehouse.synthetic.frames import IMAGING
from lakehouse.synthetic.sources import Sources

_DICOM = "http://dicom.nema.org/resources/ontology/DCM"
_UID_ROOT = "2.25."
"""The root under which DICOM lets anybody use an integer as a UID."""


def imaging_study(sources: Sources) -> DataFrame:
    """One ImagingStudy of one series per study; US Core 6.1 has no profile of it."""
    rows = filed(sources.seen(IMAGING), sources, F.col("encounter"))
    meant = concepts.with_concept(rows, "procedure_key", concepts.procedures(sources.knowledge), "code")
    meant = meant.withColumn("resource_id", uuid("ImagingStudy", F.col("id")))
    return written(
        once(meant, known_on(F.to_date("start_time"), F.col("resource_id"), RECORD_DAYS)),
        "ImagingStudy",
        None,
        identifier=F.array(_identifier()),
        status=F.lit("available"),
        modality=F.array(_modality()),
        subject=subject(),
        encounter=reference("Encounter", F.col("encounter")),
        started=F.col("start_time"),
        numberOfSeries=F.lit(1),
        procedureCode=F.array("code"),
        series=F.array(_series()),
    )


def _identifier() -> Column:
    return F.struct(
        F.lit("urn:dicom:uid").alias("system"), F.concat(F.lit(f"urn:oid:{_UID_ROOT}"), F.col("id")).alias("value")
    )


def _modality() -> Column:
    return coding(_DICOM, F.col("modality"))


def _series() -> Column:
    # The study has the integer of its id, its series the next one.
    uid = F.concat(F.lit(_UID_ROOT), F.col("id") + 1)
    return F.struct(
        uid.alias("uid"), F.lit(1).alias("number"), _modality().alias("modality"),
        F.col("start_time").alias("started"),
    )  # fmt: skip
