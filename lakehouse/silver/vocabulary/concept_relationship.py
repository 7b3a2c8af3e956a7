"""How concepts relate to each other."""

from __future__ import annotations

from lakehouse.contract import Column, ReferenceTable


class ConceptRelationship(ReferenceTable):
    """Published 'Maps to' relations between concepts.

    OMOP CDM 5.4 CONCEPT_RELATIONSHIP without its validity. A file with the same columns written from
    Athena's CONCEPT_RELATIONSHIP.csv replaces it.
    """

    layer = "silver"
    grain = "one row per relation of two concepts"
    key = ("concept_id_1", "concept_id_2", "relationship_id")
    file = "terminology/concept_relationship.csv"

    concept_id_1 = Column("int", "the concept that maps", required=True)
    concept_id_2 = Column("int", "the standard concept that it maps to", required=True)
    relationship_id = Column("string", "'Maps to'", required=True)
