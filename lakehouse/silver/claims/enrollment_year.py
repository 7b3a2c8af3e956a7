"""What a person was enrolled in, year by year."""

from __future__ import annotations

from pyspark.sql import DataFrame

from lakehouse.bronze.claims.beneficiary import Beneficiary
from lakehouse.contract import Column, Table, expect, expect_or_drop
from lakehouse.vault.beneficiary_link import BeneficiaryLink


class EnrollmentYear(Table):
    """A beneficiary's entitlement and plans of one year, without what identifies the beneficiary.

    Years without a month of enrolment are kept too: each line of a beneficiary file is found again here.
    """

    layer = "silver"
    grain = "one row per beneficiary and reference year"
    key = ("line_id",)
    scope = "person_id"
    accounts_for = (Beneficiary,)

    person_id = Column("bigint", "who", required=True)
    year = Column("int", "reference year")
    original_entitlement_code = Column("string", "first reason of entitlement: 0 age, 1 disability, 2 ESRD, 3 both")
    current_entitlement_code = Column("string", "present reason of entitlement; codes as in the original one")
    medicare_status_code = Column("string", "10 aged, 11 aged with ESRD, 20 disabled, 21 with ESRD, 31 ESRD only")
    medicare_status_codes = Column("array<string>", "Medicare status by month", required=True)
    entitlement_codes = Column(
        "array<string>", "by month: 0 none, 1 Part A, 2 Part B, 3 both; A, B, C bought in", required=True
    )
    managed_care_codes = Column(
        "array<string>", "HMO_IND by month: 0 none, 1 2 A B C in a plan, 4 fee for service", required=True
    )
    drug_plan_contract_ids = Column(
        "array<string>", "contract of the Part D plan by month; N none, 0 not in Medicare", required=True
    )
    dual_status_codes = Column("array<string>", "dual eligibility by month; NA not in Medicaid", required=True)
    county_codes = Column("array<string>", "FIPS code of the county of residence by month", required=True)
    part_a_months = Column("int", "months with Part A, as the file counts them", "months")
    part_b_months = Column("int", "months with Part B, as the file counts them", "months")
    unparsed = Column("array<string>", "fields of the landed line whose text could not be read", required=True)
    line_id = Column("bigint", "the landed line", required=True)
    delivery = Column("string", "dated directory of the landing zone that the line came in", required=True)

    expectations = (
        expect_or_drop("the year can be read", "year is not null"),
        expect("dates and numbers can be read", "size(unparsed) = 0"),
        expect(
            "the months of Part A are as many as counted",
            "part_a_months = size(filter(entitlement_codes, code -> code in ('1', '3', 'A', 'C')))",
        ),
        expect(
            "the months of Part B are as many as counted",
            "part_b_months = size(filter(entitlement_codes, code -> code in ('2', '3', 'B', 'C')))",
        ),
    )

    @staticmethod
    def build(beneficiaries: Beneficiary, links: BeneficiaryLink) -> DataFrame:
        """Take the years that hold, and link persons."""
        years = Beneficiary.current(beneficiaries).join(links.select("bene_id", "person_id"), "bene_id")
        return years.selectExpr(
            "person_id",
            "rfrnc_yr as year",
            "bene_entlmt_rsn_orig as original_entitlement_code",
            "bene_entlmt_rsn_curr as current_entitlement_code",
            "bene_mdcr_status_cd as medicare_status_code",
            "mdcr_stus_cd as medicare_status_codes",
            "mdcr_entlmt_buyin_ind as entitlement_codes",
            "hmo_ind as managed_care_codes",
            "ptd_cntrct_id as drug_plan_contract_ids",
            "meta_dual_elgbl_stus_cd as dual_status_codes",
            "fips_state_cnty_cd as county_codes",
            "a_mo_cnt as part_a_months",
            "b_mo_cnt as part_b_months",
            "unparsed",
            "line_id",
            "delivery",
        )
