"""What is known at discharge that may tell of a readmission."""

from __future__ import annotations

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.contract import RESEARCH, Column, Table, expect_or_fail
from lakehouse.gold.readmission.readmission_index_stay import ReadmissionIndexStay
from lakehouse.silver.clinical.concepts import DIAGNOSIS_OF_CLAIM, EMERGENCY_VISIT, INPATIENT_VISIT
from lakehouse.silver.clinical.condition_occurrence import ConditionOccurrence
from lakehouse.silver.clinical.drug_exposure import DrugExposure
from lakehouse.silver.clinical.person import Person
from lakehouse.silver.clinical.visit_occurrence import VisitOccurrence

MALE = 8507
"""OMOP gender concept."""


class ReadmissionFeatures(Table):
    """The features of the readmission model: nothing that happened or was recorded after the day of discharge.

    Hospital and payers both tell of what was before. Of the diagnoses of claims only those of care that began before
    the admission count, since a claim for the stay is coded after it.
    The choice follows the LACE index (van Walraven 2010: length of stay, acuity, comorbidity, emergency visits)
    and what HOSPITAL (Donze 2013) adds from the record: admissions in the year before.
    """

    layer = "gold"
    grain = "one row per stay that was followed up"
    key = ("visit_occurrence_id",)
    scope = "person_id"
    serves = (RESEARCH,)

    visit_occurrence_id = Column("bigint", "the index stay", required=True)
    person_id = Column("bigint", "whose stay", required=True)
    discharge_date = Column("date", "day at whose end the features are known", required=True)
    age_at_admission = Column("double", "age", unit="years", required=True)
    is_male = Column("double", "1 if male, 0 if not", required=True)
    length_of_stay = Column("double", "length of the stay", unit="days", required=True)
    emergency_visits_365d = Column("double", "emergency visits in the 365 days before admission", required=True)
    inpatient_visits_365d = Column("double", "inpatient encounters in the 365 days before admission", required=True)
    conditions_365d = Column("double", "distinct conditions told in the 365 days to discharge", required=True)
    drugs_90d = Column("double", "distinct drugs ordered or had in the 90 days to discharge", required=True)
    readmitted_within_30_days = Column("double", "what is to be predicted: 1 if readmitted, 0 if not", required=True)

    expectations = (expect_or_fail("the outcome is 0 or 1", "readmitted_within_30_days in (0, 1)"),)

    @staticmethod
    def build(
        stays: ReadmissionIndexStay,
        persons: Person,
        visits: VisitOccurrence,
        conditions: ConditionOccurrence,
        drugs: DrugExposure,
    ) -> DataFrame:
        """Count what happened before, by stay."""
        eligible = stays.filter("is_followed_up")
        before = F.datediff("admission_date", "visit_start_date").between(1, 365)
        visit_counts = _by_stay(
            eligible, visits, before,
            emergency_visits_365d=F.count_if(F.col("visit_concept_id") == EMERGENCY_VISIT),
            inpatient_visits_365d=F.count_if(F.col("visit_concept_id") == INPATIENT_VISIT),
        )  # fmt: skip
        coded_later = F.col("condition_type_concept_id").isin(*DIAGNOSIS_OF_CLAIM)
        last_day = F.when(coded_later, F.date_sub("admission_date", 1)).otherwise(F.col("discharge_date"))
        recent_conditions = F.datediff(last_day, "condition_start_date").between(0, 365)
        condition_counts = _by_stay(eligible, conditions, recent_conditions, conditions_365d=_distinct("condition"))
        recent_drugs = F.datediff("discharge_date", "drug_exposure_start_date").between(0, 90)
        drug_counts = _by_stay(eligible, drugs, recent_drugs, drugs_90d=_distinct("drug"))
        counted = ["emergency_visits_365d", "inpatient_visits_365d", "conditions_365d", "drugs_90d"]
        features = (
            eligible.join(persons.select("person_id", "gender_concept_id"), "person_id")
            .join(visit_counts, ["person_id", "visit_occurrence_id"], "left")
            .join(condition_counts, ["person_id", "visit_occurrence_id"], "left")
            .join(drug_counts, ["person_id", "visit_occurrence_id"], "left")
            .withColumn("is_male", F.col("gender_concept_id") == MALE)
            .fillna(0, counted)
        )
        keep = ("visit_occurrence_id", "person_id", "discharge_date")
        return features.select(*keep, *(F.col(n).cast("double") for n in ReadmissionFeatures.declared if n not in keep))


def _distinct(what: str) -> SparkColumn:
    """How many different things: by the concept, which codes of hospital and payer share, else by the code."""
    concept, code = F.col(f"{what}_concept_id"), F.col(f"{what}_source_value")
    return F.countDistinct(F.when(concept > 0, concept.cast("string")).otherwise(code))


def _by_stay(stays: DataFrame, events: DataFrame, when: SparkColumn, **counts: SparkColumn) -> DataFrame:
    """Counts of the person's events for which `when` holds, for each stay that has any."""
    of_stay = stays.select("person_id", "visit_occurrence_id", "admission_date", "discharge_date")
    events = events.drop("visit_occurrence_id")
    return (
        of_stay.join(events, "person_id")
        .filter(when)
        .groupBy("person_id", "visit_occurrence_id")
        .agg(*(count.alias(name) for name, count in counts.items()))
    )
