from __future__ import annotations

from random import Random

from pyspark.sql import SparkSession

from lakehouse.vault.components import FARTHEST, components


def of_union_find(links: list[tuple[int, int]]) -> dict[int, list[int]]:
    parent = {thing: thing for link in links for thing in link}

    def root(thing: int) -> int:
        while parent[thing] != thing:
            thing = parent[thing]
        return thing

    for one, other in links:
        parent[root(one)] = root(other)
    return {thing: sorted(o for o in parent if root(o) == root(thing)) for thing in parent}


def computed(spark: SparkSession, links: list[tuple[int, int]]) -> dict[int, list[int]]:
    rows = components(spark.createDataFrame(links, "one int, other int")).collect()
    assert len({row.one for row in rows}) == len(rows)
    return {row.one: row.members for row in rows}


def test_are_those_of_union_find(spark: SparkSession) -> None:
    """Of 200 random graphs, side by side as one: things of different graphs have different numbers."""
    random = Random(1)
    links = [
        (100 * graph + one, 100 * graph + other)
        for graph in range(200)
        for one, other in (random.sample(range(FARTHEST + 1), 2) for _ in range(random.randrange(14)))
    ]
    assert computed(spark, links) == of_union_find(links)


def test_a_chain_is_one_component_as_far_as_is_promised(spark: SparkSession) -> None:
    chain = [(step, step + 1) for step in range(FARTHEST)]
    assert computed(spark, chain) == of_union_find(chain)
    assert computed(spark, [*chain, (FARTHEST, FARTHEST + 1)])[0] == list(range(FARTHEST + 1))
