"""Which concepts lie above which."""

from __future__ import annotations

from lakehouse.contract import Column, ReferenceTable, expect_or_fail


class ConceptAncestor(ReferenceTable):
    """Standard and classifying concepts with all that lie above them, each above itself at 0 levels.

    OMOP CDM 5.4 CONCEPT_ANCESTOR. In the package: where Eunomia's extract states the ancestors of a concept, these;
    those of the others are what the carried relations that define ancestry lead to, and the ingredients of drugs, so
    that their levels may leave out steps.
    """

    layer = "silver"
    grain = "one row per ancestor and descendant"
    key = ("ancestor_concept_id", "descendant_concept_id")
    file = "terminology/concept_ancestor.csv"
    athena = "CONCEPT_ANCESTOR.csv"

    ancestor_concept_id = Column("int", "the concept above", required=True)
    descendant_concept_id = Column("int", "the concept below", required=True)
    min_levels_of_separation = Column("int", "length of the shortest way between them", "levels", required=True)
    max_levels_of_separation = Column("int", "length of the longest way between them", "levels", required=True)

    expectations = (
        expect_or_fail(
            "no way leads round", "ancestor_concept_id != descendant_concept_id or max_levels_of_separation = 0"
        ),
    )
