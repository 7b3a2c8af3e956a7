"""FHIR Patient."""

from __future__ import annotations

from pyspark.sql import DataFrame

from lakehouse.bronze.ehr.datatypes import (
    ADDRESS,
    CODEABLE_CONCEPT,
    CODING,
    CONTACT_POINT,
    DATE_TIME,
    IDENTIFIER,
    REFERENCES,
)
from lakehouse.bronze.ehr.ehr_line import EhrLine
from lakehouse.bronze.ehr.resource import TypedResource, read
from lakehouse.bronze.landed_line import PLACE
from lakehouse.contract import Column, expect

_EXTENSION = (
    "struct<url: string, valueCode: string, "
    f"extension: array<struct<url: string, valueCoding: {CODING}, valueString: string>>>"
)


class Patient(TypedResource):
    """A person in care, as the hospital registered him (FHIR R4 Patient, US Core)."""

    layer = "bronze"
    grain = "one row per version of a patient that landed"
    key = PLACE

    identifier = Column(f"array<{IDENTIFIER}>", "medical record numbers and other identifiers")
    name = Column("array<struct<use: string, family: string, given: array<string>, suffix: array<string>>>", "names")
    telecom = Column(f"array<{CONTACT_POINT}>", "telephone numbers and e-mail addresses")
    gender = Column("string", "administrative gender: male, female, other or unknown")
    birth_date = Column(DATE_TIME, "birth date; may be partial")
    deceased_boolean = Column("boolean", "whether he died, where no time of death is told")
    deceased_date_time = Column(DATE_TIME, "time of death; may be partial")
    address = Column(f"array<{ADDRESS}>", "addresses")
    marital_status = Column(CODEABLE_CONCEPT, "marital status")
    communication = Column(f"array<struct<language: {CODEABLE_CONCEPT}, preferred: boolean>>", "languages")
    general_practitioner = Column(REFERENCES, "who cares for him first: practitioners or practices")
    extension = Column(f"array<{_EXTENSION}>", "US Core race, ethnicity, birth sex and others")

    expectations = (
        *TypedResource.expectations,
        expect("race is on record", "coalesce(exists(extension, part -> part.url like '%/us-core-race'), false)"),
    )

    @staticmethod
    def build(lines: EhrLine) -> DataFrame:
        """Read the patients among the landed lines."""
        return read(lines, Patient)
