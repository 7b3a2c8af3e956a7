"""The catalogue orders tables, refuses what cannot be built, and finds tables by what a person types."""

from __future__ import annotations

from typing import Any

import pytest
from pyspark.sql import DataFrame

from lakehouse import catalog
from lakehouse.catalog import Catalog
from lakehouse.contract import Column, LandedTable, Table, expect_or_drop
from lakehouse.errors import ContractError, UsageError
from tests.refresh import toy


def names(tables: set[type[Table]]) -> set[str]:
    return {table.table_name() for table in tables}


def landed(name: str, layer: str = "bronze") -> type[Table]:
    says = {"__doc__": "x", "layer": layer, "grain": "one row", "key": ("id",), "id": Column("int", "the id")}
    return type(name, (LandedTable,), says)


def derived(name: str, **inputs: type[Table]) -> type[Table]:
    def build() -> DataFrame:
        raise NotImplementedError

    table = type(name, (landed(name, "silver"),), {"layer": "silver", "build": staticmethod(build), "__doc__": "x"})
    build.__annotations__ = {**inputs, "return": DataFrame}
    return table


def test_every_table_comes_after_its_inputs() -> None:
    order = catalog.load().tables
    assert len(order) > 40
    assert all(order.index(source) < order.index(table) for table in order for source in table.inputs().values())


def test_the_order_does_not_depend_on_that_of_the_declarations() -> None:
    assert Catalog.of(reversed(toy.CATALOG.tables)).tables == toy.CATALOG.tables


def test_refuses_two_tables_of_one_name() -> None:
    with pytest.raises(ContractError, match=r"bronze\.visit is declared in"):
        Catalog.of([toy.Visit, landed("Visit")])


def test_refuses_an_input_that_is_not_declared() -> None:
    with pytest.raises(ContractError, match=r"gold\.total reads gold\.person_cost, which is not in the catalogue"):
        Catalog.of([toy.Total])


@pytest.mark.parametrize(
    ("annotation", "refused"),
    [(DataFrame, "the input 'visits' of build must be annotated"), ("Visits", "not imported: name 'Visits'")],
)
def test_refuses_an_input_that_is_no_table(annotation: Any, refused: str) -> None:
    with pytest.raises(ContractError, match=refused):
        Catalog.of([derived("Hen", visits=annotation)])


def test_refuses_a_circle_and_names_it() -> None:
    egg = derived("Egg")
    hen = derived("Hen", eggs=egg)
    egg.build.__annotations__ = {"hens": hen, "return": DataFrame}  # type: ignore[attr-defined]
    with pytest.raises(ContractError, match=r"circle: silver\.(egg|hen) -> silver\.(egg|hen) -> silver\.(egg|hen)$"):
        Catalog.of([egg, hen])


def test_finds_a_table_with_and_without_its_layer() -> None:
    assert toy.CATALOG.find("silver.person_visit") is toy.CATALOG.find("person_visit") is toy.PersonVisit


def test_an_unclear_name_is_answered_with_the_choice() -> None:
    tables = Catalog.of([landed("Visit"), landed("Visit", "silver")])
    with pytest.raises(UsageError, match=r"'visit' could be bronze\.visit or silver\.visit"):
        tables.find("visit")
    assert tables.find("silver.visit").layer == "silver"


@pytest.mark.parametrize(
    ("typed", "answer"),
    [("person_vist", "did you mean 'person_visit'"), ("sliver.link", "did you mean 'silver.link'"), ("?", "docs")],
)
def test_an_unknown_name_is_answered_with_the_nearest(typed: str, answer: str) -> None:
    with pytest.raises(UsageError, match=answer):
        toy.CATALOG.select([typed])


@pytest.mark.parametrize(
    ("selectors", "chosen"),
    [
        ([], "name visit link latest_visit person_visit person_cost total visits_of_cost"),
        (["link"], "link"),
        (["+link"], "name link"),
        (["link+"], "link person_visit person_cost total visits_of_cost"),
        (["+person_visit+"], "name visit link latest_visit person_visit person_cost total visits_of_cost"),
        (["gold"], "person_cost total visits_of_cost"),
        (["bronze+"], "name visit link latest_visit person_visit person_cost total visits_of_cost"),
        (["+gold"], "name visit link latest_visit person_visit person_cost total visits_of_cost"),
        (["name", "silver.link"], "name link"),
    ],
)
def test_selects_with_what_is_upstream_and_downstream(selectors: list[str], chosen: str) -> None:
    assert names(toy.CATALOG.select(selectors)) == set(chosen.split())


@pytest.mark.parametrize(
    ("says", "refused"),
    [
        ({"layer": "platinum"}, "layer 'platinum' is none of bronze, vault, silver, gold"),
        ({"grain": ""}, "declares no grain"),
        ({"key": ()}, "declares no key"),
        ({"key": ("ids",)}, "'ids' in its key, scope or changes_by is not one of its columns"),
        ({"scope": "person_id"}, "'person_id' in its key"),
        ({"scope": "id", "adds_up_by": "person_id"}, "adds up, so it has no scope"),
        ({"adds_up_by": "person_id", "n": Column("int", "no count", required=True)}, "beside the key are required big"),
        ({"adds_up_by": "person_id", "n": Column("bigint", "may be null")}, "beside the key are required bigint"),
        ({"adds_up_by": "person_id"}, "beside the key are required bigint"),
        ({"adds_up_by": "person_id", "expectations": (expect_or_drop("x", "id > 0"),)}, "no scope and drops no rows"),
        ({"__doc__": None}, "has no docstring"),
    ],
)
def test_a_declaration_that_contradicts_itself_is_refused(says: dict[str, object], refused: str) -> None:
    whole = {"__doc__": "x", "layer": "bronze", "grain": "one row", "key": ("id",), "id": Column("int", "the id")}
    with pytest.raises(ContractError, match=refused):
        type("Wrong", (LandedTable,), {**whole, **says})
    with pytest.raises(ContractError, match="has no build function"):
        type("Wrong", (Table,), whole)
