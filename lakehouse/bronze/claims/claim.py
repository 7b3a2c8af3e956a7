"""What the claim files of CMS share: fields of the header and the lines, and when a claim replaces another.

Fields and codes as in ResDAC's data dictionaries of the fee-for-service claim files.
"""

from __future__ import annotations

from typing import ClassVar

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.bronze.claims.rif import QUANTITY, Field, RifRecord, amount, code, numbered
from lakehouse.contract import Column


class Claim(RifRecord):
    """A line of a claim. The claim is what has versions, not the line: a later version replaces all of its lines.

    CLM_GRP_ID is common to a claim and its adjustments, and CLM_ID takes its place where a file has none.
    The final action wins (FINAL_ACTION F, or nothing said), then the later NCH_WKLY_PROC_DT, then the later
    delivery. Among versions that these do not tell apart the one that takes the claim back wins.
    """

    record: ClassVar[tuple[str, ...]] = ("bene_id", "clm_grp_id")
    newer: ClassVar[tuple[str, ...]] = ("coalesce(final_action, 'F') = 'F'", "nch_wkly_proc_dt", "delivery")
    number: ClassVar[str] = "clm_id"

    bene_id = code("the beneficiary whose claim it is, by the number that CMS gives for research")
    clm_grp_id: Column = Field("string", "common to a claim and its adjustments", names=("CLM_GRP_ID", "CLM_ID"))
    final_action = code("F for the final action on the claim, N for one that was superseded")

    @classmethod
    def latest(cls, rows: DataFrame) -> DataFrame:
        """The lines of the version that holds for each claim, retracted ones included.

        A line that was delivered again unchanged is taken from its first delivery, so that repeating what holds changes
        nothing. What is told again after another version holds again.
        """
        order = (*cls.newer, f"coalesce({cls.retracted}, false)", f"length({cls.number})", cls.number)
        place = ("delivery", "file", "block_start", "line")
        versions = Window.partitionBy(*cls.record)
        repetitions = Window.partitionBy(*cls.record, "content")
        return (
            rows.withColumn("_version", F.struct(*(F.expr(part).alias(f"_{n}") for n, part in enumerate(order))))
            .withColumn("_holds", F.col("_version").eqNullSafe(F.max("_version").over(versions)))
            .withColumn("_content_holds", F.max("_holds").over(repetitions))
            .withColumn("_repetition", F.row_number().over(repetitions.orderBy(*place)))
            .filter("_content_holds and _repetition = 1")
            .drop("_version", "_holds", "_content_holds", "_repetition")
        )


class MedicalClaim(Claim):
    """Fields of all claims but those for drugs."""

    clm_id = code("number of the claim: one for each of its versions")
    nch_clm_type_cd = code("type of claim: 10 HHA, 20 30 SNF, 40 outpatient, 50 hospice, 60-64 inpatient, 71 72, 81 82")
    clm_from_dt = Field("date", "first day that the claim covers")
    clm_thru_dt = Field("date", "last day that the claim covers")
    nch_wkly_proc_dt = Field("date", "end of the week in which the claim was loaded into the National Claims History")
    clm_pmt_amt = amount("what Medicare paid for the claim")
    prncpal_dgns_cd = code("principal diagnosis")
    prncpal_dgns_vrsn_cd = code("0 where the principal diagnosis is ICD-10-CM, 9 where it is ICD-9-CM")
    hcpcs_cd = code("service on the line, by HCPCS")
    hcpcs_1st_mdfr_cd = code("first modifier of the service")
    hcpcs_2nd_mdfr_cd = code("second modifier of the service")


class InstitutionalClaim(MedicalClaim):
    """Fields of the claims of institutions (form UB-04). A line is a revenue centre. CLM_FREQ_CD 8 voids the claim."""

    retracted: ClassVar[str] = "dml_ind = 'DELETE' or clm_freq_cd = '8'"

    prvdr_num = code("CMS certification number of the institution")
    org_npi_num = code("NPI of the institution")
    at_physn_npi = code("NPI of the attending physician")
    clm_fac_type_cd = code("type of bill, first digit: facility")
    clm_srvc_clsfctn_type_cd = code("type of bill, second digit: classification")
    clm_freq_cd = code("type of bill, third digit: frequency; 7 replaces and 8 voids an earlier claim")
    fi_doc_clm_cntl_num = code("control number of the contractor for this claim")
    fi_orig_clm_cntl_num = code("control number of the claim that this one adjusts")
    clm_mdcr_non_pmt_rsn_cd = code("why Medicare did not pay")
    nch_prmry_pyr_clm_pd_amt = amount("what a payer before Medicare paid for the claim")
    prvdr_state_cd = code("SSA code of the institution's state")
    ptnt_dschrg_stus_cd = code("where the patient went at the end of the claim; 20 died, 30 still a patient")
    clm_tot_chrg_amt = amount("all charges of the claim")
    icd_dgns_cd = numbered("ICD_DGNS_CD{}", 25, "diagnoses, in the order of the claim")
    icd_dgns_vrsn_cd = numbered("ICD_DGNS_VRSN_CD{}", 25, "0 ICD-10-CM, 9 ICD-9-CM, for each diagnosis")
    icd_dgns_e_cd = numbered("ICD_DGNS_E_CD{}", 12, "external causes of injury")
    clm_line_num = Field("int", "number of the line in the claim")
    rev_cntr = code("revenue centre; 0001 is the total of the others")
    rev_cntr_unit_cnt = Field(QUANTITY, "how many units of the service")
    rev_cntr_rate_amt = amount("rate of the unit")
    rev_cntr_tot_chrg_amt = amount("charges of the revenue centre")
    rev_cntr_ncvrd_chrg_amt = amount("charges of the revenue centre that Medicare does not cover")
    rndrng_physn_npi = code("NPI of the rendering physician")


