"""FHIR DocumentReference."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.bronze.ehr.datatypes import (
    CODEABLE_CONCEPT,
    CODEABLE_CONCEPTS,
    DATE_TIME,
    PERIOD,
    REFERENCES,
)
from lakehouse.bronze.ehr.ehr_line import EhrLine
from lakehouse.bronze.ehr.moved_resource import MovedResource
from lakehouse.bronze.ehr.resource import TypedResource, read
from lakehouse.bronze.landed_line import PLACE
from lakehouse.contract import Column, expect


class DocumentReference(TypedResource):
    """A note about a patient (FHIR R4 DocumentReference, US Core), with its text where that is plain."""

    layer = "bronze"
    grain = "one row per version of a note that landed"
    key = PLACE
    retracted = "status = 'entered-in-error'"

    status = Column("string", "current, superseded or entered-in-error")
    doc_status = Column("string", "preliminary, final, amended or entered-in-error")
    type = Column(CODEABLE_CONCEPT, "kind of note, by LOINC")
    category = Column(CODEABLE_CONCEPTS, "clinical-note, ...")
    date = Column(DATE_TIME, "when it was written")
    author = Column(REFERENCES, "who wrote it")
    content_ = Column("array<struct<attachment: struct<contentType: string, language: string>>>", "form of the text")
    context = Column(f"struct<encounter: {REFERENCES}, period: {PERIOD}>", "the encounter that it is about")
    text = Column("string", "the text, where it is in the line and plain")
    text_length = Column("int", "length of the text; null where it is not in the line", "characters")

    expectations = (
        *TypedResource.expectations,
        expect("does not end where a field of 500 characters would", "text_length != 500"),
    )

    @staticmethod
    def build(lines: EhrLine, moved: MovedResource) -> DataFrame:
        """Read the notes among the landed lines."""
        attachment = "$.content[0].attachment"
        text = F.decode(F.unbase64(F.get_json_object("raw", f"{attachment}.data")), "UTF-8")
        is_plain = F.get_json_object("raw", f"{attachment}.contentType").startswith("text/plain")
        return read(lines, DocumentReference, moved, text=F.when(is_plain, text), text_length=F.length(text))
