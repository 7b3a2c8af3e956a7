"""What was measured on patients."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.bronze.ehr.condition import Condition
from lakehouse.bronze.ehr.observation import Observation as ObservationResource
from lakehouse.bronze.ehr.procedure import Procedure
from lakehouse.contract import Column, Table, expect, expect_or_drop
from lakehouse.keys import row_id
from lakehouse.silver.clinical.coded_event import CodedEvent
from lakehouse.silver.clinical.encounter_part import EncounterPart
from lakehouse.silver.clinical.events import NEVER_WAS, of_domain
from lakehouse.silver.clinical.observed import observed
from lakehouse.silver.clinical.units import in_usual_unit
from lakehouse.silver.identity.provider_link import ProviderLink
from lakehouse.silver.vocabulary.code_system import CodeSystem
from lakehouse.silver.vocabulary.source_to_concept import SourceToConcept
from lakehouse.silver.vocabulary.unit_of_test import UnitOfTest
from lakehouse.vault.patient_link import PatientLink


class Measurement(Table):
    """Laboratory results, vital signs and other measurements (OMOP CDM 5.4 MEASUREMENT).

    Of FHIR Observations and their components, those whose concept is of the Measurement domain and, where the concept
    is not known, those with a number; all others are in silver.observation. Of silver.coded_event what is a measurement
    by its concept: that it was done, without a value. Numbers are in the usual unit of the test (silver.unit_of_test)
    where their own can be converted to it, else in that of the source.
    """

    layer = "silver"
    grain = "one row per value of an Observation or of its components, and per coded event that is a measurement"
    key = ("measurement_id",)
    scope = "person_id"
    accounts_for = (ObservationResource, Condition, Procedure)

    measurement_id = Column("bigint", "id of the row", required=True)
    person_id = Column("bigint", "on whom it was measured", required=True)
    measurement_concept_id = Column("int", "standard concept; 0 where the code has none", required=True)
    measurement_date = Column("date", "day it was measured or, if unknown, made available", required=True)
    measurement_datetime = Column("timestamp", "the same as an instant (UTC); null where no time is given")
    measurement_type_concept_id = Column("int", "Lab, Survey, EHR or kind of claim", required=True)
    value_as_number = Column("double", "the number, in the unit of `unit_concept_id`")
    value_as_concept_id = Column("int", "standard concept of a coded value; 0 where it has none, null where not coded")
    unit_concept_id = Column(
        "int", "standard concept of the unit, after conversion; 0 where it has none, null where none is known"
    )
    unit_evidence = Column("string", "how the unit is known: stated, recognised by range; null: it is not")
    is_in_usual_unit = Column(
        "boolean", "whether the number is in the test's usual unit; null where none is usual or the unit is not known"
    )
    range_low = Column("double", "lower limit of normal that the source gives, in the unit of the number")
    range_high = Column("double", "upper limit of normal that the source gives, in the unit of the number")
    provider_id = Column("bigint", "who measured it")
    visit_occurrence_id = Column("bigint", "visit in which it was measured")
    visit_detail_id = Column("bigint", "part of the visit in which that was")
    measurement_source_value = Column("string", "the code as the source gives it, else the words")
    measurement_source_concept_id = Column("int", "concept of that code; 0 where it is not known", required=True)
    unit_source_value = Column("string", "the unit as the source gives it")
    unit_source_concept_id = Column(
        "int", "standard concept of that unit; 0 where it has none, null where none is given"
    )
    value_source_value = Column("string", "the value as the source gives it, with < or > where it has one")
    value_source_number = Column("double", "the number as the source gives it, in the unit that the source gives")
    is_plausible = Column("boolean", "whether the number is in the test's plausible range; null where none is known")
    source_status = Column("string", "FHIR status of the Observation, Procedure or Condition")
    line_id = Column("bigint", "the landed line that it was made from", required=True)
    delivery = Column("string", "dated directory of the landing zone that the line came in", required=True)

    expectations = (
        expect_or_drop("date is known", "measurement_date is not null"),
        expect_or_drop("has a result", f"source_status not in ('registered', 'cancelled', {NEVER_WAS})"),
        expect("has a standard concept", "measurement_concept_id != 0"),
        expect("is in the usual unit", "is_in_usual_unit"),
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
        events: CodedEvent,
        parts: EncounterPart,
        units: UnitOfTest,
    ) -> DataFrame:
        """Take the measurements among what was observed, and among coded events."""
        measured = observed(observations, links, providers, systems, codes, parts).filter("is_measurement")
        values = (
            in_usual_unit(measured, units)
            .withColumns({
                "measurement_id": row_id("measurement", "patient_id", "resource_id", "part"),
                "measurement_concept_id": F.col("event_concept_id"),
                "measurement_date": F.col("event_date"),
                "measurement_datetime": F.col("event_datetime"),
                "measurement_type_concept_id": F.col("event_type_concept_id"),
                "measurement_source_value": F.col("event_source_value"),
                "measurement_source_concept_id": F.col("event_source_concept_id"),
            })
            .select(*Measurement.declared)
        )  # fmt: skip
        routed = of_domain(events, "Measurement", "measurement", "measurement")
        return values.unionByName(routed, allowMissingColumns=True).select(*Measurement.declared)
