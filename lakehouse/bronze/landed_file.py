"""The files that landed."""

from __future__ import annotations

from lakehouse.contract import Column, LandedTable


class LandedFile(LandedTable):
    """Every file found in the landing zone, taken once: the ledger that all bronze rows go back to.

    A file that was written again after it was taken has a second row, with a defect where its lines are others: a copy
    of the landing zone is no change.
    """

    layer = "bronze"
    grain = "one row per file and time at which it was last written"
    key = ("file", "arrived_at")

    file = Column("string", "path of the file below the landing zone", required=True)
    world = Column("string", "ehr, claims, genomics or identity: the first directory of the path", required=True)
    delivery = Column("string", "dated directory that the file came in", required=True)
    file_kind = Column("string", "ndjson, one of the nine RIF files, vcf or samples; null where unknown")
    bytes = Column("bigint", "size when it was taken", unit="bytes", required=True)
    arrived_at = Column("timestamp", "when the file was last written (UTC)", required=True)
    defect = Column("string", "why nothing of the file was taken; null where it was")
