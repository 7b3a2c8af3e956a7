"""Lines of files about who is who, and who may know."""

from __future__ import annotations

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.bronze.landed_line import PLACE, LandedLine
from lakehouse.contract import Column


class IdentityLine(LandedLine):
    """Every data line of the files of decisions and of consents (delimited by pipe, tab or comma), with its fields."""

    layer = "bronze"
    grain = "one row per line that landed, headers aside"
    key = PLACE

    header = Column("string", "the first line of the file: the names of the fields")
    field_names = Column("array<string>", "the names of the fields, in small letters")
    field_values = Column("array<string>", "the fields of the line in the header's order, trimmed; empty ones are null")

    @classmethod
    def of_kind(cls, lines: DataFrame, kind: str) -> DataFrame:
        """The readable lines of files whose name begins so: decisions or consents."""
        return lines.filter("defect is null").filter(F.col("file").rlike(f"(?i)/{kind}[^/]*$"))

    @classmethod
    def field(cls, name: str) -> SparkColumn:
        """The field of that name; null where it is blank or the file has no such column."""
        return F.get("field_values", F.array_position("field_names", name).cast("int") - 1)