class InpatientStay(InstitutionalClaim):
    """Fields of the claims for stays: inpatient and skilled nursing."""

    op_physn_npi = code("NPI of the operating physician")
    clm_admsn_dt = Field("date", "day of admission")
    nch_bene_dschrg_dt = Field("date", "day of discharge")
    clm_ip_admsn_type_cd = code("type of admission: 1 emergency, 2 urgent, 3 elective, 4 newborn, 5 trauma")
    clm_src_ip_admsn_cd = code("where the patient came from")
    nch_ptnt_status_ind_cd = code("A discharged, B died, C still a patient")
    clm_utlztn_day_cnt = Field("int", "days covered by Medicare", "days")
    clm_drg_cd = code("diagnosis-related group (MS-DRG)")
    admtg_dgns_cd = code("diagnosis at admission")
    nch_bene_ip_ddctbl_amt = amount("deductible owed by the beneficiary")
    nch_bene_pta_coinsrnc_lblty_am = amount("coinsurance owed by the beneficiary")
    nch_bene_blood_ddctbl_lblty_am = amount("deductible for blood owed by the beneficiary")
    nch_ip_ncvrd_chrg_amt = amount("charges of the stay that Medicare does not cover")
    icd_prcdr_cd = numbered("ICD_PRCDR_CD{}", 25, "procedures, in the order of the claim")
    prcdr_dt = numbered("PRCDR_DT{}", 25, "days of the procedures", "date")


class SupplierClaim(MedicalClaim):
    """Fields of the claims of physicians and suppliers (form CMS-1500).

    CARR_CLM_ENTRY_CD 3 credits the whole claim back; CLM_DISP_CD 3 accepts its cancellation.
    """

    retracted: ClassVar[str] = "dml_ind = 'DELETE' or carr_clm_entry_cd = '3' or clm_disp_cd in ('3', '03')"

    carr_clm_entry_cd = code("1 original debit, 3 full credit, 5 replacement debit, 9 history only")
    clm_disp_cd = code("disposition: 01 debit accepted, 03 cancel accepted")
    carr_clm_cntl_num = code("control number of the contractor for this claim")
    carr_clm_pmt_dnl_cd = code("1 to 9, A, B: who is paid or liable; else denied, or another payer comes first")
    carr_clm_prmry_pyr_pd_amt = amount("what a payer before Medicare paid for the claim")
    nch_carr_clm_sbmtd_chrg_amt = amount("all charges of the claim")
    nch_carr_clm_alowd_amt = amount("all charges of the claim that Medicare allows")
    carr_clm_cash_ddctbl_apld_amt = amount("deductible applied to the claim")
    rfr_physn_npi = code("NPI of the referring physician")
    icd_dgns_cd = numbered("ICD_DGNS_CD{}", 12, "diagnoses, in the order of the claim")
    icd_dgns_vrsn_cd = numbered("ICD_DGNS_VRSN_CD{}", 12, "0 ICD-10-CM, 9 ICD-9-CM, for each diagnosis")
    line_num = Field("int", "number of the line in the claim")
    prvdr_spclty = code("CMS specialty of the provider")
    prvdr_state_cd = code("state of the provider")
    line_srvc_cnt = Field(QUANTITY, "how many units of the service")
    line_cms_type_srvc_cd = code("CMS type of service")
    line_place_of_srvc_cd = code("CMS place of service")
    line_1st_expns_dt = Field("date", "first day of the service")
    line_last_expns_dt = Field("date", "last day of the service")
    betos_cd = code("Berenson-Eggers type of service")
    line_prcsg_ind_cd = code("A where the line was allowed, otherwise why not")
    line_nch_pmt_amt = amount("what Medicare paid for the line")
    line_bene_ptb_ddctbl_amt = amount("Part B deductible applied to the line")
    line_bene_prmry_pyr_pd_amt = amount("what a payer before Medicare paid for the line")
    line_coinsrnc_amt = amount("coinsurance owed by the beneficiary for the line")
    line_sbmtd_chrg_amt = amount("charge of the line")
    line_alowd_chrg_amt = amount("charge of the line that Medicare allows")
    line_icd_dgns_cd = code("diagnosis that the line is for")
    line_ndc_cd = code("drug on the line, by NDC")
