"""FHIR Observation."""

from __future__ import annotations

from pyspark.sql import DataFrame

from lakehouse.bronze.ehr.datatypes import (
    CODEABLE_CONCEPT,
    CODEABLE_CONCEPTS,
    DATE_TIME,
    PERIOD,
    QUANTITY,
    RANGE,
    REFERENCE,
    REFERENCES,
)
from lakehouse.bronze.ehr.ehr_line import EhrLine
from lakehouse.bronze.ehr.moved_resource import MovedResource
from lakehouse.bronze.ehr.resource import CODED, TypedResource, read
from lakehouse.bronze.landed_line import PLACE
from lakehouse.contract import Column

_REFERENCE_RANGES = f"array<struct<low: {QUANTITY}, high: {QUANTITY}, type: {CODEABLE_CONCEPT}, text: string>>"
_COMPONENT = (
    f"struct<code: {CODEABLE_CONCEPT}, valueQuantity: {QUANTITY}, valueCodeableConcept: {CODEABLE_CONCEPT}, "
    "valueString: string, valueInteger: int, valueBoolean: boolean, valueDateTime: string, "
    f"dataAbsentReason: {CODEABLE_CONCEPT}, interpretation: {CODEABLE_CONCEPTS}, referenceRange: {_REFERENCE_RANGES}>"
)


class Observation(TypedResource):
    """A measurement, a finding or an answer about a patient (FHIR R4 Observation)."""

    layer = "bronze"
    grain = "one row per version of an observation that landed"
    key = PLACE
    retracted = "status = 'entered-in-error'"

    status = Column("string", "registered, preliminary, final, amended, corrected, cancelled, ...")
    category = Column(CODEABLE_CONCEPTS, "vital-signs, laboratory, survey, social-history, ...")
    code = Column(CODEABLE_CONCEPT, "what was observed")
    encounter = Column(REFERENCE, "the encounter in which it was observed")
    effective_date_time = Column(DATE_TIME, "when it was true; may be partial")
    effective_period = Column(PERIOD, "when it was true, as a period")
    effective_instant = Column(DATE_TIME, "when it was true, to the second or finer")
    issued = Column(DATE_TIME, "when it was made available")
    performer = Column(REFERENCES, "who observed it")
    value_quantity = Column(QUANTITY, "the value, as a quantity")
    value_codeable_concept = Column(CODEABLE_CONCEPT, "the value, as a code")
    value_string = Column("string", "the value, in words")
    value_integer = Column("int", "the value, as a whole number")
    value_boolean = Column("boolean", "the value, as yes or no")
    value_date_time = Column(DATE_TIME, "the value, as a time; may be partial")
    value_range = Column(RANGE, "the value, as a range")
    data_absent_reason = Column(CODEABLE_CONCEPT, "why there is no value")
    interpretation = Column(CODEABLE_CONCEPTS, "high, low, normal, ...")
    reference_range = Column(_REFERENCE_RANGES, "what is normal")
    component = Column(f"array<{_COMPONENT}>", "the parts of a panel, such as the two pressures of a blood pressure")

    expectations = (
        *TypedResource.expectations,
        CODED,
    )

    @staticmethod
    def build(lines: EhrLine, moved: MovedResource) -> DataFrame:
        """Read the observations among the landed lines."""
        return read(lines, Observation, moved)
