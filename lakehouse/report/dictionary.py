"""The data dictionary and the lineage, from the contracts alone."""

from __future__ import annotations

from typing import Any

from rich.tree import Tree

from lakehouse.catalog import Catalog
from lakehouse.contract import Table
from lakehouse.silver.quality.cdm import FIELDS
from lakehouse.silver.quality.checks import checks_of


def entry(table: type[Table]) -> dict[str, Any]:
    """What a table promises, as plain values."""
    return {
        "table": table.full_name(),
        "purpose": table.about(),
        "grain": table.grain,
        "key": list(table.key),
        "scope": table.scope,
        "adds_up_by": table.adds_up_by,
        "serves": list(table.serves),
        "inputs": [source.full_name() for source in table.inputs().values()],
        "columns": [
            {
                "name": n,
                "type": c.type,
                "unit": c.unit,
                "required": c.required or n in table.key,
                "comment": c.comment,
                "checks": _checks(table, n),
            }
            for n, c in table.declared.items()
        ],
        "expectations": [
            {"name": e.name, "predicate": e.predicate, "strength": e.strength} for e in table.expectations
        ],
    }


def _checks(table: type[Table], column: str) -> list[str]:
    """The checks of quality that a field of OMOP's tables gets."""
    name = table.table_name()
    if table.layer != "silver" or name not in FIELDS:
        return []
    types = {field: declared.type for field, declared in table.declared.items()}
    return [check.name for check in checks_of(name, types) if check.field == column]


def markdown(catalog: Catalog) -> str:
    """The dictionary of all tables, a section each."""
    return "# Data dictionary\n\n" + "\n".join(_section(entry(table)) for table in catalog)


def _section(table: dict[str, Any]) -> str:
    lines = [
        f"## {table['table']}\n",
        f"{table['purpose']}\n",
        f"- grain: {table['grain']}",
        f"- key: {', '.join(table['key'])}",
        f"- scope: {table['scope'] or _without_scope(table)}",
        *([f"- serves: {', '.join(table['serves'])}; who withdrew consent is left out"] if table["serves"] else []),
        f"- made from: {', '.join(table['inputs']) or 'what landed or is carried in the package'}\n",
        "| column | type | unit | required | what it is |",
        "|---|---|---|---|---|",
    ]
    for column in table["columns"]:
        required = "yes" if column["required"] else ""
        cells = (column["name"], column["type"], column["unit"] or "", required, column["comment"])
        lines.append(f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |")
    if table["expectations"]:
        lines.append("\nExpectations:\n")
        lines += [f"- {e['name']} ({e['strength']}): `{e['predicate']}`" for e in table["expectations"]]
    checked = [f"- {column['name']}: {', '.join(column['checks'])}" for column in table["columns"] if column["checks"]]
    if checked:
        lines += ["\nChecks of quality (silver.quality_check_result):\n", *checked]
    return "\n".join(lines) + "\n"


def _without_scope(table: dict[str, Any]) -> str:
    by = table["adds_up_by"]
    return (
        f"none, but it adds up by {by}: counted anew for changed ones" if by else "none: rebuilt when an input changed"
    )


def lineage(catalog: Catalog, table: type[Table]) -> dict[str, Any]:
    """All that a table is made from, and all that is made from it, in the order of building."""
    return {
        "table": table.full_name(),
        "upstream": [t.full_name() for t in catalog if t in catalog.upstream({table}) and t != table],
        "downstream": [t.full_name() for t in catalog if t in catalog.downstream({table}) and t != table],
    }


def trees(catalog: Catalog, table: type[Table]) -> list[Tree]:
    """The lineage as two trees: made from, and used by."""
    sources = {t: list(t.inputs().values()) for t in catalog}
    users = {source: [t for t in catalog if source in sources[t]] for source in catalog}
    name = f"[bold]{table.full_name()}[/]"
    made_from = Tree(f"{name} is made from{'' if sources[table] else ' what landed or is carried in the package'}")
    used_by = Tree(f"{name} is used by{'' if users[table] else ' no other table'}")
    _grow(made_from, table, sources, set())
    _grow(used_by, table, users, set())
    return [made_from, used_by]


def _grow(tree: Tree, table: type[Table], edges: dict[type[Table], list[type[Table]]], seen: set[type[Table]]) -> None:
    for other in edges[table]:
        told = other in seen and edges[other]
        branch = tree.add(f"{other.full_name()} [dim](see above)[/]" if told else other.full_name())
        if not told:
            seen.add(other)
            _grow(branch, other, edges, seen)
