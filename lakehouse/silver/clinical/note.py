"""What was written about patients."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.bronze.ehr.datatypes import date_of, timestamp_of
from lakehouse.bronze.ehr.document_reference import DocumentReference
from lakehouse.contract import Column, Table, expect, expect_or_drop
from lakehouse.keys import row_id
from lakehouse.silver.clinical.deidentified import of_persons
from lakehouse.silver.clinical.encounter_part import EncounterPart
from lakehouse.silver.clinical.events import first_dated, with_concept, with_provider, with_visit
from lakehouse.silver.identity.provider_link import ProviderLink
from lakehouse.silver.vocabulary.code_system import CodeSystem
from lakehouse.silver.vocabulary.source_to_concept import SourceToConcept
from lakehouse.vault.patient_link import PatientLink

_EHR_NOTE, _UTF_8 = 32831, 32678


class Note(Table):
    """Notes, from FHIR DocumentReference, without what says who the patient is (OMOP CDM 5.4 NOTE).

    What is taken out of the text stands in lakehouse.silver.clinical.deidentified. As it landed it stays in bronze.
    """

    layer = "silver"
    grain = "one row per note"
    key = ("note_id",)
    scope = "person_id"
    accounts_for = (DocumentReference,)

    note_id = Column("bigint", "id of the row", required=True)
    person_id = Column("bigint", "about whom it is", required=True)
    note_date = Column("date", "day it was written or, if unknown, of what it is about", required=True)
    note_datetime = Column("timestamp", "the same as an instant (UTC); null where no time is given")
    note_type_concept_id = Column("int", "EHR note", required=True)
    note_class_concept_id = Column("int", "standard concept of the kind of note; 0 where it has none", required=True)
    note_title = Column("string", "the kind of note in words")
    note_text = Column("string", "the text, with [NAME], [PHONE] and so on for what identifies; null where not plain")
    encoding_concept_id = Column("int", "UTF-8; 0 where another or none is told", required=True)
    language_concept_id = Column("int", "0: the packaged vocabulary has no concepts of languages", required=True)
    provider_id = Column("bigint", "who wrote it")
    visit_occurrence_id = Column("bigint", "visit about which it was written")
    visit_detail_id = Column("bigint", "part of the visit in which that was")
    note_source_value = Column("string", "code of the kind of note as the source gives it, else the words")
    source_status = Column("string", "FHIR docStatus, else status")
    line_id = Column("bigint", "the landed line that it was made from", required=True)
    delivery = Column("string", "dated directory of the landing zone that the line came in", required=True)

    expectations = (
        expect_or_drop("date is known", "note_date is not null"),
        expect("has a standard kind", "note_class_concept_id != 0"),
    )

    @staticmethod
    def build(
        documents: DocumentReference,
        links: PatientLink,
        providers: ProviderLink,
        systems: CodeSystem,
        codes: SourceToConcept,
        parts: EncounterPart,
    ) -> DataFrame:
        """Read the notes that hold as OMOP rows."""
        current = DocumentReference.current(documents).withColumns({
            "start": first_dated("date", "context.period.start"),
            "about": F.get("context.encounter", F.lit(0)),
        })  # fmt: skip
        coded = with_concept(current, "type", "note_class", DocumentReference.record, systems, codes)
        attachment = F.get("content_", F.lit(0))["attachment"]
        titled = coded.withColumn("title", F.coalesce("type.text", F.get("type.coding", F.lit(0))["display"]))
        performed = with_provider(titled, F.col("author"), providers)
        freed = of_persons(performed, links, "text", "title", "note_class_words")
        return (
            with_visit(freed, "about", parts)
            .withColumns({
                "note_id": row_id("note", "patient_id", "resource_id"),
                "note_date": date_of(F.col("start")),
                "note_datetime": timestamp_of(F.col("start")),
                "note_type_concept_id": F.lit(_EHR_NOTE),
                "note_title": F.col("title"),
                "note_text": F.col("text"),
                "encoding_concept_id": F.when(
                    attachment["contentType"].ilike("%charset=utf-8%"), _UTF_8
                ).otherwise(0),
                "language_concept_id": F.lit(0),
                "note_source_value": F.coalesce("note_class_source_value", "note_class_words"),
                "source_status": F.coalesce("doc_status", "status"),
            })
            .select(*Note.declared)
        )  # fmt: skip
