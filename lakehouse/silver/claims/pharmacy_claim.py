"""Drugs that were dispensed and paid for under Part D."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.bronze.claims.pde import Pde
from lakehouse.bronze.claims.rif import AMOUNT, QUANTITY
from lakehouse.contract import Column, Table, expect, expect_or_drop
from lakehouse.keys import row_id
from lakehouse.silver.claims.amounts import total
from lakehouse.vault.beneficiary_link import BeneficiaryLink


class PharmacyClaim(Table):
    """Prescription drug events that hold, without identifiers of the beneficiary; named as in the Tuva data model.

    What was paid is what the plan paid (covered and not covered) and what Medicare paid as low income subsidy;
    what was allowed is the total cost of the drug.
    """

    layer = "silver"
    grain = "one row per dispensed drug"
    key = ("line_id",)
    scope = "person_id"
    accounts_for = (Pde,)

    person_id = Column("bigint", "whose drug it is", required=True)
    claim_id = Column("bigint", "the event, through all of its versions", required=True)
    dispensing_date = Column("date", "day on which the prescription was filled")
    paid_date = Column("date", "day on which the plan paid")
    ndc_code = Column("string", "the drug, by NDC of 11 digits")
    quantity = Column(QUANTITY, "quantity dispensed, in the units of the drug")
    days_supply = Column("int", "days that the quantity lasts", "days")
    refills = Column("int", "which fill of the prescription it is; 0 is the first")
    brand_generic_code = Column("string", "B brand, G generic")
    compound_code = Column("string", "0 not stated, 1 no compound, 2 compound")
    dispense_as_written_code = Column("string", "whether and why the brand was dispensed as written")
    drug_coverage_code = Column("string", "C covered by Part D, E enhanced benefit, O over the counter")
    prescribing_provider_npi = Column("string", "NPI of the prescriber")
    dispensing_provider_id = Column("string", "the pharmacy, by the number that the event gives")
    plan_contract_id = Column("string", "contract of the plan")
    plan_benefit_package_id = Column("string", "benefit package of the plan")
    allowed_amount = Column(AMOUNT, "total cost of the drug", "USD")
    paid_amount = Column(AMOUNT, "what the plan and the low income subsidy paid", "USD")
    patient_amount = Column(AMOUNT, "what the beneficiary paid", "USD")
    other_payer_amount = Column(AMOUNT, "what other insurance and help paid", "USD")
    low_income_subsidy_amount = Column(AMOUNT, "the part of paid_amount that is low income subsidy", "USD")
    unparsed = Column("array<string>", "fields of the landed line whose text could not be read", required=True)
    line_id = Column("bigint", "the landed line", required=True)
    delivery = Column("string", "dated directory of the landing zone that the line came in", required=True)

    expectations = (
        expect_or_drop("dates can be read", "not exists(unparsed, field -> contains(field, '_DT'))"),
        expect_or_drop("amounts and numbers can be read", "forall(unparsed, field -> contains(field, '_DT'))"),
        expect_or_drop("names its event", "claim_id is not null"),
        expect_or_drop("says when it was dispensed", "dispensing_date is not null"),
        expect("an NDC has 11 digits", r"ndc_code rlike '^[0-9]{11}$'"),
        expect("some of the drug was dispensed", "quantity > 0"),
        expect("lasts between a day and a year", "days_supply between 1 and 366"),
        expect("the cost is shared out", "allowed_amount = paid_amount + patient_amount + other_payer_amount"),
    )

    @staticmethod
    def build(events: Pde, links: BeneficiaryLink) -> DataFrame:
        """Rename, add up what each payer paid, and link persons."""
        values = {
            "dispensing_date": "srvc_dt",
            "paid_date": "pd_dt",
            "ndc_code": "prod_srvc_id",
            "quantity": "qty_dspnsd_num",
            "days_supply": "days_suply_num",
            "refills": "fill_num",
            "brand_generic_code": "brnd_gnrc_cd",
            "compound_code": "cmpnd_cd",
            "dispense_as_written_code": "daw_prod_slctn_cd",
            "drug_coverage_code": "drug_cvrg_stus_cd",
            "prescribing_provider_npi": "case when prscrbr_id_qlfyr_cd = '01' then prscrbr_id end",
            "dispensing_provider_id": "srvc_prvdr_id",
            "plan_contract_id": "plan_cntrct_rec_id",
            "plan_benefit_package_id": "plan_pbp_rec_num",
            "allowed_amount": "tot_rx_cst_amt",
            "paid_amount": total("cvrd_d_plan_pd_amt", "ncvrd_plan_pd_amt", "lics_amt"),
            "patient_amount": "ptnt_pay_amt",
            "other_payer_amount": total("othr_troop_amt", "plro_amt"),
            "low_income_subsidy_amount": "lics_amt",
        }
        rows = Pde.current(events).join(links.select("bene_id", "person_id"), "bene_id")
        return rows.select(
            "person_id",
            row_id("pharmacy claim", "bene_id", "clm_grp_id").alias("claim_id"),
            *(F.expr(f"cast({value} as {PharmacyClaim.declared[n].type})").alias(n) for n, value in values.items()),
            "unparsed",
            "line_id",
            "delivery",
        )
