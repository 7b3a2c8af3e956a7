"""The words that tables are declared in.

One table is one class in one file. Its declaration (grain, key, scope, columns, expectations) stands
first, its `build` function second. From the declaration come the order of building, the schema and
quality checks, the data dictionary, the lineage and the tests that every table gets.

    class Death(Table):
        '''When a person died.'''

        layer = "silver"
        grain = "one row per person who died"
        key = ("person_id",)
        scope = "person_id"

        person_id = Column("bigint", "who died")
        death_date = Column("date", "day of death")

        expectations = (expect_or_drop("dies in the past", "death_date <= last_delivery_date"),)

        @staticmethod
        def build(patients: Patient, links: PatientLink) -> DataFrame:
            ...

The inputs of a table are read from the annotations of `build`: at run time each argument is the
DataFrame of the annotated table.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Literal, get_type_hints

from lakehouse.errors import ContractError

if TYPE_CHECKING:
    # To a type checker an input of `build` is the DataFrame that it will be at run time.
    from pyspark.sql import DataFrame as _Rows
else:
    _Rows = object

IDENTIFYING = ("bronze", "vault")
"""Layers whose rows tell who people are."""

LAYERS = ("bronze", "vault", "silver", "gold")

RESEARCH, GENOMICS, RETURN_OF_RESULTS = "research", "genomics", "return_of_results"
PURPOSES = (RESEARCH, GENOMICS, RETURN_OF_RESULTS)
"""What persons are asked for. Treatment, payment and operations need no consent (45 CFR 164.506)."""


@dataclass(frozen=True)
class Column:
    """A column: its Spark SQL type, what it means (with its unit, where it has one), whether it may be null."""

    type: str
    comment: str
    unit: str | None = None
    required: bool = False

    @property
    def description(self) -> str:
        """The comment as it is stored with the table, unit included."""
        return f"{self.comment} [{self.unit}]" if self.unit else self.comment


@dataclass(frozen=True)
class Expectation:
    """A named SQL predicate over the columns of one row. A row breaks it where it is false; null passes."""

    name: str
    predicate: str
    strength: Literal["expect", "expect_or_drop", "expect_or_fail"]


def expect(name: str, predicate: str) -> Expectation:
    """Count the rows that break the predicate."""
    return Expectation(name, predicate, "expect")


def expect_or_drop(name: str, predicate: str) -> Expectation:
    """Move the rows that break the predicate to the table's quarantine, with the reason."""
    return Expectation(name, predicate, "expect_or_drop")


def expect_or_fail(name: str, predicate: str) -> Expectation:
    """Stop the refresh of this table, and of what hangs on it, when a row breaks the predicate."""
    return Expectation(name, predicate, "expect_or_fail")


