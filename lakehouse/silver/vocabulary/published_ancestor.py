"""Which concepts lie above which, as a release states it."""

from __future__ import annotations

from lakehouse.contract import Column, ReferenceTable


class PublishedAncestor(ReferenceTable):
    """Ancestors of concepts as a release of the vocabularies states them.

    In the package those pairs of carried concepts that an extract of Eunomia states: see silver.concept_ancestor.
    """

    layer = "silver"
    grain = "one row per ancestor and descendant"
    key = ("ancestor_concept_id", "descendant_concept_id")
    file = "terminology/published_ancestor.csv"
    athena = "CONCEPT_ANCESTOR.csv"

    ancestor_concept_id = Column("int", "the concept above", required=True)
    descendant_concept_id = Column("int", "the concept below", required=True)
    min_levels_of_separation = Column("int", "length of the shortest way between them", "levels", required=True)
    max_levels_of_separation = Column("int", "length of the longest way between them", "levels", required=True)
