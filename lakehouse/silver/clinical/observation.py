"""What is known of patients and is no measurement."""

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
from lakehouse.silver.identity.provider_link import ProviderLink
from lakehouse.silver.vocabulary.code_system import CodeSystem
from lakehouse.silver.vocabulary.source_to_concept import SourceToConcept
from lakehouse.vault.patient_link import PatientLink


class Observation(Table):
    """Social circumstances, habits, answers and other findings (OMOP CDM 5.4 OBSERVATION).

    Of FHIR Observations and their components, those that are no measurement (see silver.measurement). Of
    silver.coded_event what is an observation by its concept: that it was found or done, without a value.
    """

    layer = "silver"
    grain = "one row per value of an Observation or of its components, and per coded event that is an observation"
    key = ("observation_id",)
    scope = "person_id"
    accounts_for = (ObservationResource, Condition, Procedure)

    observation_id = Column("bigint", "id of the row", required=True)
    person_id = Column("bigint", "of whom it is known", required=True)
    observation_concept_id = Column("int", "standard concept; 0 where the code has none", required=True)
    observation_date = Column("date", "day it was observed or, if unknown, made available", required=True)
    observation_datetime = Column("timestamp", "the same as an instant (UTC); null where no time is given")
    observation_type_concept_id = Column("int", "Lab, Survey, EHR or kind of claim", required=True)
    value_as_number = Column("double", "the number, in the unit of the row")
    value_as_string = Column("string", "the value in words, where it is neither a number nor coded")
    value_as_concept_id = Column("int", "standard concept of a coded value; 0 where it has none, null where not coded")
    unit_concept_id = Column("int", "standard concept of the unit; 0 where it has none, null where none is given")
    provider_id = Column("bigint", "who observed it")
    visit_occurrence_id = Column("bigint", "visit in which it was observed")
    visit_detail_id = Column("bigint", "part of the visit in which that was")
    observation_source_value = Column("string", "the code as the source gives it, else the words")
    observation_source_concept_id = Column("int", "concept of that code; 0 where it is not known", required=True)
    unit_source_value = Column("string", "the unit as the source gives it")
    value_source_value = Column("string", "the value as the source gives it")
    source_status = Column("string", "FHIR status of the Observation, Procedure or Condition")
    line_id = Column("bigint", "the landed line that it was made from", required=True)
    delivery = Column("string", "dated directory of the landing zone that the line came in", required=True)

    expectations = (
        expect_or_drop("date is known", "observation_date is not null"),
        expect_or_drop("has a result", f"source_status not in ('registered', 'cancelled', {NEVER_WAS})"),
        expect("has a standard concept", "observation_concept_id != 0"),
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
    ) -> DataFrame:
        """Take what is no measurement among what was observed."""
        observations_made = (
            observed(observations, links, providers, systems, codes, parts)
            .filter("not is_measurement")
            .withColumns({
                "observation_id": row_id("observation", "patient_id", "resource_id", "part"),
                "observation_concept_id": F.col("event_concept_id"),
                "observation_date": F.col("event_date"),
                "observation_datetime": F.col("event_datetime"),
                "observation_type_concept_id": F.col("event_type_concept_id"),
                "value_as_string": F.col("words"),
                "observation_source_value": F.col("event_source_value"),
                "observation_source_concept_id": F.col("event_source_concept_id"),
            })
            .select(*Observation.declared)
        )  # fmt: skip
        routed = of_domain(events, "Observation", "observation", "observation")
        return observations_made.unionByName(routed, allowMissingColumns=True).select(*Observation.declared)
