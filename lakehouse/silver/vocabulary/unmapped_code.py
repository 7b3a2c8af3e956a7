"""What no standard concept is known for."""

from __future__ import annotations

from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.bronze.ehr.condition import Condition
from lakehouse.bronze.ehr.device import Device
from lakehouse.bronze.ehr.immunization import Immunization
from lakehouse.bronze.ehr.medication import Medication
from lakehouse.bronze.ehr.medication_administration import MedicationAdministration
from lakehouse.bronze.ehr.medication_request import MedicationRequest
from lakehouse.bronze.ehr.observation import Observation as ObservationResource
from lakehouse.bronze.ehr.procedure import Procedure
from lakehouse.contract import Column, Table
from lakehouse.silver.clinical.condition_occurrence import ConditionOccurrence
from lakehouse.silver.clinical.device_exposure import DeviceExposure
from lakehouse.silver.clinical.drug_exposure import DrugExposure
from lakehouse.silver.clinical.measurement import Measurement
from lakehouse.silver.clinical.observation import Observation
from lakehouse.silver.clinical.procedure_occurrence import ProcedureOccurrence
from lakehouse.silver.vocabulary.code_system import CodeSystem

_OF_COMPONENTS = """flatten(transform(component, part -> concat(
    coalesce(part.code.coding, array()), coalesce(part.valueCodeableConcept.coding, array()))))"""


class UnmappedCode(Table):
    """Codes, units and coded values that stand in the clinical tables with concept 0, to be mapped by frequency.

    The rows stay where they are. Which vocabulary a code is of, and what it means, is what the FHIR codings say.
    """

    layer = "silver"
    grain = "one row per clinical table, kind of field and code without a standard concept"
    key = ("clinical_table", "field", "source_code")

    clinical_table = Column("string", "the table whose rows have the code", required=True)
    field = Column("string", "what the code is of: the event itself (code), its unit or its value", required=True)
    source_code = Column("string", "the code as the source gives it, else the words; empty for neither", required=True)
    source_vocabulary_id = Column("string", "its vocabulary in OMOP, else its system; null where no coding names one")
    source_code_description = Column("string", "what the code means; null where no coding says it")
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
        condition_resources: Condition,
        procedure_resources: Procedure,
        device_resources: Device,
        observation_resources: ObservationResource,
        requests: MedicationRequest,
        administrations: MedicationAdministration,
        immunizations: Immunization,
        medications: Medication,
        systems: CodeSystem,
    ) -> DataFrame:
        """Count what has concept 0, and look its codings up."""
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
        ]
        codings = [
            condition_resources.selectExpr("code.coding"),
            procedure_resources.selectExpr("code.coding"),
            device_resources.selectExpr("type.coding"),
            medications.selectExpr("code.coding"),
            immunizations.selectExpr("vaccine_code.coding"),
            requests.selectExpr("medication_codeable_concept.coding"),
            administrations.selectExpr("medication_codeable_concept.coding"),
            observation_resources.selectExpr("code.coding"),
            observation_resources.selectExpr("value_codeable_concept.coding"),
            observation_resources.selectExpr(f"{_OF_COMPONENTS} as coding"),
        ]
        counted = reduce(DataFrame.unionByName, unmapped)
        known = _meanings(reduce(DataFrame.unionByName, codings), systems)
        vocabulary = F.when(F.col("field") == "unit", F.lit("UCUM")).otherwise(F.col("source_vocabulary_id"))
        return (
            counted.join(known, "source_code", "left")
            .withColumn("source_vocabulary_id", vocabulary)
            .select(*UnmappedCode.declared)
        )


def _unmapped(rows: DataFrame, table: type[Table], field: str, columns: str) -> DataFrame:
    """How often each code of a field has concept 0; its columns are those of the concept and of the source's value."""
    concept, source = columns.split()
    return (
        rows.filter(F.col(concept) == 0)
        .groupBy(F.coalesce(source, F.lit("")).alias("source_code"))
        .agg(F.count("*").alias("rows"), F.count_distinct("person_id").alias("persons"))
        .select(F.lit(table.table_name()).alias("clinical_table"), F.lit(field).alias("field"), "*")
    )


def _meanings(codings: DataFrame, systems: DataFrame) -> DataFrame:
    """One vocabulary and one meaning of each code: the first by alphabet of those that are said."""
    return (
        codings.select(F.explode("coding").alias("coding"))
        .selectExpr("coding.system as uri", "coding.code as source_code", "coding.display")
        .join(F.broadcast(systems), "uri", "left")
        .groupBy("source_code")
        .agg(
            F.min(F.coalesce("vocabulary_id", "uri")).alias("source_vocabulary_id"),
            F.min("display").alias("source_code_description"),
        )
    )
