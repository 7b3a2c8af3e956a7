"""What else concepts are called."""

from __future__ import annotations

from lakehouse.contract import Column, ReferenceTable


class ConceptSynonym(ReferenceTable):
    """Other names of concepts (OMOP CDM 5.4 CONCEPT_SYNONYM); in the package those that Eunomia states."""

    layer = "silver"
    grain = "one row per concept, name and language"
    key = ("concept_id", "concept_synonym_name", "language_concept_id")
    file = "terminology/concept_synonym.csv"
    athena = "CONCEPT_SYNONYM.csv"

    concept_id = Column("int", "the concept", required=True)
    concept_synonym_name = Column("string", "another name of it", required=True)
    language_concept_id = Column("int", "language of that name", required=True)