class Table(_Rows):
    """A declared table. Subclasses that name a `layer` are tables; others are shared declarations.

    layer: bronze, vault (what identifies persons), silver or gold.
    grain: what one row is.
    key: the columns that identify a row; unique and never null, checked at every refresh.
    scope: the promise that the rows of one value of this column depend only on the input rows of that
        value, or on those that a link table among the inputs ties to it. It allows a refresh of the
        changed values alone.
    adds_up_by: the promise that what `build` makes of the input rows of some values of this column and what it makes
        of those of the others add up, by key, to what it makes of all. The columns beside the key are counts, and no
        row has nothing but zeros in them. It allows a refresh of what is counted of everybody from the changed values
        alone: what they came to before is taken off, and what they come to now is added.
    changes_by: for a table that depends on everything (no scope): the column by which its changes are
        told to the tables that read it. The same as `scope` where there is one.
    uses_hail: `build` calls Hail. Such tables are built one at a time.
    python_reason: why the plan of `build` holds a Python function; None (the rule) forbids it.
    serves: the purposes, of PURPOSES, that persons are asked for: who withdrew from one of them counts for nothing.
    accounts_for: the inputs whose every row must be found again in this table or its quarantine,
        unless a later version replaced it.
    """

    layer: ClassVar[str]
    grain: ClassVar[str]
    key: ClassVar[tuple[str, ...]]
    scope: ClassVar[str | None] = None
    adds_up_by: ClassVar[str | None] = None
    changes_by: ClassVar[str | None] = None
    uses_hail: ClassVar[bool] = False
    python_reason: ClassVar[str | None] = None
    serves: ClassVar[tuple[str, ...]] = ()
    accounts_for: ClassVar[tuple[type[Table], ...]] = ()
    expectations: ClassVar[tuple[Expectation, ...]] = ()
    declared: ClassVar[Mapping[str, Column]] = MappingProxyType({})

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        own = {name: value for name, value in vars(cls).items() if isinstance(value, Column)}
        cls.declared = MappingProxyType({**cls.declared, **own})
        cls.changes_by = cls.changes_by or cls.scope
        if "layer" in vars(cls):
            _check(cls)

    @classmethod
    def table_name(cls) -> str:
        """The table's name within its layer: the class name in snake case."""
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", cls.__name__).lower()

    @classmethod
    def full_name(cls) -> str:
        """The name in SQL: `layer.table`."""
        return f"{cls.layer}.{cls.table_name()}"

    @classmethod
    def about(cls) -> str:
        """The first paragraph of the docstring, on one line."""
        return " ".join((cls.__doc__ or "").strip().split("\n\n")[0].split())

    @classmethod
    def inputs(cls) -> dict[str, type[Table]]:
        """The arguments of `build` and the tables that they are. Raises ContractError where one is no table."""
        build = getattr(cls, "build", None)
        if build is None:
            return {}
        try:
            found = {name: table for name, table in get_type_hints(build).items() if name != "return"}
        except NameError as error:
            raise ContractError(f"{cls.__module__}: an input of build is not imported: {error}") from None
        for name, table in found.items():
            if not (isinstance(table, type) and issubclass(table, Table)):
                raise ContractError(f"{cls.__module__}: the input {name!r} of build must be annotated with its table")
        return found

    @classmethod
    def parts_by(cls) -> str | None:
        """The column by whose values the table can be computed in parts; None where it depends on everything."""
        return cls.scope or cls.adds_up_by

    @classmethod
    def sums(cls) -> list[str]:
        """The columns beside the key, which are counts where the table adds up."""
        return [name for name in cls.declared if name not in cls.key]

    @classmethod
    def ddl(cls) -> str:
        """The schema as Spark DDL, without comments: these are metadata, and change no rows."""
        return ", ".join(f"`{name}` {column.type}" for name, column in cls.declared.items())


class LandedTable(Table):
    """A table that rows are appended to, as files land (lakehouse.bronze.landing) or people read (lakehouse.audit).

    It has no `build`.

    partition: the column by which its files are kept apart, for the tables that read one value of it.
    """

    partition: ClassVar[str | None] = None


class ReferenceTable(Table):
    """A table whose rows are a CSV file carried in the package, or a file that Athena sends. It has no `build`.

    file: the path inside the `lakehouse` package. The header names the columns; an empty field is null.
    athena: the file in a download from Athena that holds the table, in whose place the package's file then is not read.
    not_in_athena: the columns that such a file does not have; they then name the release.
    """

    file: ClassVar[str]
    athena: ClassVar[str | None] = None
    not_in_athena: ClassVar[tuple[str, ...]] = ()


def _check(table: type[Table]) -> None:
    """Refuse a declaration that contradicts itself, when its module is imported."""

    def refuse(problem: str) -> None:
        raise ContractError(f"{table.__module__}.{table.__name__}: {problem}")

    if table.layer not in LAYERS:
        refuse(f"layer {table.layer!r} is none of {', '.join(LAYERS)}")
    if not set(table.serves) <= set(PURPOSES):
        refuse(f"serves a purpose that is none of {', '.join(PURPOSES)}")
    for attribute in ("grain", "key"):
        if not getattr(table, attribute, None):
            refuse(f"declares no {attribute}")
    if not table.__doc__:
        refuse("has no docstring")
    if table.adds_up_by:
        if table.scope or any(e.strength == "expect_or_drop" for e in table.expectations):
            refuse("adds up, so it has no scope and drops no rows")
        sums = [table.declared[name] for name in table.sums()]
        if not sums or not all(column.type == "bigint" and column.required for column in sums):
            refuse("adds up, so its columns beside the key are required bigint")
    for name in (*table.key, *filter(None, (table.scope, table.changes_by))):
        if name not in table.declared:
            refuse(f"{name!r} in its key, scope or changes_by is not one of its columns")
    if not hasattr(table, "build") and not issubclass(table, (LandedTable, ReferenceTable)):
        refuse("has no build function")
