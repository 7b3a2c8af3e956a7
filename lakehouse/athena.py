"""A download from Athena (athena.ohdsi.org): the full OMOP vocabularies, in the place of those of the package."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cached_property

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.contract import ReferenceTable
from lakehouse.errors import UsageError
from lakehouse.hadoop import HadoopPath

_RELEASES = "VOCABULARY.csv"
_AS_WRITTEN = {"sep": "\t", "quote": "", "escape": "", "header": "true", "mode": "FAILFAST"}
"""Athena separates by tabs and quotes nothing: a quotation mark is part of a name."""


class Athena:
    """The folder of a download, as it was unpacked. Raises UsageError where a file is missing or is another."""

    def __init__(self, spark: SparkSession, folder: str, tables: Iterable[type[ReferenceTable]]) -> None:
        self.spark = spark
        self.folder = folder.rstrip("/")
        self._check(list(tables))

    def rows(self, table: type[ReferenceTable]) -> DataFrame:
        """The rows of a table; the columns that the file does not have name the release."""
        written = self._file(table)
        return written.select(*(self._column(table, name).alias(name) for name in table.declared))

    def version(self, table: type[ReferenceTable]) -> str:
        """A digest that changes with the releases of the vocabularies, and with the table's own file."""
        file = self._path(table)
        said = [self._releases, str(file.size()), str(file.changed_at().timestamp())]
        return hashlib.sha256("\n".join(said).encode()).hexdigest()[:16]

    def _column(self, table: type[ReferenceTable], name: str) -> Column:
        kind = table.declared[name].type
        if name in table.not_in_athena:
            return F.lit(f"Athena, {self._release}")
        return F.to_date(F.col(name), "yyyyMMdd") if kind == "date" else F.col(name).cast(kind)

    def _check(self, tables: list[type[ReferenceTable]]) -> None:
        missing = sorted(_name(table) for table in tables if not self._path(table).exists())
        if missing:
            raise UsageError(
                f"terminology.athena: {self.folder} has no {', '.join(missing)}: name the folder in which the download "
                "was unpacked"
            )
        for table in tables:
            expected = [name for name in table.declared if name not in table.not_in_athena]
            found = [name.lower() for name in self._file(table).columns]
            if found != expected:
                raise UsageError(
                    f"terminology.athena: {self.folder}/{_name(table)} has the columns {' '.join(found)}, "
                    f"not {' '.join(expected)}, separated by tabs"
                )

    def _file(self, table: type[ReferenceTable]) -> DataFrame:
        return self.spark.read.options(**_AS_WRITTEN).csv(f"{self.folder}/{_name(table)}")

    def _path(self, table: type[ReferenceTable]) -> HadoopPath:
        return HadoopPath(self.spark, f"{self.folder}/{_name(table)}")

    @cached_property
    def _releases(self) -> str:
        """The vocabularies with their versions: a few hundred lines."""
        lines = self.spark.read.text(f"{self.folder}/{_RELEASES}").collect()
        return "\n".join(sorted(line.value for line in lines))

    @cached_property
    def _release(self) -> str:
        """The release of all: the version of the vocabulary 'None', in which OMOP keeps it."""
        fields = (line.split("\t") for line in self._releases.splitlines())
        return next((field[3] for field in fields if field[0] == "None" and len(field) > 3), "unnamed release")


def _name(table: type[ReferenceTable]) -> str:
    assert table.athena is not None
    return table.athena
