"""What was measured on patients."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.bronze.ehr.observation import Observation as ObservationResource
from lakehouse.contract import Column, Table, expect, expect_or_drop
from lakehouse.keys import row_id
from lakehouse.silver.clinical.observed import observed
from lakehouse.silver.identity.patient_link import PatientLink
from lakehouse.silver.identity.provider_link import ProviderLink
from lakehouse.silver.vocabulary.code_system import CodeSystem
from lakehouse.silver.vocabulary.lab_vital import LabVital
from lakehouse.silver.vocabulary.source_to_concept import SourceToConcept


class Measurement(Table):
    """Laboratory results, vital signs and other measurements, from FHIR Observations (OMOP CDM 5.4 MEASUREMENT).

    Of the Observations and their components, those whose concept is of the Measurement domain and, where
    the concept is not known, those with a number; all others are in silver.observation. Values stay in the
    unit of the source. `is_plausible` compares with the usual range only where the unit is the usual one.
    """

    layer = "silver"
    grain = "one row per value: of an Observation, or of each of its components"
    key = ("measurement_id",)
    scope = "person_id"
    accounts_for = (ObservationResource,)

    measurement_id = Column("bigint", "id of the row", required=True)
    person_id = Column("bigint", "on whom it was measured", required=True)
    measurement_concept_id = Column("int", "standard concept; 0 where the code has none", required=True)
    measurement_date = Column("date", "day it was measured or, if unknown, made available", required=True)
    measurement_datetime = Column("timestamp", "the same as an instant (UTC); null where no time is given")
    measurement_type_concept_id = Column("int", "Lab, Survey or EHR", required=True)
    value_as_number = Column("double", "the number, in the unit of the row")
    value_as_concept_id = Column("int", "standard concept of a coded value; 0 where it has none, null where not coded")
    unit_concept_id = Column("int", "standard concept of the unit; 0 where it has none, null where none is given")
    range_low = Column("double", "lower limit of normal that the source gives")
    range_high = Column("double", "upper limit of normal that the source gives")
    provider_id = Column("bigint", "who measured it")
    visit_occurrence_id = Column("bigint", "visit in which it was measured")
    measurement_source_value = Column("string", "the code as the source gives it, else the words")
    measurement_source_concept_id = Column("int", "concept of that code; 0 where it is not known", required=True)
    unit_source_value = Column("string", "the unit as the source gives it")
    value_source_value = Column("string", "the value as the source gives it, with < or > where it has one")
    is_plausible = Column("boolean", "whether the number is in the test's plausible range; null where none is known")
    source_status = Column("string", "FHIR status of the Observation")
    line_id = Column("bigint", "the landed line that it was made from", required=True)

    expectations = (
        expect_or_drop("date is known", "measurement_date is not null"),
        expect_or_drop("has a result", "source_status not in ('registered', 'cancelled')"),
        expect("has a standard concept", "measurement_concept_id != 0"),
        expect("value is plausible", "is_plausible"),
        expect("a number has a unit", "value_as_number is null or unit_source_value is not null"),
        expect("its unit is known", "unit_concept_id != 0 or unit_source_value = '{INR}'"),
    )

    @staticmethod
    def build(
        observations: ObservationResource,
        links: PatientLink,
        providers: ProviderLink,
        systems: CodeSystem,
        codes: SourceToConcept,
        limits: LabVital,
    ) -> DataFrame:
        """Take the measurements among what was observed."""
        plausible = limits.selectExpr(
            "concept_id as event_concept_id", "unit_concept_id", "plausible_low", "plausible_high"
        )
        return (
            observed(observations, links, providers, systems, codes)
            .filter("is_measurement")
            .join(F.broadcast(plausible), ["event_concept_id", "unit_concept_id"], "left")
            .withColumns({
                "measurement_id": row_id("measurement", "patient_id", "resource_id", "part"),
                "measurement_concept_id": F.col("event_concept_id"),
                "measurement_date": F.col("event_date"),
                "measurement_datetime": F.col("event_datetime"),
                "measurement_type_concept_id": F.col("event_type_concept_id"),
                "measurement_source_value": F.col("event_source_value"),
                "measurement_source_concept_id": F.col("event_source_concept_id"),
                "is_plausible": F.expr("value_as_number between plausible_low and plausible_high"),
            })
            .select(*Measurement.declared)
        )  # fmt: skip
