"""Every declared table, found by import, and the graph between them."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from types import ModuleType

from lakehouse.contract import LAYERS, Table
from lakehouse.errors import ContractError, UsageError, shown


@dataclass(frozen=True)
class Catalog:
    """Tables in the order of building: each after all of its inputs."""

    tables: tuple[type[Table], ...]

    @classmethod
    def of(cls, tables: Iterable[type[Table]]) -> Catalog:
        """Order the tables and refuse duplicate names, undeclared inputs and cycles."""
        by_name: dict[str, type[Table]] = {}
        for table in sorted(tables, key=lambda t: (LAYERS.index(t.layer), t.table_name())):
            other = by_name.setdefault(table.full_name(), table)
            if other is not table:
                raise ContractError(f"{table.full_name()} is declared in {other.__module__} and in {table.__module__}")
        graph = {name: [i.full_name() for i in table.inputs().values()] for name, table in by_name.items()}
        for name, inputs in graph.items():
            for unknown in set(inputs) - set(graph):
                raise ContractError(f"{name} reads {unknown}, which is not in the catalogue")
        try:
            return cls(tuple(by_name[name] for name in TopologicalSorter(graph).static_order()))
        except CycleError as error:
            raise ContractError(f"tables depend on each other in a circle: {' -> '.join(error.args[1])}") from error

    @cached_property
    def by_name(self) -> dict[str, type[Table]]:
        """Tables by `layer.table`."""
        return {table.full_name(): table for table in self.tables}

    def __iter__(self) -> Iterator[type[Table]]:
        return iter(self.tables)

    def find(self, name: str) -> type[Table]:
        """The table of that name; the layer may be left out where the name is clear without."""
        matches = [t for t in self.tables if name in (t.full_name(), t.table_name())]
        if len(matches) == 1:
            return matches[0]
        if matches:
            raise UsageError(f"{name!r} could be {' or '.join(t.full_name() for t in matches)}: name its layer too")
        full, own = list(self.by_name), [t.table_name() for t in self.tables]
        layer, _, last = name.rpartition(".")
        near = difflib.get_close_matches(name, full if layer else own, n=1)
        if layer and not near:
            near = [full[own.index(alike)] for alike in difflib.get_close_matches(last, own, n=1)]
        hint = f"did you mean {near[0]!r}?" if near else "`lakehouse docs` lists all tables"
        raise UsageError(f"there is no table {shown(name)}: {hint}")

    def upstream(self, tables: set[type[Table]]) -> set[type[Table]]:
        """These tables and all that they are built from."""
        found = set(tables)
        for table in reversed(self.tables):
            if table in found:
                found.update(table.inputs().values())
        return found

    def downstream(self, tables: set[type[Table]]) -> set[type[Table]]:
        """These tables and all that is built from them."""
        found = set(tables)
        for table in self.tables:
            if found.intersection(table.inputs().values()):
                found.add(table)
        return found

    def select(self, selectors: Iterable[str]) -> set[type[Table]]:
        """Tables by name or layer; `+name` with all upstream of it, `name+` with all downstream."""
        selectors = list(selectors)
        if not selectors:
            return set(self.tables)
        chosen: set[type[Table]] = set()
        for selector in selectors:
            name = selector.strip("+")
            found = {t for t in self.tables if t.layer == name} or {self.find(name)}
            chosen |= self.upstream(found) if selector.startswith("+") else set()
            chosen |= self.downstream(found) if selector.endswith("+") else set()
            chosen |= found
        return chosen


@lru_cache(maxsize=1)
def load() -> Catalog:
    """The catalogue of all tables in lakehouse.bronze, lakehouse.vault, lakehouse.silver and lakehouse.gold."""
    return Catalog.of(table for layer in LAYERS for table in _tables_in(importlib.import_module(f"lakehouse.{layer}")))


def _tables_in(package: ModuleType) -> Iterator[type[Table]]:
    for folder in {file.parent for root in package.__path__ for file in Path(root).rglob("*.py")}:
        if not (folder / "__init__.py").exists():
            raise ContractError(f"{folder} has no __init__.py: the tables in it would not be found")
    for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        module = importlib.import_module(info.name)
        for value in vars(module).values():
            declared_here = isinstance(value, type) and issubclass(value, Table) and value.__module__ == info.name
            if declared_here and "layer" in vars(value):
                yield value
