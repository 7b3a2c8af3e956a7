"""Stays after which a readmission is looked for."""

from __future__ import annotations

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.contract import RESEARCH, Column, Table, expect, expect_or_fail
from lakehouse.silver.clinical.concepts import INPATIENT_VISIT
from lakehouse.silver.clinical.death import Death
from lakehouse.silver.clinical.observation_period import ObservationPeriod
from lakehouse.silver.clinical.person import Person
from lakehouse.silver.clinical.visit_occurrence import VisitOccurrence
from lakehouse.silver.identity.consent import Consent
from lakehouse.silver.spans import with_span

_BORN = "make_date(year_of_birth, coalesce(month_of_birth, 7), coalesce(day_of_birth, 1))"

LEFT_AGAINST_ADVICE = "07"
"""CMS patient discharge status: left against medical advice or discontinued care."""


class ReadmissionIndexStay(Table):
    """Inpatient stays of adults that a readmission could follow, and whether one did within 30 days.

    After the CMS hospital-wide all-cause readmission measure (2024), on what hospital and payers know: visits
    that follow each other on the same or the next day are one stay (a transfer), which belongs to its last
    hospital; stays that end in death or against advice are left out. Unlike the measure it takes all adults
    and payers, does not tell planned readmissions apart, and leaves no stay out by its principal diagnosis.
    """

    layer = "gold"
    grain = "one row per eligible stay"
    key = ("visit_occurrence_id",)
    scope = "person_id"
    serves = (RESEARCH,)

    visit_occurrence_id = Column("bigint", "the last visit of the stay", required=True)
    person_id = Column("bigint", "whose stay", required=True)
    admission_date = Column("date", "day of arriving in the first hospital of the stay", required=True)
    discharge_date = Column("date", "day of leaving the last hospital of the stay", required=True)
    length_of_stay = Column("int", "from admission to discharge", unit="days", required=True)
    age_at_admission = Column("int", "completed years", unit="years", required=True)
    days_to_readmission = Column("int", "until the person's next stay began; null where there is none", unit="days")
    readmitted_within_30_days = Column("boolean", "whether the next stay began within 30 days", required=True)
    is_followed_up = Column("boolean", "whether the 30 days are observed: only such stays count", required=True)

    expectations = (
        expect_or_fail("leaves no earlier than arrives", "discharge_date >= admission_date"),
        expect("age is plausible", "age_at_admission between 18 and 120"),
    )

    @staticmethod
    def build(
        visits: VisitOccurrence, persons: Person, deaths: Death, periods: ObservationPeriod, consents: Consent
    ) -> DataFrame:
        """Join visits into stays, keep the eligible ones, and look for the next."""
        of_person = Window.partitionBy("person_id").orderBy("admission_date", "visit_occurrence_id")
        stays = _stays(visits).withColumn("next_admission_date", F.lead("admission_date").over(of_person))
        followed = F.col("observation_period_end_date") >= F.date_add("discharge_date", 30)
        readmitted = F.coalesce(F.col("days_to_readmission") <= 30, F.lit(False))
        return (
            stays.join(persons, "person_id")
            .join(Consent.withdrawn(consents, RESEARCH), "person_id", "left_anti")
            .join(deaths.select("person_id", "death_date"), "person_id", "left")
            .join(periods.select("person_id", "observation_period_end_date"), "person_id")
            .withColumn("born", F.expr(_BORN))
            .withColumn("age_at_admission", F.floor(F.months_between("admission_date", "born") / 12).cast("int"))
            .filter("age_at_admission >= 18")
            .filter("death_date is null or death_date > discharge_date")
            .filter(F.coalesce(F.lpad("discharged_to_source_value", 2, "0") != LEFT_AGAINST_ADVICE, F.lit(True)))
            .withColumn("length_of_stay", F.datediff("discharge_date", "admission_date"))
            .withColumn("days_to_readmission", F.datediff("next_admission_date", "discharge_date"))
            .withColumn("readmitted_within_30_days", readmitted)
            .withColumn("is_followed_up", readmitted | followed)
            .select(*ReadmissionIndexStay.declared)
        )


def _stays(visits: DataFrame) -> DataFrame:
    """Inpatient visits of a person that touch or overlap, or follow on the next day, as one stay."""
    inpatient = visits.filter(F.col("visit_concept_id") == INPATIENT_VISIT)
    by_start = ("visit_start_date", "visit_end_date", "visit_occurrence_id")
    order = F.struct("visit_end_date", "visit_start_datetime", "visit_occurrence_id")
    last = F.max_by(F.struct("visit_occurrence_id", "discharged_to_source_value"), order)
    return (
        with_span(inpatient, ("person_id",), by_start, "visit_end_date", most_apart=1)
        .groupBy("person_id", "span")
        .agg(
            F.min("visit_start_date").alias("admission_date"),
            F.max("visit_end_date").alias("discharge_date"),
            last.alias("last"),
        )
        .select("person_id", "admission_date", "discharge_date", "last.*")
    )
