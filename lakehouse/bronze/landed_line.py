"""What every landed line carries, whatever its world."""

from __future__ import annotations

from lakehouse.contract import Column, LandedTable, Table


class FromLine(Table):
    """Where in the landing zone a row was read: the shared declaration of all bronze tables."""

    delivery = Column("string", "dated directory of the landing zone that the file came in", required=True)
    file = Column("string", "path of the file below the landing zone", required=True)
    block_start = Column("bigint", "where the block of the file with the line begins", unit="bytes", required=True)
    line = Column("bigint", "number of the line within that block, from 1", required=True)
    line_id = Column("bigint", "id of the landed line: a hash of its place", required=True)
    arrived_at = Column("timestamp", "when the file was last written (UTC)", required=True)


PLACE = ("file", "block_start", "line")
"""The key of a landed line."""


class LandedLine(FromLine, LandedTable):
    """One line of text as it landed, with what is wrong with it."""

    raw = Column("string", "the line as it landed; bytes that are not UTF-8 are kept as Latin-1", required=True)
    defect = Column("string", "why the line cannot be read; null where it can")
