"""FHIR Condition."""

from __future__ import annotations

from pyspark.sql import DataFrame

from lakehouse.bronze.ehr.datatypes import CODEABLE_CONCEPT, CODEABLE_CONCEPTS, DATE_TIME, PERIOD, REFERENCE
from lakehouse.bronze.ehr.ehr_line import EhrLine
from lakehouse.bronze.ehr.moved_resource import MovedResource
from lakehouse.bronze.ehr.resource import CODED, TypedResource, read
from lakehouse.bronze.landed_line import PLACE
from lakehouse.contract import Column, expect

_ICD10 = (
    "not exists(code.coding, coding -> coding.system = 'http://hl7.org/fhir/sid/icd-10-cm' "
    "and coding.code not rlike '^[A-Z]')"
)


class Condition(TypedResource):
    """A diagnosis or a problem of a patient (FHIR R4 Condition)."""

    layer = "bronze"
    grain = "one row per version of a condition that landed"
    key = PLACE
    retracted = "exists(verification_status.coding, c -> c.code = 'entered-in-error')"

    clinical_status = Column(CODEABLE_CONCEPT, "active, recurrence, relapse, inactive, remission or resolved")
    verification_status = Column(CODEABLE_CONCEPT, "confirmed, provisional, refuted, entered-in-error, ...")
    category = Column(CODEABLE_CONCEPTS, "problem-list-item, encounter-diagnosis, ...")
    severity = Column(CODEABLE_CONCEPT, "how severe")
    code = Column(CODEABLE_CONCEPT, "what the patient has")
    encounter = Column(REFERENCE, "the encounter in which it was recorded")
    recorder = Column(REFERENCE, "who recorded it")
    onset_date_time = Column(DATE_TIME, "when it began; may be partial")
    onset_period = Column(PERIOD, "when it began, as a period")
    abatement_date_time = Column(DATE_TIME, "when it ended; may be partial")
    abatement_period = Column(PERIOD, "when it ended, as a period")
    recorded_date = Column(DATE_TIME, "when it was recorded; may be partial")

    expectations = (
        *TypedResource.expectations,
        CODED,
        expect("began before it was recorded", "to_timestamp(onset_date_time) <= to_timestamp(recorded_date)"),
        expect("codes of ICD-10-CM begin with a letter", _ICD10),
    )

    @staticmethod
    def build(lines: EhrLine, moved: MovedResource) -> DataFrame:
        """Read the conditions among the landed lines."""
        return read(lines, Condition, moved)
