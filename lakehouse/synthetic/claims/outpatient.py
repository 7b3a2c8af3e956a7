"""The file of hospitals' and clinics' claims for outpatients."""

from __future__ import annotations

from pyspark.sql import DataFrame

from lakehouse.synthetic.claims.claim_lines import claim_lines, written
from lakehouse.synthetic.claims.institutional import LINE_DAY, LINE_PAYMENT, institutional
from lakehouse.synthetic.claims.layout import ZERO, dollars
from lakehouse.synthetic.sources import Sources


def outpatient(sources: Sources) -> DataFrame:
    """A line of each service to an outpatient: the only file of institutions that shares amounts out by line."""
    return written(claim_lines(sources, "outpatient"), "outpatient", {
        **institutional("W"),
        **LINE_DAY,
        **LINE_PAYMENT,
        "NCH_BENE_PTB_DDCTBL_AMT": dollars("deductible"),
        "NCH_BENE_PTB_COINSRNC_AMT": dollars("coinsurance"),
        "NCH_BENE_BLOOD_DDCTBL_LBLTY_AM": ZERO,
        "CLM_OP_PRVDR_PMT_AMT": dollars("paid"),
        "CLM_OP_BENE_PMT_AMT": ZERO,
        "RSN_VISIT_CD1": "line_diagnosis_code",
        "RSN_VISIT_VRSN_CD1": "if(line_diagnosis_code is null, null, '0')",
        "REV_CNTR_CASH_DDCTBL_AMT": dollars("line_deductible"),
        "REV_CNTR_COINSRNC_WGE_ADJSTD_C": dollars("line_coinsurance"),
        "REV_CNTR_PTNT_RSPNSBLTY_PMT": dollars("line_deductible + line_coinsurance"),
        "REV_CNTR_PRVDR_PMT_AMT": dollars("line_paid"),
        "REV_CNTR_BENE_PMT_AMT": ZERO,
    })  # fmt: skip
