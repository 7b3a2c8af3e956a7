"""Lines of CMS RIF files."""

from __future__ import annotations

from lakehouse.bronze.landed_line import PLACE, LandedLine
from lakehouse.contract import Column


class ClaimsLine(LandedLine):
    """Every data line of every CMS Research Identifiable File (delimited by pipe, tab or comma), with its header."""

    layer = "bronze"
    grain = "one row per line that landed, headers aside"
    key = PLACE
    partition = "file_kind"
    scope = "bene_id"

    file_kind = Column("string", "which of the nine RIF files: beneficiary, carrier, inpatient, outpatient, snf, ...")
    header = Column("string", "the first line of the file: the names of the fields")
    bene_id = Column("string", "BENE_ID of the line: whose claim or enrolment it is")
    field_values = Column("array<string>", "the fields of the line in the header's order, trimmed; empty ones are null")
