"""FHIR MedicationRequest."""

from __future__ import annotations

from pyspark.sql import DataFrame

from lakehouse.bronze.ehr.datatypes import (
    CODEABLE_CONCEPT,
    CODEABLE_CONCEPTS,
    DATE_TIME,
    PERIOD,
    QUANTITY,
    REFERENCE,
    REFERENCES,
)
from lakehouse.bronze.ehr.ehr_line import EhrLine
from lakehouse.bronze.ehr.moved_resource import MovedResource
from lakehouse.bronze.ehr.resource import TypedResource, read
from lakehouse.bronze.landed_line import PLACE
from lakehouse.contract import Column

_REPEAT = (
    "struct<boundsPeriod: struct<start: string, `end`: string>, frequency: double, period: double, periodUnit: string>"
)


class MedicationRequest(TypedResource):
    """An order of a medication for a patient (FHIR R4 MedicationRequest)."""

    layer = "bronze"
    grain = "one row per version of an order that landed"
    key = PLACE
    retracted = "status = 'entered-in-error'"

    status = Column("string", "active, on-hold, cancelled, completed, stopped, draft, ...")
    intent = Column("string", "proposal, plan, order, ...")
    category = Column(CODEABLE_CONCEPTS, "inpatient, outpatient, community or discharge")
    do_not_perform = Column("boolean", "whether it asks not to give the medication")
    medication_codeable_concept = Column(CODEABLE_CONCEPT, "the medication, where it is coded in place")
    medication_reference = Column(REFERENCE, "the Medication resource, where it is not")
    encounter = Column(REFERENCE, "the encounter in which it was ordered")
    authored_on = Column(DATE_TIME, "when it was ordered; may be partial")
    requester = Column(REFERENCE, "who ordered it")
    reason_code = Column(CODEABLE_CONCEPTS, "coded reasons")
    reason_reference = Column(REFERENCES, "conditions that it is for")
    dosage_instruction = Column(
        f"array<struct<text: string, asNeededBoolean: boolean, timing: struct<repeat: {_REPEAT}>, "
        f"route: {CODEABLE_CONCEPT}, doseAndRate: array<struct<doseQuantity: {QUANTITY}>>>>",
        "how it is to be taken",
    )
    dispense_request = Column(
        f"struct<validityPeriod: {PERIOD}, numberOfRepeatsAllowed: int, quantity: {QUANTITY}, "
        f"expectedSupplyDuration: {QUANTITY}>",
        "how much is to be dispensed",
    )

    @staticmethod
    def build(lines: EhrLine, moved: MovedResource) -> DataFrame:
        """Read the medication orders among the landed lines."""
        return read(lines, MedicationRequest, moved)
