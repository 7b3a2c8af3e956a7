"""Prescription drug events of Part D."""

from __future__ import annotations

from pyspark.sql import DataFrame

from lakehouse.bronze.claims.claim import Claim
from lakehouse.bronze.claims.claims_line import ClaimsLine
from lakehouse.bronze.claims.rif import QUANTITY, Field, amount, code, read
from lakehouse.bronze.landed_line import PLACE


class Pde(Claim):
    """A dispensed drug that Part D was told of (CMS Part D Event RIF). ADJSTMT_DLTN_CD D deletes the event.

    An event has no processing date: the later delivery wins and, within one, the adjustment.
    """

    layer = "bronze"
    grain = "one row per landed line of a pde file"
    key = PLACE
    scope = "bene_id"
    rif = "pde"

    retracted = "dml_ind = 'DELETE' or adjstmt_dltn_cd = 'D'"
    newer = ("coalesce(final_action, 'F') = 'F'", "delivery", "adjstmt_dltn_cd is not null")
    number = "pde_id"

    pde_id = code("number of the event: one for each of its versions")
    clm_grp_id = Field("string", "common to an event and its adjustments", names=("CLM_GRP_ID", "PDE_ID"))
    srvc_dt = Field("date", "day on which the prescription was filled")
    pd_dt = Field("date", "day on which the plan paid")
    srvc_prvdr_id_qlfyr_cd = code("what kind of number srvc_prvdr_id is: 01 NPI, 07 NCPDP")
    srvc_prvdr_id = code("the pharmacy")
    prscrbr_id_qlfyr_cd = code("what kind of number prscrbr_id is: 01 NPI")
    prscrbr_id = code("the prescriber")
    rx_srvc_rfrnc_num = code("the pharmacy's number of the prescription")
    prod_srvc_id = code("the drug, by NDC of 11 digits")
    plan_cntrct_rec_id = code("contract of the plan")
    plan_pbp_rec_num = code("benefit package of the plan")
    cmpnd_cd = code("0 not stated, 1 no compound, 2 compound")
    daw_prod_slctn_cd = code("whether and why the brand was dispensed as written")
    qty_dspnsd_num = Field(QUANTITY, "quantity dispensed, in the units of the drug")
    days_suply_num = Field("int", "days that the quantity lasts", "days")
    fill_num = Field("int", "which fill of the prescription it is; 0 is the first")
    drug_cvrg_stus_cd = code("C covered by Part D, E enhanced benefit, O over the counter")
    adjstmt_dltn_cd = code("A adjustment, D deletion, R resubmission, null original")
    gdc_blw_oopt_amt = amount("gross covered cost below the out-of-pocket threshold")
    gdc_abv_oopt_amt = amount("gross covered cost above the out-of-pocket threshold")
    ptnt_pay_amt = amount("what the beneficiary paid")
    othr_troop_amt = amount("what others paid that counts as out of pocket")
    lics_amt = amount("what Medicare paid as low income subsidy")
    plro_amt = amount("what other insurance paid, which lowers the patient's liability")
    cvrd_d_plan_pd_amt = amount("what the plan paid under the standard benefit")
    ncvrd_plan_pd_amt = amount("what the plan paid beyond the standard benefit")
    tot_rx_cst_amt = amount("total cost: ingredients, dispensing fee, tax and administration of vaccines")
    rptd_gap_dscnt_num = amount("discount of the manufacturer in the coverage gap")
    brnd_gnrc_cd = code("B brand, G generic")
    phrmcy_srvc_type_cd = code("type of pharmacy: 01 community, 05 long-term care, 06 mail order")
    ptnt_rsdnc_cd = code("where the patient lives: 01 home, 03 nursing facility, 11 hospice")

    @staticmethod
    def build(lines: ClaimsLine) -> DataFrame:
        """Type the lines of the pde files."""
        return read(Pde, lines)
