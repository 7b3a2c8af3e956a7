"""How often what no standard concept is known for stands in the clinical tables."""

from __future__ import annotations

from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.contract import Column, Table
from lakehouse.silver.clinical.condition_occurrence import ConditionOccurrence
from lakehouse.silver.clinical.device_exposure import DeviceExposure
from lakehouse.silver.clinical.drug_exposure import DrugExposure
from lakehouse.silver.clinical.measurement import Measurement
from lakehouse.silver.clinical.observation import Observation
from lakehouse.silver.clinical.procedure_occurrence import ProcedureOccurrence
from lakehouse.silver.clinical.specimen import Specimen


class UnmappedCodeCount(Table):
    """How many rows and persons have which code with concept 0.

    It is apart from silver.unmapped_code, which says what the codes mean, so that a delivery for a few persons is
    counted, and not everybody again.
    """

    layer = "silver"
    grain = "one row per clinical table, kind of field and code without a standard concept"
    key = ("clinical_table", "field", "source_code")
    adds_up_by = "person_id"

    clinical_table = Column("string", "the table whose rows have the code", required=True)
    field = Column("string", "what the code is of: the event itself (code), its unit or its value", required=True)
    source_code = Column("string", "the code as the source gives it, else the words; empty for neither", required=True)
    rows = Column("bigint", "rows that have it", required=True)
    persons = Column("bigint", "persons who have such a row", required=True)

    @staticmethod
    def build(
        conditions: ConditionOccurrence,
        drugs: DrugExposure,
        procedures: ProcedureOccurrence,
        devices: DeviceExposure,
        measurements: Measurement,
        observations: Observation,
        specimens: Specimen,
    ) -> DataFrame:
        """Count what has concept 0."""
        code, unit = "{0}_concept_id {0}_source_value", "unit_concept_id unit_source_value"
        value = "value_as_concept_id value_source_value"
        unmapped = [
            _unmapped(conditions, ConditionOccurrence, "code", code.format("condition")),
            _unmapped(drugs, DrugExposure, "code", code.format("drug")),
            _unmapped(procedures, ProcedureOccurrence, "code", code.format("procedure")),
            _unmapped(devices, DeviceExposure, "code", code.format("device")),
            _unmapped(measurements, Measurement, "code", code.format("measurement")),
            _unmapped(measurements, Measurement, "unit", unit),
            _unmapped(measurements, Measurement, "value", value),
            _unmapped(observations, Observation, "code", code.format("observation")),
            _unmapped(observations, Observation, "unit", unit),
            _unmapped(observations, Observation, "value", value),
            _unmapped(specimens, Specimen, "code", code.format("specimen")),
            _unmapped(specimens, Specimen, "unit", unit),
        ]
        return (
            reduce(DataFrame.unionByName, unmapped)
            .groupBy(*UnmappedCodeCount.key)
            .agg(F.count("*").alias("rows"), F.count_distinct("person_id").alias("persons"))
        )


def _unmapped(rows: DataFrame, table: type[Table], field: str, columns: str) -> DataFrame:
    """The rows in which a code has concept 0; `columns` are those of the concept and of the source's value."""
    concept, source = columns.split()
    return rows.filter(F.col(concept) == 0).select(
        F.lit(table.table_name()).alias("clinical_table"),
        F.lit(field).alias("field"),
        F.coalesce(source, F.lit("")).alias("source_code"),
        "person_id",
    )
