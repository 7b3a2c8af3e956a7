"""Claims of hospitals for stays."""

from __future__ import annotations

from pyspark.sql import DataFrame

from lakehouse.bronze.claims.claim import InpatientStay
from lakehouse.bronze.claims.claims_line import ClaimsLine
from lakehouse.bronze.claims.rif import code, numbered, read
from lakehouse.bronze.landed_line import PLACE


class Inpatient(InpatientStay):
    """A line of a hospital's claim for an inpatient stay (CMS Inpatient RIF)."""

    layer = "bronze"
    grain = "one row per landed line of an inpatient file"
    key = PLACE
    scope = "bene_id"
    rif = "inpatient"

    clm_pps_ind_cd = code("how the claim is paid: 2 by the prospective payment system")
    clm_poa_ind_sw = numbered("CLM_POA_IND_SW{}", 25, "Y where present on admission, for each diagnosis")

    @staticmethod
    def build(lines: ClaimsLine) -> DataFrame:
        """Type the lines of the inpatient files."""
        return read(Inpatient, lines)
