"""FHIR Condition: the problem list, and the diagnoses of encounters."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.synthetic.ehr import concepts
from lakehouse.synthetic.ehr.datatypes import US_CORE, concept, fixed, reference, subject, uuid
from lakehouse.synthetic.ehr.filing import filed
from lakehouse.synthetic.ehr.lags import RECORD_DAYS, corrected_on, known_on, retracted_on
from lakehouse.synthetic.ehr.versions import versions, written
from lakehouse.synthetic.frames import CONDITION, DIAGNOSIS, ENCOUNTER
from lakehouse.synthetic.sources import Sources

_PROBLEM, _DIAGNOSIS = "problem-list-item", "encounter-diagnosis"
_PROFILE = f"{US_CORE}us-core-condition-"
_PROFILES = {_PROBLEM: f"{_PROFILE}problems-health-concerns", _DIAGNOSIS: f"{_PROFILE}encounter-diagnosis"}
_CATEGORY = "http://terminology.hl7.org/CodeSystem/condition-category"
_CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
_VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"


def condition(sources: Sources) -> DataFrame:
    """One Condition per problem and per diagnosis of an encounter.

    What ends gets another version; what is corrected was only provisional before; few are entered in error.
    """
    rows = filed(_problems(sources).unionByName(_diagnoses(sources)), sources, F.col("encounter"))
    meant = concepts.with_concept(rows, "condition_key", concepts.conditions(sources.knowledge), "code")
    id_ = F.col("resource_id")
    first = known_on(F.col("recorded_date"), id_, RECORD_DAYS)
    told = versions(
        meant,
        first,
        ended=known_on(F.col("end_date"), id_, RECORD_DAYS),
        corrected=corrected_on(first, id_),
        retracted=retracted_on(first, id_),
    )
    return written(
        told,
        "Condition",
        F.array(_by_category(_PROFILES[_PROBLEM], _PROFILES[_DIAGNOSIS])),
        clinicalStatus=F.when(~F.col("retracted"), fixed(_CLINICAL, _clinical_status())),
        verificationStatus=fixed(_VERIFICATION, _verification_status(id_)),
        category=F.array(fixed(_CATEGORY, F.col("category"))),
        code=F.col("code"),
        subject=subject(),
        encounter=reference("Encounter", F.col("encounter")),
        onsetDateTime=F.col("onset_date"),
        abatementDateTime=F.when(F.col("ended"), F.col("end_date")),
        recordedDate=F.col("recorded_date"),
        stage=F.when(F.col("stage").isNotNull(), F.array(F.struct(concept(text=F.col("stage")).alias("summary")))),
    )


def _problems(sources: Sources) -> DataFrame:
    return sources.seen(CONDITION).select(
        "person", "encounter", "condition_key", "onset_date", "recorded_date", "end_date", "stage",
        F.lit(_PROBLEM).alias("category"), uuid("Condition", F.col("id")).alias("resource_id"),
    )  # fmt: skip


def _diagnoses(sources: Sources) -> DataFrame:
    day = F.to_date("start_time")
    days = sources.seen(ENCOUNTER).select(F.col("id").alias("encounter"), day.alias("recorded_date"))
    # The rank tells two diagnoses of one encounter apart.
    id_ = uuid("Condition", F.col("encounter"), F.col("rank"))
    return (
        sources.frames[DIAGNOSIS]
        .select("person", "encounter", "rank", "condition_key")
        .join(days, "encounter")
        .select(
            "person", "encounter", "condition_key", F.lit(None).cast("date").alias("onset_date"), "recorded_date",
            F.lit(None).cast("date").alias("end_date"), F.lit(None).cast("string").alias("stage"),
            F.lit(_DIAGNOSIS).alias("category"), id_.alias("resource_id"),
        )
    )  # fmt: skip


def _by_category(of_problem: str, of_diagnosis: str) -> Column:
    return F.when(F.col("category") == _PROBLEM, of_problem).otherwise(of_diagnosis)


def _clinical_status() -> Column:
    return F.when(F.col("ended"), "resolved").otherwise("active")


def _verification_status(id_: Column) -> Column:
    awaits_correction = corrected_on(F.col("recorded_date"), id_).isNotNull() & ~F.col("corrected")
    return F.when(F.col("retracted"), "entered-in-error").when(awaits_correction, "provisional").otherwise("confirmed")
