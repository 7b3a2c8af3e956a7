"""Claims of hospitals and clinics for outpatients."""

from __future__ import annotations

from pyspark.sql import DataFrame

from lakehouse.bronze.claims.claim import InstitutionalClaim
from lakehouse.bronze.claims.claims_line import ClaimsLine
from lakehouse.bronze.claims.rif import Field, amount, code, numbered, read
from lakehouse.bronze.landed_line import PLACE


class Outpatient(InstitutionalClaim):
    """A line of an institution's claim for outpatient services (CMS Outpatient RIF)."""

    layer = "bronze"
    grain = "one row per landed line of an outpatient file"
    key = PLACE
    scope = "bene_id"
    rif = "outpatient"

    op_physn_npi = code("NPI of the operating physician")
    nch_bene_blood_ddctbl_lblty_am = amount("deductible for blood owed by the beneficiary")
    nch_bene_ptb_ddctbl_amt = amount("Part B deductible owed by the beneficiary")
    nch_bene_ptb_coinsrnc_amt = amount("Part B coinsurance owed by the beneficiary")
    rsn_visit_cd = numbered("RSN_VISIT_CD{}", 3, "diagnoses that are the reason for the visit")
    icd_prcdr_cd = numbered("ICD_PRCDR_CD{}", 25, "procedures, in the order of the claim")
    prcdr_dt = numbered("PRCDR_DT{}", 25, "days of the procedures", "date")
    rev_cntr_dt = Field("date", "day of the service")
    rev_cntr_apc_hipps_cd = code("ambulatory payment classification or HIPPS code")
    rev_cntr_cash_ddctbl_amt = amount("deductible applied to the revenue centre")
    rev_cntr_coinsrnc_wge_adjstd_c = amount("coinsurance owed for the revenue centre, adjusted for wages")
    rev_cntr_ptnt_rspnsblty_pmt = amount("what the beneficiary owes for the revenue centre")
    rev_cntr_pmt_amt_amt = amount("what Medicare paid for the revenue centre")

    @staticmethod
    def build(lines: ClaimsLine) -> DataFrame:
        """Type the lines of the outpatient files."""
        return read(Outpatient, lines)
