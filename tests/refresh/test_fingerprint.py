"""A fingerprint changes when what the code does may have changed, and only then."""

from __future__ import annotations

import importlib
import linecache
import sys
from collections.abc import Callable, Iterator
from functools import _lru_cache_wrapper
from pathlib import Path

import pytest

import lakehouse
from lakehouse import catalog
from lakehouse.bronze.ehr.patient import Patient
from lakehouse.gold.genomics.variant_qc_summary import VariantQcSummary
from lakehouse.refresh import fingerprint
from lakehouse.silver.clinical.visit_occurrence import VisitOccurrence
from lakehouse.silver.genomics.genotyped_sample import GenotypedSample
from lakehouse.silver.vocabulary.code_system import CodeSystem
from lakehouse.silver.vocabulary.unmapped_code import UnmappedCode
from lakehouse.vault.master_person_index import MasterPersonIndex

TABLE = '''"""A table."""

from pyspark.sql import DataFrame

from lakehouse.toys.helper import doubled
from lakehouse.toys.source import Source
from lakehouse.contract import Column, Table


class Toy(Table):
    """What it is."""

    layer = "silver"
    grain = "one row"
    key = ("id",)

    id = Column("bigint", "the id")

    @staticmethod
    def build(sources: Source) -> DataFrame:
        """Double it."""
        # A comment.
        return sources.selectExpr(doubled("id"))
'''
HELPER = '''"""Helps."""

from lakehouse.toys.factor import FACTOR


def doubled(column: str) -> str:
    """Double it."""
    return f"{column} * {FACTOR} as {column}"
'''
FACTOR = "FACTOR = 2\n"
SHARED = '''"""What sources share."""

from lakehouse.contract import Table


class Versioned(Table):
    """Has versions."""

    newer = ("version",)

    @classmethod
    def current(cls, rows):
        return rows.filter("version = 1")
'''
SOURCE = '''"""A source."""

from lakehouse.toys.shared import Versioned
from lakehouse.contract import Column, LandedTable


class Source(Versioned, LandedTable):
    """What landed."""

    layer = "bronze"
    grain = "one row"
    key = ("id",)
    retracted = "false"

    id = Column("bigint", "the id")
'''
MODULES = {"table": TABLE, "helper": HELPER, "factor": FACTOR, "shared": SHARED, "source": SOURCE, "other": ""}

Fingerprint = Callable[..., str]


@pytest.fixture
def fingerprint_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fingerprint]:
    """The fingerprint of the toy table, with one text of one of its modules replaced by another."""
    monkeypatch.setattr(lakehouse, "__path__", [*lakehouse.__path__, str(tmp_path)])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    folder = tmp_path / "toys"
    folder.mkdir()

    def forget() -> None:
        for name in [name for name in sys.modules if name.startswith("lakehouse.toys")]:
            del sys.modules[name]
        for value in vars(fingerprint).values():
            if isinstance(value, _lru_cache_wrapper):
                value.cache_clear()
        importlib.invalidate_caches()
        linecache.clearcache()

    def take(module: str = "table", old: str = "", new: str = "") -> str:
        forget()
        assert old in MODULES[module]
        for name, text in {"__init__": "", **MODULES}.items():
            (folder / f"{name}.py").write_text(text.replace(old, new) if name == module else text)
        return fingerprint.fingerprint(importlib.import_module("lakehouse.toys.table").Toy)

    yield take
    forget()
    vars(lakehouse).pop("toys", None)


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        ("table", 'doubled("id")', 'doubled("id"), "1 as one"'),
        ("helper", "{column} * {FACTOR}", "{column} + {FACTOR}"),
        ("factor", "FACTOR = 2", "FACTOR = 3"),
        ("shared", "version = 1", "version = 2"),
        ("shared", '("version",)', '("arrived_at",)'),
        ("source", 'retracted = "false"', 'retracted = "id = 1"'),
    ],
    ids=[
        "its function",
        "a helper",
        "a helper's helper",
        "what inputs share",
        "a shared constant",
        "an input's constant",
    ],
)
def test_changes_with_the_code(fingerprint_with: Fingerprint, module: str, old: str, new: str) -> None:
    assert fingerprint_with(module, old, new) != fingerprint_with()


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        ("table", "# A comment.", "# Another, longer comment."),
        ("table", '"""Double it."""', '"""Twice."""'),
        ("table", '"""What it is."""', '"""Something else."""'),
        ("table", 'doubled("id"))', "doubled(\n'id'\n))"),
        ("helper", '"""Helps."""', '"""Is of use."""'),
        ("source", '"one row"', '"one row per id"'),
        ("source", '"""What landed."""', '"""All that landed."""'),
        ("other", "", "NOT_IMPORTED = 1"),
    ],
    ids=[
        "comment",
        "docstring",
        "purpose",
        "layout",
        "helper's docstring",
        "input's grain",
        "input's purpose",
        "stranger",
    ],
)
def test_stays_where_only_words_change(fingerprint_with: Fingerprint, module: str, old: str, new: str) -> None:
    assert fingerprint_with(module, old, new) == fingerprint_with()


def test_changes_with_the_packaged_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = fingerprint.fingerprint(CodeSystem)
    (tmp_path / "other.csv").write_text("vocabulary_id\n")
    monkeypatch.setattr(CodeSystem, "file", str(tmp_path / "other.csv"))
    assert fingerprint.fingerprint(CodeSystem) != before


def test_every_table_has_its_own() -> None:
    tables = catalog.load().tables
    assert len({fingerprint.fingerprint(table) for table in tables}) == len(tables)


def test_a_table_makes_ids_where_its_code_can() -> None:
    making = {table for table in catalog.load() if fingerprint.makes_ids(table)}
    assert {MasterPersonIndex, VisitOccurrence, GenotypedSample} <= making
    assert not {CodeSystem, Patient, VariantQcSummary, UnmappedCode} & making
