"""What samples were taken of patients."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.bronze.ehr.datatypes import date_of, timestamp_of
from lakehouse.bronze.ehr.specimen import Specimen as SpecimenResource
from lakehouse.contract import Column, Table, expect, expect_or_drop
from lakehouse.keys import row_id
from lakehouse.silver.clinical.concepts import EHR, LAB
from lakehouse.silver.clinical.deidentified import of_persons
from lakehouse.silver.clinical.events import first_dated, with_concept, with_unit
from lakehouse.silver.vocabulary.code_system import CodeSystem
from lakehouse.silver.vocabulary.source_to_concept import SourceToConcept
from lakehouse.vault.patient_link import PatientLink
from lakehouse.vault.sample_link import SampleLink


class Specimen(Table):
    """Samples of persons, from FHIR Specimens and the manifests of the genetic laboratory (OMOP CDM 5.4 SPECIMEN).

    A manifest does not tell of what material a sample is: its concept is 0. A sample of a record number that is
    nobody's is not here but in vault.sample_link. The packaged vocabulary has no concepts of materials and places of
    the body; a full one has. A sample that is in a manifest and a FHIR Specimen too is two rows.
    """

    layer = "silver"
    grain = "one row per specimen that a patient's record holds, and per sample of a manifest"
    key = ("specimen_id",)
    scope = "person_id"
    accounts_for = (SpecimenResource,)

    specimen_id = Column("bigint", "id of the row", required=True)
    person_id = Column("bigint", "of whom it was taken", required=True)
    specimen_concept_id = Column("int", "standard concept of the material; 0 where it has none", required=True)
    specimen_type_concept_id = Column("int", "EHR, or Lab where a manifest tells of it", required=True)
    specimen_date = Column("date", "day it was taken or, if unknown, received", required=True)
    specimen_datetime = Column("timestamp", "the same as an instant (UTC); null where no time is given")
    quantity = Column("double", "how much was taken, in the unit of the row")
    unit_concept_id = Column("int", "standard concept of the unit; 0 where it has none, null where none is given")
    anatomic_site_concept_id = Column("int", "standard concept of the place on the body; 0 where it has none")
    specimen_source_id = Column("string", "null: the laboratory's name of a sample is in vault.sample_link alone")
    specimen_source_value = Column("string", "code of the material as the source gives it, else the words")
    unit_source_value = Column("string", "the unit as the source gives it")
    anatomic_site_source_value = Column(
        "string", "code of the place on the body as the source gives it, else the words"
    )
    source_status = Column("string", "FHIR status")
    line_id = Column("bigint", "the landed line that it was made from", required=True)
    delivery = Column("string", "dated directory of the landing zone that the line came in", required=True)

    expectations = (
        expect_or_drop("date is known", "specimen_date is not null"),
        expect("has a standard concept", "specimen_concept_id != 0"),
    )

    @staticmethod
    def build(
        specimens: SpecimenResource,
        samples: SampleLink,
        links: PatientLink,
        systems: CodeSystem,
        codes: SourceToConcept,
    ) -> DataFrame:
        """Read the specimens that hold as OMOP rows, and add the samples of known persons."""
        taken = SpecimenResource.current(specimens).withColumns({
            "start": first_dated("collection.collectedDateTime", "collection.collectedPeriod.start", "received_time"),
            "site": F.col("collection.bodySite"),
            "amount": F.col("collection.quantity"),
        })  # fmt: skip
        coded = with_concept(taken, "type", "specimen", SpecimenResource.record, systems, codes)
        placed = with_concept(coded, "site", "anatomic_site", SpecimenResource.record, systems, codes)
        recorded = (
            of_persons(with_unit(placed, "amount", codes), links, "specimen_words", "anatomic_site_words", "unit_words")
            .withColumns({
                "unit_source_value": F.coalesce("unit_source_value", "unit_words"),
                "specimen_source_value": F.coalesce("specimen_source_value", "specimen_words"),
                "anatomic_site_source_value": F.coalesce("anatomic_site_source_value", "anatomic_site_words"),
                "specimen_id": row_id("specimen", "patient_id", "resource_id"),
                "specimen_type_concept_id": F.lit(EHR),
                "specimen_date": date_of(F.col("start")),
                "specimen_datetime": timestamp_of(F.col("start")),
                "quantity": F.col("amount.value"),
                "specimen_source_id": F.lit(None).cast("string"),
                "source_status": F.col("status"),
            })
            .select(*Specimen.declared)
        )  # fmt: skip
        registered = samples.filter("person_id is not null").select(
            "specimen_id",
            "person_id",
            F.lit(0).alias("specimen_concept_id"),
            F.lit(LAB).alias("specimen_type_concept_id"),
            F.col("collection_date").alias("specimen_date"),
            F.lit(0).alias("anatomic_site_concept_id"),
            "line_id",
            "delivery",
        )
        return recorded.unionByName(registered, allowMissingColumns=True)
