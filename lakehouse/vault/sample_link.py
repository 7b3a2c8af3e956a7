"""Samples of the laboratory as those of persons."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.bronze.ehr.patient import Patient
from lakehouse.bronze.genomics.sample_manifest import SampleManifest
from lakehouse.bronze.genomics.vcf_sample import VcfSample
from lakehouse.contract import Column, Table, expect
from lakehouse.keys import row_id
from lakehouse.vault.patient_link import PatientLink


class SampleLink(Table):
    """Whose a sample is, and what else its manifest says: by the medical record number, where it is one person's alone.

    A record number is a FHIR identifier of type MR. A sample that is in a VCF file and in no manifest is here too, with
    its name alone. No scope: whether a number is one person's depends on all of them.
    """

    layer = "vault"
    grain = "one row per sample of a manifest or a VCF file"
    key = ("sample_id",)
    changes_by = "person_id"
    accounts_for = (SampleManifest,)

    sample_id = Column("string", "the laboratory's name of the sample", required=True)
    specimen_id = Column("bigint", "what the sample is known by from silver on", required=True)
    person_id = Column("bigint", "whose sample; null where its record number is that of no patient, or of several")
    batch = Column("string", "samples that were prepared and sequenced together")
    sex = Column("string", "sex as the laboratory registered it: male, female, or null")
    collection_date = Column("date", "day on which the sample was taken")
    line_id = Column("bigint", "the landed line of the manifest; null where the sample is in none")
    delivery = Column("string", "dated directory of the landing zone that the line came in")

    expectations = (expect("belongs to one known person", "person_id is not null"),)

    @staticmethod
    def build(manifest: SampleManifest, sequenced: VcfSample, patients: Patient, links: PatientLink) -> DataFrame:
        """Look the record numbers of the samples up."""
        persons = _persons(Patient.current(patients), links)
        registered = SampleManifest.current(manifest).join(persons, "medical_record_number", "left")
        return (
            registered.join(sequenced.select("sample_id").distinct(), "sample_id", "full")
            .withColumns({"sex": F.expr(_SEX), "specimen_id": row_id("sample", "sample_id")})
            .select(*SampleLink.declared)
        )


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
