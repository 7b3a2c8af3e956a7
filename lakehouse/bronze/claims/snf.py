"""Claims of skilled nursing facilities."""

from __future__ import annotations

from pyspark.sql import DataFrame

from lakehouse.bronze.claims.claim import InpatientStay
from lakehouse.bronze.claims.claims_line import ClaimsLine
from lakehouse.bronze.claims.rif import Field, read
from lakehouse.bronze.landed_line import PLACE


class Snf(InpatientStay):
    """A line of a skilled nursing facility's claim (CMS SNF RIF)."""

    layer = "bronze"
    grain = "one row per landed line of an snf file"
    key = PLACE
    scope = "bene_id"
    rif = "snf"

    nch_qlfyd_stay_from_dt = Field("date", "first day of the hospital stay that qualifies for this one")
    nch_qlfyd_stay_thru_dt = Field("date", "last day of the hospital stay that qualifies for this one")

    @staticmethod
    def build(lines: ClaimsLine) -> DataFrame:
        """Type the lines of the snf files."""
        return read(Snf, lines)
