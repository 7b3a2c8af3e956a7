"""What the records of persons refer to, and how often."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.contract import Column, Table
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
from lakehouse.silver.quality.counts import with_deliveries
from lakehouse.silver.quality.references import count_references


class QualityReferenceCount(Table):
    """How often the records of persons name which concept, provider, place and so on, for which value of the source.

    A value that is an empty text is none. It is apart from silver.quality_check_result, which looks each up once, so
    that a delivery for a few persons is counted, and not everybody again.
    """

    layer = "silver"
    grain = "one row per field, what it refers to, value of the source and delivery"
    key = ("cdm_table", "cdm_field", "referred_table", "referred_id", "source_value", "delivery")
    adds_up_by = "person_id"

    cdm_table = Column("string", "table of the CDM", required=True)
    cdm_field = Column("string", "field of the table", required=True)
    referred_table = Column("string", "table that the field refers to", required=True)
    referred_id = Column("string", "key of the row there; empty where the field has none", required=True)
    source_value = Column("string", "what the source says for it; empty where it says nothing", required=True)
    delivery = Column("string", "dated directory of the landing zone; empty for rows of no single line", required=True)
    rows_referring = Column("bigint", "rows that refer to it", required=True)

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
    ) -> DataFrame:
        """Count what is referred to."""
        tables = dict(locals())  # the arguments have the names of the tables
        referring = count_references(with_deliveries(tables)).withColumnsRenamed(
            {"field": "cdm_field", "target": "referred_table", "key": "referred_id", "times": "rows_referring"}
        )
        return (
            referring.withColumns({
                name: F.coalesce(name, F.lit("")) for name in ("referred_id", "source_value", "delivery")
            })
            .groupBy(*QualityReferenceCount.key)
            .agg(F.sum("rows_referring").alias("rows_referring"))
        )  # fmt: skip
