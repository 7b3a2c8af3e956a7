"""Samples of the laboratory as those of persons."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.bronze.ehr.patient import Patient
from lakehouse.bronze.genomics.sample_manifest import SampleManifest
from lakehouse.contract import Column, Table, expect
from lakehouse.vault.patient_link import PatientLink


class SampleLink(Table):
    """Whose a sample is, and what else its manifest says: by the medical record number, where it is one person's alone.

    A record number is a FHIR identifier of type MR. No scope: whether a number is one person's depends on all of them.
    """

    layer = "vault"
    grain = "one row per sample of a manifest"
    key = ("sample_id",)
    changes_by = "person_id"
    accounts_for = (SampleManifest,)

    sample_id = Column("string", "the laboratory's name of the sample", required=True)
    person_id = Column("bigint", "whose sample; null where its record number is that of no patient, or of several")
    batch = Column("string", "samples that were prepared and sequenced together")
    sex = Column("string", "sex as the laboratory registered it: male, female, or null")
    collection_date = Column("date", "day on which the sample was taken")
    line_id = Column("bigint", "the landed line of the manifest", required=True)
    delivery = Column("string", "dated directory of the landing zone that the line came in", required=True)

    expectations = (expect("belongs to one known person", "person_id is not null"),)

    @staticmethod
    def build(manifest: SampleManifest, patients: Patient, links: PatientLink) -> DataFrame:
        """Look the record numbers of the samples up."""
        persons = _persons(Patient.current(patients), links)
        registered = SampleManifest.current(manifest).join(persons, "medical_record_number", "left")
        return registered.withColumn("sex", F.expr(_SEX)).select(*SampleLink.declared)


_SEX = "case when lower(sex) in ('male', 'm') then 'male' when lower(sex) in ('female', 'f') then 'female' end"


def _persons(patients: DataFrame, links: DataFrame) -> DataFrame:
    """The person of each medical record number that is one person's alone."""
    numbers = patients.select("patient_id", F.explode("identifier").alias("identifier")).filter(
        "exists(identifier.type.coding, coding -> coding.code = 'MR')"
    )
    return (
        numbers.withColumn("medical_record_number", F.trim("identifier.value"))
        .join(links.select("patient_id", "person_id"), "patient_id")
        .groupBy("medical_record_number")
        .agg(F.min("person_id").alias("person_id"), F.max("person_id").alias("other"))
        .filter("person_id = other")
        .drop("other")
    )
