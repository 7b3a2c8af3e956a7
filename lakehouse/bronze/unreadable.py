"""What landed and could not be read."""

from __future__ import annotations

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.bronze.claims.claims_line import ClaimsLine
from lakehouse.bronze.ehr.ehr_line import EhrLine
from lakehouse.bronze.genomics.genomics_line import GenomicsLine
from lakehouse.bronze.identity.identity_line import IdentityLine
from lakehouse.bronze.landed_file import LandedFile
from lakehouse.bronze.landed_line import PLACE
from lakehouse.contract import Column, Table


class Unreadable(Table):
    """Every file of which nothing was taken, and every line that no table reads, with the reason."""

    layer = "bronze"
    grain = "one row per unreadable file, and per unreadable line of a readable one"
    key = (*PLACE, "arrived_at")

    world = Column("string", "ehr, claims, genomics or identity: the first directory of the path", required=True)
    delivery = Column("string", "dated directory of the landing zone that the file came in", required=True)
    file = Column("string", "path of the file below the landing zone", required=True)
    block_start = Column("bigint", "where the block with the line begins; 0 for a file", unit="bytes", required=True)
    line = Column("bigint", "number of the line within that block, from 1; 0 for a file", required=True)
    arrived_at = Column("timestamp", "when the file was last written (UTC)", required=True)
    reason = Column("string", "what is wrong with it", required=True)
    raw = Column("string", "the line as it landed; null for a file")

    @staticmethod
    def build(
        files: LandedFile, ehr: EhrLine, claims: ClaimsLine, genomics: GenomicsLine, identity: IdentityLine
    ) -> DataFrame:
        """Gather what has a defect."""
        nowhere = {"block_start": F.lit(0), "line": F.lit(0), "raw": F.lit(None)}
        found = _defects(files.withColumns(nowhere), F.col("world"))
        for world, lines in {"ehr": ehr, "claims": claims, "genomics": genomics, "identity": identity}.items():
            found = found.unionByName(_defects(lines, F.lit(world)))
        return found


def _defects(rows: DataFrame, world: SparkColumn) -> DataFrame:
    return rows.filter("defect is not null").select(
        world.alias("world"),
        "delivery",
        "file",
        F.col("block_start").cast("bigint"),
        F.col("line").cast("bigint"),
        "arrived_at",
        F.col("defect").alias("reason"),
        F.col("raw").cast("string"),
    )
