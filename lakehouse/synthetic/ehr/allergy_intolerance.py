"""FHIR AllergyIntolerance."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.synthetic.ehr import concepts
from lakehouse.synthetic.ehr.datatypes import US_CORE, fixed, list_of, reference, subject, uuid
from lakehouse.synthetic.ehr.filing import filed
from lakehouse.synthetic.ehr.lags import RECORD_DAYS, known_on
from lakehouse.synthetic.ehr.versions import once, written
from lakehouse.synthetic.frames import ALLERGY
from lakehouse.synthetic.sources import Sources

_PROFILE = f"{US_CORE}us-core-allergyintolerance"
_CLINICAL = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
_VERIFICATION = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification"


def allergy_intolerance(sources: Sources) -> DataFrame:
    """One AllergyIntolerance per thing that a person does not tolerate."""
    rows = filed(sources.seen(ALLERGY), sources, F.col("encounter"))
    meant = concepts.with_concept(rows, "allergy_key", concepts.allergies(sources.knowledge), "code")
    meant = concepts.with_concept(meant, "reaction_key", concepts.reactions(sources.knowledge), "manifestation")
    meant = meant.withColumn("resource_id", uuid("AllergyIntolerance", F.col("id")))
    return written(
        once(meant, known_on(F.col("recorded_date"), F.col("resource_id"), RECORD_DAYS)),
        "AllergyIntolerance",
        F.array(F.lit(_PROFILE)),
        clinicalStatus=fixed(_CLINICAL, "active"),
        verificationStatus=fixed(_VERIFICATION, "confirmed"),
        type=F.lit("allergy"),
        category=F.array("category"),
        criticality=F.when(F.col("severity") == "severe", "high").otherwise("low"),
        code=F.col("code"),
        patient=subject(),
        encounter=reference("Encounter", F.col("encounter")),
        recordedDate=F.col("recorded_date"),
        reaction=list_of(_reaction()),
    )


def _reaction() -> Column:
    manifestation = F.col("manifestation")
    reaction = F.struct(F.array(manifestation).alias("manifestation"), F.col("severity").alias("severity"))
    return F.when(manifestation.isNotNull(), reaction)
