"""Which concepts lie above which."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.contract import Column, Table, expect_or_fail
from lakehouse.silver.vocabulary.concept import Concept
from lakehouse.silver.vocabulary.concept_relationship import ConceptRelationship
from lakehouse.silver.vocabulary.drug_strength import DrugStrength
from lakehouse.silver.vocabulary.published_ancestor import PublishedAncestor
from lakehouse.silver.vocabulary.relationship import Relationship

_DOUBLINGS = 4
"""Ways of up to two to this power, sixteen levels, are followed."""


_PAIR = (
    "ancestor_concept_id as ancestor",
    "descendant_concept_id as descendant",
    "min_levels_of_separation as least",
    "max_levels_of_separation as most",
)


class ConceptAncestor(Table):
    """Standard and classifying concepts with all that lie above them, each above itself at 0 levels.

    OMOP CDM 5.4 CONCEPT_ANCESTOR. Where a release states the ancestors of a concept, it is taken at its word. Those
    of the others are found by following the relations that define ancestry, and drugs to their ingredients: the
    levels are then those of the relations that are carried, which may leave out steps.
    """

    layer = "silver"
    grain = "one row per ancestor and descendant"
    key = ("ancestor_concept_id", "descendant_concept_id")

    ancestor_concept_id = Column("int", "the concept above", required=True)
    descendant_concept_id = Column("int", "the concept below", required=True)
    min_levels_of_separation = Column("int", "length of the shortest way between them", "levels", required=True)
    max_levels_of_separation = Column("int", "length of the longest way between them", "levels", required=True)

    expectations = (
        expect_or_fail(
            "no way leads round", "ancestor_concept_id != descendant_concept_id or max_levels_of_separation = 0"
        ),
    )

    @staticmethod
    def build(
        published: PublishedAncestor,
        concepts: Concept,
        relations: ConceptRelationship,
        kinds: Relationship,
        strengths: DrugStrength,
    ) -> DataFrame:
        """Keep what is published, and find the ancestors of the other concepts."""
        stated = published.selectExpr(*_PAIR)
        known = stated.select("descendant").distinct()
        others = (
            concepts.filter("standard_concept in ('S', 'C')")
            .selectExpr("concept_id as descendant")
            .join(known, "descendant", "left_anti")
        )
        found = _followed(_one_level(relations, kinds, strengths, concepts).join(others, "descendant"), others)
        beyond = found.alias("near").join(stated.alias("far"), F.expr("near.ancestor = far.descendant"))
        of_others = _best(found.unionByName(_joined(beyond))).join(known, "descendant", "left_anti")
        return stated.unionByName(of_others).selectExpr(
            "ancestor as ancestor_concept_id",
            "descendant as descendant_concept_id",
            "least as min_levels_of_separation",
            "most as max_levels_of_separation",
        )


def _one_level(relations: DataFrame, kinds: DataFrame, strengths: DataFrame, concepts: DataFrame) -> DataFrame:
    """The pairs of standard or classifying concepts of which a relation says that one is right above the other."""
    defining = kinds.filter("defines_ancestry = 1")
    of_kind = relations.filter("invalid_reason is null")
    down = defining.select("relationship_id")
    up = defining.selectExpr("reverse_relationship_id as relationship_id")
    pairs = (
        of_kind.join(F.broadcast(down), "relationship_id")
        .selectExpr("concept_id_1 as ancestor", "concept_id_2 as descendant")
        .unionByName(
            of_kind.join(F.broadcast(up), "relationship_id").selectExpr(
                "concept_id_2 as ancestor", "concept_id_1 as descendant"
            )
        )
        .unionByName(strengths.selectExpr("ingredient_concept_id as ancestor", "drug_concept_id as descendant"))
        .filter("ancestor != descendant")
        .distinct()
    )
    allowed = concepts.filter("standard_concept in ('S', 'C')")
    return pairs.join(allowed.selectExpr("concept_id as ancestor"), "ancestor").join(
        allowed.selectExpr("concept_id as descendant"), "descendant"
    )


def _followed(steps: DataFrame, below: DataFrame) -> DataFrame:
    """All ways up from the concepts below, with the lengths of the shortest and the longest; itself at 0."""
    themselves = below.unionByName(steps.selectExpr("ancestor as descendant")).distinct()
    ways = themselves.selectExpr("descendant as ancestor", "descendant", "0 as least", "0 as most").unionByName(
        steps.selectExpr("ancestor", "descendant", "1 as least", "1 as most")
    )
    for _ in range(_DOUBLINGS):
        ways = _best(_joined(ways.alias("near").join(ways.alias("far"), F.expr("near.ancestor = far.descendant"))))
    return ways


def _joined(ways: DataFrame) -> DataFrame:
    return ways.selectExpr(
        "far.ancestor as ancestor",
        "near.descendant as descendant",
        "near.least + far.least as least",
        "near.most + far.most as most",
    )


def _best(ways: DataFrame) -> DataFrame:
    lengths = F.min("least").alias("least"), F.max("most").alias("most")
    return ways.groupBy("ancestor", "descendant").agg(*lengths)
