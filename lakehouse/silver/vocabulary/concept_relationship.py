"""How concepts relate to each other."""

from __future__ import annotations

from lakehouse.contract import Column, ReferenceTable


class ConceptRelationship(ReferenceTable):
    """Published relations between concepts (OMOP CDM 5.4 CONCEPT_RELATIONSHIP).

    In the package 'Maps to' and few 'Is a', without their validity.
    """

    layer = "silver"
    grain = "one row per relation of two concepts"
    key = ("concept_id_1", "concept_id_2", "relationship_id")
    file = "terminology/concept_relationship.csv"
    athena = "CONCEPT_RELATIONSHIP.csv"

    concept_id_1 = Column("int", "the concept that relates: that maps, or is a ...", required=True)
    concept_id_2 = Column("int", "the concept that it relates to", required=True)
    relationship_id = Column("string", "how, as silver.relationship names it: 'Maps to', 'Is a', ...", required=True)
    valid_start_date = Column("date", "first day on which it was valid; null where it is not stated")
    valid_end_date = Column("date", "last day on which it is valid; null where it is not stated")
    invalid_reason = Column("string", "D: deleted, U: replaced by another; null: valid")
