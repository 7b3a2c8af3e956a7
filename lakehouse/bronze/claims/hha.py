"""Claims of home health agencies."""

from __future__ import annotations

from pyspark.sql import DataFrame

from lakehouse.bronze.claims.claim import InstitutionalClaim
from lakehouse.bronze.claims.claims_line import ClaimsLine
from lakehouse.bronze.claims.rif import Field, amount, code, read
from lakehouse.bronze.landed_line import PLACE


class Hha(InstitutionalClaim):
    """A line of a home health agency's claim (CMS HHA RIF)."""

    layer = "bronze"
    grain = "one row per landed line of an hha file"
    key = PLACE
    scope = "bene_id"
    rif = "hha"

    clm_admsn_dt = Field("date", "day on which home care began")
    clm_hha_lupa_ind_cd = code("L where so few visits were made that each is paid by itself")
    clm_hha_rfrl_cd = code("who referred the patient")
    clm_hha_tot_visit_cnt = Field("int", "visits of the claim", "visits")
    rev_cntr_dt = Field("date", "day of the service")
    rev_cntr_apc_hipps_cd = code("HIPPS code: the payment group of the episode")
    rev_cntr_pmt_amt_amt = amount("what Medicare paid for the revenue centre")

    @staticmethod
    def build(lines: ClaimsLine) -> DataFrame:
        """Type the lines of the hha files."""
        return read(Hha, lines)
