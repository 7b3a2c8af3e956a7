"""FHIR MedicationAdministration: drugs given during encounters."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.synthetic.ehr import concepts
from lakehouse.synthetic.ehr.datatypes import list_of, reference, subject, uuid
from lakehouse.synthetic.ehr.filing import filed
from lakehouse.synthetic.ehr.lags import RECORD_DAYS, known_on
from lakehouse.synthetic.ehr.versions import once, written
from lakehouse.synthetic.frames import ADMINISTRATION
from lakehouse.synthetic.sources import Sources


def medication_administration(sources: Sources) -> DataFrame:
    """One MedicationAdministration per drug given; US Core 6.1 has no profile of it."""
    rows = filed(sources.seen(ADMINISTRATION), sources, F.col("encounter"))
    meant = concepts.with_concept(rows, "drug_key", concepts.drugs(sources.knowledge), "medication")
    meant = concepts.with_concept(meant, "reason_key", concepts.conditions(sources.knowledge), "reason")
    meant = meant.withColumn("resource_id", uuid("MedicationAdministration", F.col("id")))
    dose = F.struct(F.struct(F.col("quantity").alias("value")).alias("dose"))
    return written(
        once(meant, known_on(F.to_date("start_time"), F.col("resource_id"), RECORD_DAYS)),
        "MedicationAdministration",
        None,
        status=F.lit("completed"),
        medicationCodeableConcept=F.col("medication"),
        subject=subject(),
        context=reference("Encounter", F.col("encounter")),
        effectiveDateTime=F.col("start_time"),
        reasonCode=list_of(F.col("reason")),
        dosage=F.when(F.col("quantity").isNotNull(), dose),
    )
