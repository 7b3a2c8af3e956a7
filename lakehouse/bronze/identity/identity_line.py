"""Lines of files about who is who."""

from __future__ import annotations

from lakehouse.bronze.landed_line import PLACE, LandedLine
from lakehouse.contract import Column


class IdentityLine(LandedLine):
    """Every data line of every file of decisions (delimited by pipe, tab or comma), with the names of its fields."""

    layer = "bronze"
    grain = "one row per line that landed, headers aside"
    key = PLACE

    header = Column("string", "the first line of the file: the names of the fields")
    field_names = Column("array<string>", "the names of the fields, in small letters")
    field_values = Column("array<string>", "the fields of the line in the header's order, trimmed; empty ones are null")
