"""The names of code systems in FHIR."""

from __future__ import annotations

from lakehouse.contract import Column, ReferenceTable


class CodeSystem(ReferenceTable):
    """The OMOP vocabulary that a FHIR code system is, by the URI or OID that HL7 registers for it."""

    layer = "silver"
    grain = "one row per URI"
    key = ("uri",)
    file = "terminology/code_system.csv"

    uri = Column("string", "Coding.system in FHIR", required=True)
    vocabulary_id = Column("string", "vocabulary in OMOP", required=True)
