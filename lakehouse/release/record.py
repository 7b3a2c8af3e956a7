"""What was given away, when and by whom: a second release of the same columns tells who left between the two."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from pyspark.sql import functions as F

from lakehouse.audit import who
from lakehouse.contract import Column, LandedTable
from lakehouse.errors import UsageError
from lakehouse.release.asked import Asked
from lakehouse.storage import Record, Storage


class Release(LandedTable):
    """Tables that were made to be given away. It lies beside the tables, which are made anew."""

    layer = "vault"
    grain = "one row per release"
    key = ("release_id",)

    release_id = Column("string", "id of the release", required=True)
    released_at = Column("timestamp", "when (UTC)", required=True)
    released_by = Column("string", "user and machine, as the operating system knows them", required=True)
    released_columns = Column("array<string>", "the columns, in the order of the alphabet", required=True)
    asked = Column("string", "what was asked for, as JSON", required=True)


def check(audit: Storage, asked: Asked) -> None:
    """Raise UsageError where these columns were released before. audit: where the record lies."""
    before = audit.read(Release).filter(F.col("released_columns") == F.array(*map(F.lit, sorted(asked.columns))))
    last = before.agg(F.max("released_at").alias("at")).first()
    if last and last.at:
        raise UsageError(
            f"the same columns were released on {last.at:%Y-%m-%d}: who has both releases can tell who left between "
            "them; give the first away again, or say --again"
        )


def remember(audit: Storage, asked: Asked) -> None:
    """Put a release on record."""
    row = (str(uuid.uuid4()), datetime.now(UTC), who(), sorted(asked.columns), asked.model_dump_json())
    rows = audit.spark.createDataFrame([row], audit.schema(Release))
    audit.append_once(Release, rows, Record("", {}, "full"), row[0], 0)
