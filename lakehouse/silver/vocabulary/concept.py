"""The concepts that codes mean."""

from __future__ import annotations

from lakehouse.contract import Column, ReferenceTable


class Concept(ReferenceTable):
    """Concepts of the OMOP standardised vocabularies: those that the data and the measures here need.

    OMOP CDM 5.4 CONCEPT without its validity dates. A file with the same columns written from Athena's
    CONCEPT.csv replaces it; `source` then names the release.
    """

    layer = "silver"
    grain = "one row per concept"
    key = ("concept_id",)
    file = "terminology/concept.csv"

    concept_id = Column("int", "OMOP's id of the concept", required=True)
    concept_name = Column("string", "its name", required=True)
    domain_id = Column("string", "Condition, Drug, Measurement, Observation, Procedure, ...", required=True)
    vocabulary_id = Column("string", "SNOMED, LOINC, RxNorm, ICD10CM, UCUM, ...", required=True)
    concept_class_id = Column("string", "class within the vocabulary")
    standard_concept = Column("string", "S: the standard one for its meaning; null: it is not, or it is not stated")
    concept_code = Column("string", "code within the vocabulary; null where the source does not state it")
    invalid_reason = Column("string", "D: deleted, U: replaced by another")
    source = Column("string", "public repository, commit and file that state the concept", required=True)
