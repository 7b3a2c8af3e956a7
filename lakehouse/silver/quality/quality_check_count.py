"""What the checks of quality count of the records of persons."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.contract import Column, Table, expect_or_fail
from lakehouse.silver.clinical.condition_era import ConditionEra
from lakehouse.silver.clinical.condition_occurrence import ConditionOccurrence
from lakehouse.silver.clinical.cost import Cost
from lakehouse.silver.clinical.death import Death
from lakehouse.silver.clinical.device_exposure import DeviceExposure
from lakehouse.silver.clinical.dose_era import DoseEra
from lakehouse.silver.clinical.drug_era import DrugEra
from lakehouse.silver.clinical.drug_exposure import DrugExposure
from lakehouse.silver.clinical.measurement import Measurement
from lakehouse.silver.clinical.note import Note
from lakehouse.silver.clinical.observation import Observation
from lakehouse.silver.clinical.observation_period import ObservationPeriod
from lakehouse.silver.clinical.payer_plan_period import PayerPlanPeriod
from lakehouse.silver.clinical.person import Person
from lakehouse.silver.clinical.procedure_occurrence import ProcedureOccurrence
from lakehouse.silver.clinical.specimen import Specimen
from lakehouse.silver.clinical.visit_detail import VisitDetail
from lakehouse.silver.clinical.visit_occurrence import VisitOccurrence
from lakehouse.silver.quality.counts import count_of_persons, with_deliveries
from lakehouse.silver.quality.references import count_own
from lakehouse.silver.vocabulary.lab_vital import LabVital


class QualityCheckCount(Table):
    """How many records of persons each check of silver.quality_check_result speaks of, and how many of them fail.

    It is apart from the results so that a delivery for a few persons is counted, and not everybody again. A day that is
    after the day after its delivery, or of a row that is of no dated one, is told: what fails today may be right when
    the next delivery comes. Some checks are counted of fields of which they are not asked.
    """

    layer = "silver"
    grain = "one row per check of a field, of a concept and unit or a late day where it is of one, in each delivery"
    key = ("cdm_table", "cdm_field", "check_name", "concept_id", "unit_concept_id", "late_day", "delivery")
    adds_up_by = "person_id"

    cdm_table = Column("string", "table of the CDM", required=True)
    cdm_field = Column("string", "field of the table; person_id where persons are counted", required=True)
    check_name = Column("string", "name of the check in the dashboard", required=True)
    concept_id = Column("int", "the concept whose rows are checked; 0 for all", required=True)
    unit_concept_id = Column("int", "the unit of the values that are checked; 0 for any", required=True)
    late_day = Column("string", "a day that fails if the last delivery was before it; else empty", required=True)
    delivery = Column("string", "dated directory of the landing zone; empty for rows of no single line", required=True)
    rows_looked_at = Column("bigint", "rows or persons that the check speaks of", required=True)
    rows_failing = Column("bigint", "those of them that fail", required=True)

    expectations = (expect_or_fail("no more fail than were looked at", "rows_failing between 0 and rows_looked_at"),)

    @staticmethod
    def build(
        person: Person,
        observation_period: ObservationPeriod,
        visit_occurrence: VisitOccurrence,
        visit_detail: VisitDetail,
        condition_occurrence: ConditionOccurrence,
        drug_exposure: DrugExposure,
        procedure_occurrence: ProcedureOccurrence,
        device_exposure: DeviceExposure,
        measurement: Measurement,
        observation: Observation,
        specimen: Specimen,
        death: Death,
        note: Note,
        payer_plan_period: PayerPlanPeriod,
        cost: Cost,
        condition_era: ConditionEra,
        drug_era: DrugEra,
        dose_era: DoseEra,
        ranges: LabVital,
    ) -> DataFrame:
        """Count what is told of the rows, and of them beside the person and the visit."""
        tables = dict(locals())  # the arguments have the names of the tables
        checked = with_deliveries(tables)
        return (
            count_of_persons(checked, ranges)
            .unionAll(count_own(checked))
            .withColumnsRenamed({"field": "cdm_field", "check": "check_name"})
            .withColumn("delivery", F.coalesce("delivery", F.lit("")))
            .withColumn("late_day", F.coalesce(F.col("day").cast("string"), F.lit("")))
            .groupBy(*QualityCheckCount.key)
            .agg(F.sum("rows").alias("rows_looked_at"), F.sum("failing").alias("rows_failing"))
            .filter("rows_looked_at > 0")
        )
