"""Who may import whom, read from the imports of every module."""

from __future__ import annotations

import ast
import importlib
import inspect
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lakehouse import catalog
from lakehouse.contract import Table

ROOT = Path(__file__).parent.parent
TABLE_MODULES = {table.__module__ for table in catalog.load()}


def module_name(file: Path) -> str:
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


TREES = {
    module_name(file): ast.parse(file.read_text(encoding="utf-8"))
    for folder in ("lakehouse", "jobs")
    for file in sorted((ROOT / folder).rglob("*.py"))
}


def imports(module: str) -> Iterator[str]:
    """Every name that a module imports, wherever in it: `package.module` and `package.module.name`."""
    for node in ast.walk(TREES[module]):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relative to itself"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def lies_in(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def importers(package: str) -> set[str]:
    return {module for module in TREES if any(lies_in(name, package) for name in imports(module))}


SYNTHETIC = "lakehouse.synthetic"
BRONZE, VAULT, SILVER, GOLD = "lakehouse.bronze", "lakehouse.vault", "lakehouse.silver", "lakehouse.gold"
ABOVE_TABLES = tuple(f"lakehouse.{name}" for name in ("cli", "lake", "stages", "models", "report", "tracking"))


@pytest.mark.parametrize(
    ("package", "forbidden"),
    [
        ("lakehouse.contract", (BRONZE, SILVER, GOLD, "lakehouse.storage", "lakehouse.refresh", "lakehouse.catalog")),
        ("lakehouse.keys", (BRONZE, SILVER, GOLD)),
        ("lakehouse.terminology", (BRONZE, SILVER, GOLD)),
        ("lakehouse.genomics", (BRONZE, SILVER, GOLD)),
        ("lakehouse.storage", (BRONZE, SILVER, GOLD, *ABOVE_TABLES)),
        ("lakehouse.refresh", (BRONZE, SILVER, GOLD, *ABOVE_TABLES)),
        (BRONZE, (VAULT, SILVER, GOLD, *ABOVE_TABLES)),
        (VAULT, (SILVER, GOLD, *ABOVE_TABLES)),
        (SILVER, (GOLD, *ABOVE_TABLES)),
        (GOLD, (BRONZE, *ABOVE_TABLES)),
        ("lakehouse.models", (BRONZE, "lakehouse.cli", "lakehouse.stages")),
        ("lakehouse.report", ("lakehouse.cli", "lakehouse.stages")),
    ],
)
def test_imports_go_one_way(package: str, forbidden: tuple[str, ...]) -> None:
    assert {m: n for m in TREES if lies_in(m, package) for n in imports(m) if lies_in(n, *forbidden)} == {}


def test_the_synthetic_population_hangs_on_nothing() -> None:
    """To the tables it is a folder of files that landed, and it knows of no table."""
    known = ("lakehouse.errors", "lakehouse.config", "lakehouse.session", SYNTHETIC)
    inside = {module for module in TREES if lies_in(module, SYNTHETIC)}
    assert {m: n for m in inside for n in imports(m) if lies_in(n, "lakehouse") and not lies_in(n, *known)} == {}
    assert importers(SYNTHETIC) - inside <= {"lakehouse.stages"}


def test_only_who_generates_loads_the_synthetic_population() -> None:
    code = "import sys, lakehouse.cli, lakehouse.stages; sys.exit(any('lakehouse.synthetic' in m for m in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_table_reads_no_storage_session_or_conf() -> None:
    engine = ("lakehouse.storage", "lakehouse.session", "lakehouse.config", "lakehouse.refresh", "lakehouse.catalog")
    assert {m: n for m in TABLE_MODULES for n in imports(m) if lies_in(n, *engine)} == {}


def test_one_module_knows_mlflow() -> None:
    assert importers("mlflow") == {"lakehouse.tracking"}


def test_hail_is_known_to_the_session_to_genomics_and_to_their_scorecard_only() -> None:
    known = ("lakehouse.session", "lakehouse.genomics", f"{SYNTHETIC}.genetics")
    assert {m for m in importers("hail") if not lies_in(m, *known)} == set()


def test_nothing_of_the_population_reads_its_scorecards() -> None:
    scorecards = (f"{SYNTHETIC}.genetics", f"{SYNTHETIC}.realism")
    for scorecard in scorecards:
        assert {m for m in importers(scorecard) if not lies_in(m, scorecard, "lakehouse.stages")} == set()


def test_one_module_knows_delta() -> None:
    def names_delta(tree: ast.Module) -> bool:
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
        formats = [call.args[0] for call in calls if getattr(call.func, "attr", "") == "format" and call.args]
        return any(isinstance(argument, ast.Constant) and argument.value == "delta" for argument in formats)

    assert {module for module, tree in TREES.items() if names_delta(tree)} == {"lakehouse.storage"}
    assert importers("delta") <= {"lakehouse.storage"}


def test_jobs_are_the_command_and_nothing_else() -> None:
    jobs = [module for module in TREES if module.startswith("jobs")]
    assert jobs
    for job in jobs:
        assert all(lies_in(name, "lakehouse.cli") for name in imports(job) if lies_in(name, "lakehouse")), job


def test_modules_of_tables_give_away_their_tables_only() -> None:
    """What else they held would make rows of other tables without changing their fingerprints."""
    taken = {}
    for module, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module in TABLE_MODULES:
                declared = vars(importlib.import_module(node.module))
                for alias in node.names:
                    value = declared[alias.name]
                    if not (inspect.isclass(value) and issubclass(value, Table) and value.__module__ == node.module):
                        taken[module] = f"{node.module}.{alias.name}"
    assert taken == {}


def test_modules_of_tables_declare_one_table() -> None:
    assert len(TABLE_MODULES) == len(catalog.load().tables)
