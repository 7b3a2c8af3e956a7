"""How good the tables of OMOP are."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.contract import Column, Table, expect, expect_or_fail
from lakehouse.silver.clinical.care_site import CareSite
from lakehouse.silver.clinical.cdm_source import CdmSource
from lakehouse.silver.clinical.condition_era import ConditionEra
from lakehouse.silver.clinical.condition_occurrence import ConditionOccurrence
from lakehouse.silver.clinical.cost import Cost
from lakehouse.silver.clinical.death import Death
from lakehouse.silver.clinical.device_exposure import DeviceExposure
from lakehouse.silver.clinical.dose_era import DoseEra
from lakehouse.silver.clinical.drug_era import DrugEra
from lakehouse.silver.clinical.drug_exposure import DrugExposure
from lakehouse.silver.clinical.location import Location
from lakehouse.silver.clinical.measurement import Measurement
from lakehouse.silver.clinical.note import Note
from lakehouse.silver.clinical.observation import Observation
from lakehouse.silver.clinical.observation_period import ObservationPeriod
from lakehouse.silver.clinical.payer_plan_period import PayerPlanPeriod
from lakehouse.silver.clinical.person import Person
from lakehouse.silver.clinical.procedure_occurrence import ProcedureOccurrence
from lakehouse.silver.clinical.provider import Provider
from lakehouse.silver.clinical.visit_occurrence import VisitOccurrence
from lakehouse.silver.quality.counts import check_all
from lakehouse.silver.vocabulary.concept import Concept
from lakehouse.silver.vocabulary.domain import Domain
from lakehouse.silver.vocabulary.lab_vital import LabVital


class QualityCheckResult(Table):
    """The checks of OHDSI's Data Quality Dashboard (version 2.8) on the tables of OMOP CDM 5.4, by delivery.

    What is checked of which field: lakehouse.silver.quality.cdm; how: lakehouse.silver.quality.counts. Counted are the
    rows that a table has now, in the delivery that the line came in which they were made from: what was replaced or
    refused is in no delivery. `all` has the whole table, also rows that were made from no single line. Like the
    dashboard by default, it leaves out the tables of the vocabulary. The key of a table is unique by its contract.
    Units and ranges of measurements are those of silver.lab_vital.

    Otherwise than the dashboard, a check looks at the rows that it can speak of alone (those that have the value, and
    a person or a visit that is known), so that a share is not small because a field is rare; distinct source values
    leave out null; who was born in an unknown month is compared with 1 January; a unit that nobody knows is a matter
    of completeness and not of plausibility.
    """

    layer = "silver"
    grain = "one row per check of a field, and of a concept and unit where it is of one, in each delivery and in all"
    key = ("cdm_table", "cdm_field", "check_name", "concept_id", "unit_concept_id", "delivery")

    cdm_table = Column("string", "table of the CDM", required=True)
    cdm_field = Column("string", "field of the table; person_id where persons are counted", required=True)
    check_name = Column("string", "name of the check in the dashboard", required=True)
    category = Column("string", "conformance, completeness or plausibility (Kahn 2016)", required=True)
    concept_id = Column("int", "the concept whose rows are checked; 0 for all", required=True)
    unit_concept_id = Column("int", "the unit of the values that are checked; 0 for any", required=True)
    delivery = Column("string", "dated directory of the landing zone; all for the whole table", required=True)
    rows_looked_at = Column("bigint", "rows, values or persons that the check speaks of", required=True)
    rows_failing = Column("bigint", "those of them that fail", required=True)
    percent_failing = Column("double", "failing in a hundred looked at; null where there are none")
    threshold = Column("int", "percentage that may fail by default in the dashboard", required=True)
    passed = Column("boolean", "whether no more than that fail; null where there was nothing to look at")

    expectations = (
        expect_or_fail("no more fail than were looked at", "rows_failing between 0 and rows_looked_at"),
        expect("passes", "passed or delivery != 'all'"),
    )

    @staticmethod
    def build(
        person: Person,
        observation_period: ObservationPeriod,
        visit_occurrence: VisitOccurrence,
        condition_occurrence: ConditionOccurrence,
        drug_exposure: DrugExposure,
        procedure_occurrence: ProcedureOccurrence,
        device_exposure: DeviceExposure,
        measurement: Measurement,
        observation: Observation,
        death: Death,
        note: Note,
        location: Location,
        care_site: CareSite,
        provider: Provider,
        payer_plan_period: PayerPlanPeriod,
        cost: Cost,
        condition_era: ConditionEra,
        drug_era: DrugEra,
        dose_era: DoseEra,
        cdm_source: CdmSource,
        concept: Concept,
        domain: Domain,
        ranges: LabVital,
    ) -> DataFrame:
        """Check every table."""
        tables = {
            "person": person, "observation_period": observation_period, "visit_occurrence": visit_occurrence,
            "condition_occurrence": condition_occurrence, "drug_exposure": drug_exposure,
            "procedure_occurrence": procedure_occurrence, "device_exposure": device_exposure,
            "measurement": measurement, "observation": observation, "death": death, "note": note,
            "location": location, "care_site": care_site, "provider": provider,
            "payer_plan_period": payer_plan_period, "cost": cost, "condition_era": condition_era,
            "drug_era": drug_era, "dose_era": dose_era, "cdm_source": cdm_source, "concept": concept,
            "domain": domain,
        }  # fmt: skip
        return check_all(tables, ranges).select(
            "cdm_table",
            F.col("field").alias("cdm_field"),
            F.col("check").alias("check_name"),
            "category",
            "concept_id",
            "unit_concept_id",
            "delivery",
            F.col("rows").alias("rows_looked_at"),
            F.col("failing").alias("rows_failing"),
            F.col("percent").alias("percent_failing"),
            "threshold",
            "passed",
        )
