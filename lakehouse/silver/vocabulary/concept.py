"""The concepts that codes mean."""

from __future__ import annotations

from lakehouse.contract import Column, ReferenceTable


class Concept(ReferenceTable):
    """Concepts of the OMOP standardised vocabularies: those that the data and the measures here need.

    OMOP CDM 5.4 CONCEPT. The package's file does not know the validity of most concepts.
    """

    layer = "silver"
    grain = "one row per concept"
    key = ("concept_id",)
    file = "terminology/concept.csv"
    athena = "CONCEPT.csv"
    not_in_athena = ("source",)

    concept_id = Column("int", "OMOP's id of the concept", required=True)
    concept_name = Column("string", "its name", required=True)
    domain_id = Column("string", "Condition, Drug, Measurement, Observation, Procedure, ...", required=True)
    vocabulary_id = Column("string", "SNOMED, LOINC, RxNorm, ICD10CM, UCUM, ...", required=True)
    concept_class_id = Column("string", "class within the vocabulary")
    standard_concept = Column(
        "string", "S: the standard one for its meaning; C: one that classifies; null: neither, or it is not stated"
    )
    concept_code = Column("string", "code within the vocabulary; null where the source does not state it")
    valid_start_date = Column("date", "first day on which it was valid; null where it is not stated")
    valid_end_date = Column("date", "last day on which it is valid, 2099-12-31 for ever; null where it is not stated")
    invalid_reason = Column("string", "D: deleted, U: replaced by another; null: valid")
    source = Column("string", "public repository, commit and file that state it, or Athena's release", required=True)
