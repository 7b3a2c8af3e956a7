"""Under which Patient a record is filed."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.synthetic.ehr.datatypes import uuid
from lakehouse.synthetic.ehr.lags import draw
from lakehouse.synthetic.frames import IDENTITY
from lakehouse.synthetic.sources import Sources

DUPLICATE_SHARE = 0.3
"""The share of the encounters of a person with two Patients that are filed under the second."""


def filed(rows: DataFrame, sources: Sources, encounter: Column | None = None) -> DataFrame:
    """Add `patient`, the id of the Patient; rows of persons whom the EHR does not know are left out.

    All that belongs to an encounter is filed under the same Patient; what belongs to none, under the first.
    """
    joined = rows.join(F.broadcast(_registrations(sources)), "person")
    patient = F.col("_patient")
    if encounter is not None:
        under_second = F.col("_second").isNotNull() & (draw("duplicate", encounter) < DUPLICATE_SHARE)
        patient = F.when(under_second & encounter.isNotNull(), F.col("_second")).otherwise(patient)
    return joined.withColumn("patient", patient).drop("_patient", "_second")


def _registrations(sources: Sources) -> DataFrame:
    """The ids of each person's Patients: the first, and the duplicate where there is one."""
    is_first, id_ = F.col("duplicate_of").isNull(), uuid("Patient", F.col("source_id"))
    return (
        sources.frames[IDENTITY]
        .filter("world = 'ehr'")
        .groupBy("person")
        .agg(F.max(F.when(is_first, id_)).alias("_patient"), F.max(F.when(~is_first, id_)).alias("_second"))
    )
