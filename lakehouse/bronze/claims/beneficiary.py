"""Beneficiaries of Medicare, year by year."""

from __future__ import annotations

from pyspark.sql import DataFrame

from lakehouse.bronze.claims.claims_line import ClaimsLine
from lakehouse.bronze.claims.rif import Field, RifRecord, code, monthly, numbered, read
from lakehouse.bronze.ehr.resource import MISREAD
from lakehouse.bronze.landed_line import PLACE
from lakehouse.contract import expect


class Beneficiary(RifRecord):
    """What Medicare knows of a beneficiary in one reference year: identity, entitlement and enrolment by month.

    Fields and codes as in ResDAC's data dictionary of the Master Beneficiary Summary File and the Beneficiary
    FHIR Data Server's beneficiary RIF. A later delivery of the same beneficiary and year replaces the earlier.
    """

    layer = "bronze"
    grain = "one row per landed line of a beneficiary file"
    key = PLACE
    scope = "bene_id"
    rif = "beneficiary"
    record = ("bene_id", "rfrnc_yr")

    bene_id = code("the beneficiary, by the number that CMS gives for research")
    rfrnc_yr = Field("int", "the year that the line is about")
    bene_srnm_name = code("family name")
    bene_gvn_name = code("given name")
    bene_mdl_name = code("middle name or initial")
    mbi_num = code("Medicare Beneficiary Identifier")
    bene_birth_dt = Field("date", "day of birth")
    death_dt = Field("date", "day of death")
    v_dod_sw = code("V where the Social Security Administration or the railroad board verified the day of death")
    bene_sex_ident_cd = code("0 unknown, 1 male, 2 female")
    bene_race_cd = code("0 unknown, 1 white, 2 black, 3 other, 4 Asian, 5 Hispanic, 6 North American Native")
    rti_race_cd = code("race by the algorithm of the Research Triangle Institute; codes as in bene_race_cd")
    state_code = code("SSA code of the state of residence")
    bene_county_cd = code("SSA code of the county of residence")
    drvd_line_1_adr = code("first line of the mailing address")
    bene_zip_cd = code("ZIP code of residence")
    city_name = code("city of residence")
    state_cd = code("postal abbreviation of the state of residence")
    bene_entlmt_rsn_orig = code("first reason of entitlement: 0 age, 1 disability, 2 kidney failure, 3 both of these")
    bene_entlmt_rsn_curr = code("present reason of entitlement; codes as in bene_entlmt_rsn_orig")
    bene_esrd_ind = code("whether entitled by end-stage renal disease: Y or 0")
    bene_mdcr_status_cd = code("Medicare status: 10 aged, 11 aged with ESRD, 20 disabled, 21 with ESRD, 31 ESRD only")
    covstart = Field("date", "first day of Medicare coverage")
    a_mo_cnt = Field("int", "months with Part A in the year", "months")
    b_mo_cnt = Field("int", "months with Part B in the year", "months")
    hmo_mo_cnt = Field("int", "months in a Medicare Advantage plan in the year", "months")
    plan_cvrg_mo_cnt = Field("int", "months with Part D in the year", "months")
    dual_mo_cnt = Field("int", "months with Medicaid in the year", "months")
    pta_cvrg_strt_dt = Field("date", "first day of Part A")
    pta_cvrg_end_dt = Field("date", "last day of Part A")
    ptb_cvrg_strt_dt = Field("date", "first day of Part B")
    ptb_cvrg_end_dt = Field("date", "last day of Part B")
    ptd_cvrg_strt_dt = Field("date", "first day of Part D")
    ptd_cvrg_end_dt = Field("date", "last day of Part D")
    mdcr_stus_cd = monthly("MDCR_STUS_{}_CD", "Medicare status by month; codes as in bene_mdcr_status_cd")
    mdcr_entlmt_buyin_ind = numbered(
        "MDCR_ENTLMT_BUYIN_{}_IND", 12, "by month: 0 none, 1 Part A, 2 Part B, 3 both; A, B, C the same by state buy-in"
    )
    hmo_ind = numbered("HMO_{}_IND", 12, "by month: 0 none, 1 2 A B C in a managed care plan, 4 fee for service")
    ptc_cntrct_id = monthly("PTC_CNTRCT_{}_ID", "contract of the Part C plan by month")
    ptc_pbp_id = monthly("PTC_PBP_{}_ID", "benefit package of the Part C plan by month")
    ptd_cntrct_id = monthly("PTD_CNTRCT_{}_ID", "contract of the Part D plan by month; N none, 0 not in Medicare")
    ptd_pbp_id = monthly("PTD_PBP_{}_ID", "benefit package of the Part D plan by month")
    rds_ind = monthly("RDS_{}_IND", "whether a retiree drug subsidy was paid, by month: Y or N")
    meta_dual_elgbl_stus_cd = monthly("META_DUAL_ELGBL_STUS_{}_CD", "dual eligibility by month; NA not in Medicaid")
    cst_shr_grp_cd = monthly("CST_SHR_GRP_{}_CD", "Part D low income cost share group by month")
    fips_state_cnty_cd = monthly("FIPS_STATE_CNTY_{}_CD", "FIPS code of the county of residence by month")

    expectations = (
        expect("race is on record", "bene_race_cd != '0'"),
        expect("a ZIP code has five digits", r"bene_zip_cd rlike '^[0-9]{5}([0-9]{4})?$'"),
        expect("names were not misread", rf"not concat(bene_srnm_name, bene_gvn_name) rlike '{MISREAD}'"),
    )

    @staticmethod
    def build(lines: ClaimsLine) -> DataFrame:
        """Type the lines of the beneficiary files."""
        return read(Beneficiary, lines)
