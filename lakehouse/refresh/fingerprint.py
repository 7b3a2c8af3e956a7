"""The fingerprint of the code that makes a table: it changes when what the code does may have changed.

It covers the syntax of the table's own module and of every helper module of lakehouse that it imports,
however deep, without comments, docstrings and layout. Modules that declare other tables are left out: a
change there shows in the versions of their rows. What a table takes from the classes of its inputs beside
their rows is covered: their constants, and the modules of the declarations that they share. The engine is
left out: its promise is to change no rows.
"""

from __future__ import annotations

import ast
import hashlib
import importlib
import inspect
import sys
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from types import ModuleType

from lakehouse import keys
from lakehouse.contract import ReferenceTable, Table

_ENGINE = ("lakehouse.contract", "lakehouse.errors", "lakehouse.storage", "lakehouse.refresh", "lakehouse.session")
_FOR_PEOPLE = ("grain", "python_reason", "expectations", "accounts_for")


def fingerprint(table: type[Table]) -> str:
    """A short hexadecimal digest of the code (and the packaged data) that makes the table."""
    digest = hashlib.sha256()
    for module in sorted(_modules_of(table)):
        digest.update(module.encode())
        digest.update(_meaning(module).encode())
    for source in table.inputs().values():
        digest.update(repr(_constants(source)).encode())
    if issubclass(table, ReferenceTable):
        digest.update(files("lakehouse").joinpath(table.file).read_bytes())
    return digest.hexdigest()[:16]


def makes_ids(table: type[Table]) -> bool:
    """Whether the code that makes the table can make ids, so that another key may make others."""
    return keys.__name__ in _modules_of(table)


def _modules_of(table: type[Table]) -> set[str]:
    inputs = table.inputs().values()
    shared = {base.__module__ for source in inputs for base in source.__mro__ if _is_helper(base.__module__)}
    return _modules({table.__module__, *shared})


def _modules(start: set[str]) -> set[str]:
    """These modules and the helper modules that they lean on."""
    found, waiting = set(start), list(start)
    while waiting:
        for name in _imports(waiting.pop()):
            if name not in found and _is_helper(name):
                found.add(name)
                waiting.append(name)
    return found


def _is_helper(module: str) -> bool:
    return module.startswith("lakehouse.") and not module.startswith(_ENGINE) and not _declares_tables(module)


def _constants(table: type[Table]) -> dict[str, object]:
    """What the class says in constants, as which version of a record holds; not what it says to people."""
    said = {name: getattr(table, name) for name in dir(table) if not name.startswith("_") and name not in _FOR_PEOPLE}
    return {name: value for name, value in said.items() if isinstance(value, (str, int, float, tuple))}


@cache
def _imports(module: str) -> frozenset[str]:
    return frozenset(name for name in _imported_names(_tree(module)) if name.startswith("lakehouse.") and _exists(name))


def _imported_names(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def _exists(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


@cache
def _declares_tables(module: str) -> bool:
    return any(
        inspect.isclass(value) and issubclass(value, Table) and value.__module__ == module and "layer" in vars(value)
        for value in vars(_loaded(module)).values()
    )


def _loaded(module: str) -> ModuleType:
    return sys.modules.get(module) or importlib.import_module(module)


@cache
def _tree(module: str) -> ast.Module:
    return ast.parse(inspect.getsource(_loaded(module)) or "")


@cache
def _meaning(module: str) -> str:
    """The module's syntax without its docstrings, as text."""
    tree = ast.parse(ast.unparse(_tree(module)))
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return ast.dump(tree)
