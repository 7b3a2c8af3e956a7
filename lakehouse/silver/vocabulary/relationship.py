"""What relations between concepts mean."""

from __future__ import annotations

from lakehouse.contract import Column, ReferenceTable


class Relationship(ReferenceTable):
    """The kinds of relations between concepts (OMOP CDM 5.4 RELATIONSHIP)."""

    layer = "silver"
    grain = "one row per kind of relation"
    key = ("relationship_id",)
    file = "terminology/relationship.csv"
    athena = "RELATIONSHIP.csv"

    relationship_id = Column("string", "name by which relations refer to it", required=True)
    relationship_name = Column("string", "its name in full", required=True)
    is_hierarchical = Column("int", "1: it leads up or down a hierarchy", required=True)
    defines_ancestry = Column("int", "1: the first concept is an ancestor of the second", required=True)
    reverse_relationship_id = Column("string", "what it is from the other side", required=True)
    relationship_concept_id = Column("int", "concept of the kind itself", required=True)
