"""What devices patients have, and with what they were supplied."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.bronze.ehr.condition import Condition
from lakehouse.bronze.ehr.datatypes import date_of, timestamp_of
from lakehouse.bronze.ehr.device import Device
from lakehouse.bronze.ehr.procedure import Procedure
from lakehouse.bronze.ehr.supply_delivery import SupplyDelivery
from lakehouse.contract import Column, Table, expect, expect_or_drop
from lakehouse.keys import row_id
from lakehouse.silver.clinical.coded_event import CodedEvent
from lakehouse.silver.clinical.concepts import EHR
from lakehouse.silver.clinical.deidentified import of_persons
from lakehouse.silver.clinical.events import NEVER_WAS, first_dated, of_domain, with_concept
from lakehouse.silver.vocabulary.code_system import CodeSystem
from lakehouse.silver.vocabulary.source_to_concept import SourceToConcept
from lakehouse.vault.patient_link import PatientLink

_EHR_DISPENSING = 32825


class DeviceExposure(Table):
    """Devices and supplies, from FHIR and from claims (OMOP CDM 5.4 DEVICE_EXPOSURE).

    A FHIR Device does not say since when the patient has it: without a day it goes to quarantine. Serial numbers, which
    would tell who has the device, stay in bronze. A supply and the claim for it are two rows, told apart by
    `device_type_concept_id`. Of silver.coded_event: what is a device by its concept, and suppliers' lines of unknown
    code.
    """

    layer = "silver"
    grain = "one row per device or delivery of supplies that a record holds, and per line of a claim for one"
    key = ("device_exposure_id",)
    scope = "person_id"
    accounts_for = (Device, SupplyDelivery, Condition, Procedure)

    device_exposure_id = Column("bigint", "id of the row", required=True)
    person_id = Column("bigint", "who has or got it", required=True)
    device_concept_id = Column("int", "standard concept; 0 where the code has none", required=True)
    device_exposure_start_date = Column("date", "day he got it", required=True)
    device_exposure_start_datetime = Column("timestamp", "the same as an instant (UTC); null where no time is given")
    device_exposure_end_date = Column("date", "last day that it is for, where that is told")
    device_type_concept_id = Column("int", "EHR, EHR dispensing record, or line of the kind of claim", required=True)
    unique_device_id = Column("string", "device identifier of the UDI: the model")
    quantity = Column("double", "how many, in the units of the item")
    provider_id = Column("bigint", "who ordered it: the referring practitioner of the supplier's claim")
    visit_occurrence_id = Column("bigint", "visit in which it was given; a delivery is one that claims tell of")
    visit_detail_id = Column("bigint", "part of the visit in which that was")
    device_source_value = Column("string", "the code as the source gives it, else the words")
    device_source_concept_id = Column("int", "concept of that code; 0 where it is not known", required=True)
    source_status = Column("string", "FHIR status")
    line_id = Column("bigint", "the landed line that it was made from", required=True)
    delivery = Column("string", "dated directory of the landing zone that the line came in", required=True)

    expectations = (
        expect_or_drop("start date is known", "device_exposure_start_date is not null"),
        expect_or_drop("was given", f"source_status not in ('abandoned', {NEVER_WAS})"),
        expect("ends no earlier than it starts", "device_exposure_end_date >= device_exposure_start_date"),
        expect("has a standard concept", "device_concept_id != 0"),
    )

    @staticmethod
    def build(
        devices: Device,
        supplies: SupplyDelivery,
        events: CodedEvent,
        links: PatientLink,
        systems: CodeSystem,
        codes: SourceToConcept,
    ) -> DataFrame:
        """Read devices and deliveries of supplies as OMOP rows, and add the devices among the coded events."""
        of_hospital = _held(Device.current(devices)).unionByName(_supplied(SupplyDelivery.current(supplies)))
        key = ("patient_id", "resource_type", "resource_id")
        recorded = (
            of_persons(with_concept(of_hospital, "item", "device", key, systems, codes), links, "device_words")
            .withColumns({
                "device_source_value": F.coalesce("device_source_value", "device_words"),
                "device_exposure_id": row_id("device", *key),
                "device_exposure_start_date": date_of(F.col("start")),
                "device_exposure_start_datetime": timestamp_of(F.col("start")),
            })
            .select(*(name for name in DeviceExposure.declared if name not in _TOLD_BY_CLAIMS))
        )  # fmt: skip
        routed = of_domain(events, "Device", "device_exposure", "device_exposure_start").withColumnRenamed(
            "end_date", "device_exposure_end_date"
        )
        return routed.unionByName(recorded, allowMissingColumns=True).select(*DeviceExposure.declared)


_TOLD_BY_CLAIMS = ("device_exposure_end_date", "provider_id", "visit_occurrence_id", "visit_detail_id")


def _held(devices: DataFrame) -> DataFrame:
    return devices.select(
        F.lit("Device").alias("resource_type"), "patient_id", "resource_id", "line_id", "delivery",
        F.col("type").alias("item"),
        F.lit(None).cast("string").alias("start"),
        F.lit(EHR).alias("device_type_concept_id"),
        F.get("udi_carrier", F.lit(0))["deviceIdentifier"].alias("unique_device_id"),
        F.lit(None).cast("double").alias("quantity"),
        F.col("status").alias("source_status"),
    )  # fmt: skip


def _supplied(supplies: DataFrame) -> DataFrame:
    return supplies.select(
        F.lit("SupplyDelivery").alias("resource_type"), "patient_id", "resource_id", "line_id", "delivery",
        F.col("supplied_item.itemCodeableConcept").alias("item"),
        first_dated("occurrence_date_time", "occurrence_period.start").alias("start"),
        F.lit(_EHR_DISPENSING).alias("device_type_concept_id"),
        F.lit(None).cast("string").alias("unique_device_id"),
        F.col("supplied_item.quantity.value").alias("quantity"),
        F.col("status").alias("source_status"),
    )  # fmt: skip
