"""Ids of rows: hashes of what identifies them at the source, equal in every run and on every machine."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F


def row_id(kind: str, *columns: str) -> Column:
    """A positive 63-bit id of the thing of that kind that the columns name; null where one of them is null."""
    named = F.lit(True)
    for column in columns:
        named = named & F.col(column).isNotNull()
    return F.when(named, F.xxhash64(F.lit(kind), *columns).bitwiseAND(F.lit((1 << 63) - 1)))
