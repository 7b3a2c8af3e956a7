"""What lies above what: as published, else by following relations."""

from __future__ import annotations

import pytest
from pyspark.sql import SparkSession

from lakehouse.silver.vocabulary.concept import Concept
from lakehouse.silver.vocabulary.concept_ancestor import ConceptAncestor
from lakehouse.silver.vocabulary.concept_relationship import ConceptRelationship
from lakehouse.silver.vocabulary.drug_strength import DrugStrength
from lakehouse.silver.vocabulary.published_ancestor import PublishedAncestor
from lakehouse.silver.vocabulary.relationship import Relationship
from tests.support import Rows, rows_of

KINDS = [
    {"relationship_id": "Is a", "defines_ancestry": 0, "reverse_relationship_id": "Subsumes"},
    {"relationship_id": "Subsumes", "defines_ancestry": 1, "reverse_relationship_id": "Is a"},
    {"relationship_id": "Maps to", "defines_ancestry": 0, "reverse_relationship_id": "Mapped from"},
]


def ancestors(
    spark: SparkSession,
    standard: dict[int, str | None],
    relations: list[tuple[int, str, int, str | None]],
    published: tuple[tuple[int, int, int, int], ...] = (),
    strengths: tuple[tuple[int, int], ...] = (),
) -> dict[tuple[int, int], tuple[int, int]]:
    """The levels by descendant and ancestor."""
    pairs = [dict(zip(PublishedAncestor.declared, pair, strict=True)) for pair in published]
    related = [
        {"concept_id_1": one, "relationship_id": kind, "concept_id_2": two, "invalid_reason": invalid}
        for one, kind, two, invalid in relations
    ]
    rows = ConceptAncestor.build(
        rows_of(spark, PublishedAncestor, *pairs),  # type: ignore[arg-type]
        rows_of(spark, Concept, *({"concept_id": id_, "standard_concept": s} for id_, s in standard.items())),  # type: ignore[arg-type]
        rows_of(spark, ConceptRelationship, *related),  # type: ignore[arg-type]
        rows_of(spark, Relationship, *KINDS),  # type: ignore[arg-type]
        rows_of(spark, DrugStrength, *({"drug_concept_id": d, "ingredient_concept_id": i} for d, i in strengths)),  # type: ignore[arg-type]
    ).collect()
    found = {
        (r.descendant_concept_id, r.ancestor_concept_id): (r.min_levels_of_separation, r.max_levels_of_separation)
        for r in rows
    }
    assert len(found) == len(rows)
    return found


def test_ways_of_different_length_and_either_direction_are_followed(spark: SparkSession) -> None:
    found = ancestors(
        spark,
        {1: "S", 2: "S", 3: "C", 4: "S", 5: None, 6: "S"},
        [
            (1, "Is a", 2, None),
            (3, "Subsumes", 2, None),
            (3, "Subsumes", 1, None),
            (3, "Is a", 4, None),
            (1, "Is a", 5, None),
            (5, "Is a", 6, None),
            (1, "Maps to", 6, None),
            (1, "Is a", 6, "D"),
        ],
    )
    assert found == {
        **{(id_, id_): (0, 0) for id_ in (1, 2, 3, 4, 6)},
        (1, 2): (1, 1),
        (1, 3): (1, 2),
        (1, 4): (2, 3),
        (2, 3): (1, 1),
        (2, 4): (2, 2),
        (3, 4): (1, 1),
    }


def test_sixteen_levels_are_followed(spark: SparkSession) -> None:
    found = ancestors(spark, dict.fromkeys(range(17), "S"), [(i, "Is a", i + 1, None) for i in range(16)])
    assert {up - down: levels for (down, up), levels in found.items()} == {n: (n, n) for n in range(17)}
    assert len(found) == 17 * 18 / 2


def test_drugs_lie_below_their_ingredients_and_what_is_published_is_believed(spark: SparkSession) -> None:
    found = ancestors(
        spark,
        {10: "S", 11: "S", 12: "S", 90: "C"},
        [],
        published=((10, 10, 0, 0), (11, 11, 0, 0), (90, 90, 0, 0), (90, 10, 2, 4), (10, 11, 2, 3), (90, 11, 5, 6)),
        strengths=((11, 10), (12, 10)),
    )
    assert found == {
        **{(id_, id_): (0, 0) for id_ in (10, 11, 12, 90)},
        (10, 90): (2, 4),
        (11, 10): (2, 3),
        (11, 90): (5, 6),
        (12, 10): (1, 1),
        (12, 90): (3, 5),
    }


@pytest.mark.parametrize(
    ("descendant", "ancestor", "levels"),
    [(1310034, 1309944, (2, 3)), (715294, 715259, (1, 1)), (201826, 201826, (0, 0))],
    ids=["published: an amiodarone drug", "by its ingredient", "itself"],
)
def test_of_the_package(sample: Rows, descendant: int, ancestor: int, levels: tuple[int, int]) -> None:
    (row,) = (
        sample[ConceptAncestor]
        .filter(f"descendant_concept_id = {descendant} and ancestor_concept_id = {ancestor}")
        .collect()
    )
    assert (row.min_levels_of_separation, row.max_levels_of_separation) == levels
