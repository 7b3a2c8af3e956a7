"""What is known at discharge that may tell of a readmission."""

from __future__ import annotations

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.contract import Column, Table, expect_or_fail
from lakehouse.gold.readmission.readmission_index_stay import ReadmissionIndexStay
from lakehouse.silver.clinical.concepts import EMERGENCY_VISIT, INPATIENT_VISIT
from lakehouse.silver.clinical.condition_occurrence import ConditionOccurrence
from lakehouse.silver.clinical.drug_exposure import DrugExposure
from lakehouse.silver.clinical.person import Person
from lakehouse.silver.clinical.visit_occurrence import VisitOccurrence

MALE = 8507
"""OMOP gender concept."""


class ReadmissionFeatures(Table):
    """The features of the readmission model: nothing that was recorded after the day of discharge.

    The choice follows the LACE index (van Walraven 2010: length of stay, acuity, comorbidity, emergency visits)
    and what HOSPITAL (Donze 2013) adds from the record: admissions in the year before.
    """

    layer = "gold"
    grain = "one row per stay that was followed up"
    key = ("visit_occurrence_id",)
    scope = "person_id"

    visit_occurrence_id = Column("bigint", "the index stay", required=True)
    person_id = Column("bigint", "whose stay", required=True)
    discharge_date = Column("date", "day at whose end the features are known", required=True)
    age_at_admission = Column("double", "age", unit="years", required=True)
    is_male = Column("double", "1 if male, 0 if not", required=True)
    length_of_stay = Column("double", "length of the stay", unit="days", required=True)
    emergency_visits_365d = Column("double", "emergency visits in the 365 days before admission", required=True)
    inpatient_visits_365d = Column("double", "inpatient encounters in the 365 days before admission", required=True)
    conditions_365d = Column("double", "distinct conditions recorded in the 365 days to discharge", required=True)
    drugs_90d = Column("double", "distinct drugs ordered or given in the 90 days to discharge", required=True)
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
        recent_conditions = F.datediff("discharge_date", "condition_start_date").between(0, 365)
        condition_counts = _by_stay(
            eligible, conditions, recent_conditions, conditions_365d=F.countDistinct("condition_source_value")
        )
        recent_drugs = F.datediff("discharge_date", "drug_exposure_start_date").between(0, 90)
        drug_counts = _by_stay(eligible, drugs, recent_drugs, drugs_90d=F.countDistinct("drug_source_value"))
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
