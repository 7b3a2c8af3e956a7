"""Claims of hospices."""

from __future__ import annotations

from pyspark.sql import DataFrame

from lakehouse.bronze.claims.claim import InstitutionalClaim
from lakehouse.bronze.claims.claims_line import ClaimsLine
from lakehouse.bronze.claims.rif import Field, amount, code, read
from lakehouse.bronze.landed_line import PLACE


class Hospice(InstitutionalClaim):
    """A line of a hospice's claim (CMS Hospice RIF)."""

    layer = "bronze"
    grain = "one row per landed line of a hospice file"
    key = PLACE
    scope = "bene_id"
    rif = "hospice"

    clm_hospc_start_dt_id = Field("date", "day on which the hospice period began")
    bene_hospc_prd_cnt = Field("int", "which hospice period of the beneficiary it is")
    clm_utlztn_day_cnt = Field("int", "days covered by Medicare", "days")
    nch_ptnt_status_ind_cd = code("A discharged, B died, C still a patient")
    nch_bene_dschrg_dt = Field("date", "day of discharge")
    rev_cntr_dt = Field("date", "day of the service")
    rev_cntr_pmt_amt_amt = amount("what Medicare paid for the revenue centre")

    @staticmethod
    def build(lines: ClaimsLine) -> DataFrame:
        """Type the lines of the hospice files."""
        return read(Hospice, lines)
