"""What the files of institutions have in common (form UB-04): a line is a revenue centre."""

from __future__ import annotations

from lakehouse.synthetic.claims.layout import ZERO, day, dollars, numbered, where_coded
from lakehouse.synthetic.claims.medical import medical

_DIAGNOSES = 25
_PROCEDURES = 25

_STATUS = (
    "case when discharge_status = '30' then 'C' when discharge_status in ('20', '40', '41', '42') then 'B' else 'A' end"
)
_DAYS = "greatest(datediff(end_date, start_date) + if(discharge_status = '30', 1, 0), 1)"

LINE_DAY = {"REV_CNTR_DT": day("line_start_date")}
LINE_PAYMENT = {"REV_CNTR_PMT_AMT_AMT": dollars("line_paid")}


def institutional(near_line: str) -> dict[str, str]:
    """Fields of any claim of an institution and its lines."""
    return {
        **medical(near_line, _DIAGNOSES),
        "PRVDR_NUM": "facility_number",
        "ORG_NPI_NUM": "facility_npi",
        "PRVDR_STATE_CD": "facility_ssa_state",
        "AT_PHYSN_NPI": "practitioner_npi",
        "RNDRNG_PHYSN_NPI": "practitioner_npi",
        "CLM_FAC_TYPE_CD": "substring(bill_type, 1, 1)",
        "CLM_SRVC_CLSFCTN_TYPE_CD": "substring(bill_type, 2, 1)",
        "CLM_FREQ_CD": "substring(bill_type, 3, 1)",
        "CLM_MDCR_NON_PMT_RSN_CD": "non_payment_reason",
        "FI_DOC_CLM_CNTL_NUM": "-id",
        "FI_ORIG_CLM_CNTL_NUM": "if(version > 1, -`group`, null)",
        "NCH_PRMRY_PYR_CLM_PD_AMT": ZERO,
        "PTNT_DSCHRG_STUS_CD": "discharge_status",
        "CLM_TOT_CHRG_AMT": dollars("charge"),
        "CLM_LINE_NUM": "line_number",
        "REV_CNTR": "line_revenue_center",
        "REV_CNTR_UNIT_CNT": "cast(line_units as int)",
        "REV_CNTR_RATE_AMT": dollars("cast(round(line_charge / line_units) as bigint)"),
        "REV_CNTR_TOT_CHRG_AMT": dollars("line_charge"),
        "REV_CNTR_NCVRD_CHRG_AMT": dollars("if(denial is null, 0, line_charge)"),
    }


def stay(near_line: str) -> dict[str, str]:
    """Fields of the claims for stays in hospitals and nursing facilities."""
    return {
        **institutional(near_line),
        **patient_days(),
        "CLM_ADMSN_DT": day("admission_date"),
        "CLM_IP_ADMSN_TYPE_CD": "admission_type",
        "CLM_SRC_IP_ADMSN_CD": "admission_source",
        "CLM_DRG_CD": "drg",
        "OP_PHYSN_NPI": "if(size(procedure_codes) > 0, practitioner_npi, null)",
        "ADMTG_DGNS_CD": "get(diagnosis_codes, 0)",
        "ADMTG_DGNS_VRSN_CD": "if(get(diagnosis_codes, 0) is null, null, '0')",
        "NCH_BENE_IP_DDCTBL_AMT": dollars("deductible"),
        "NCH_BENE_PTA_COINSRNC_LBLTY_AM": dollars("coinsurance"),
        "NCH_BENE_BLOOD_DDCTBL_LBLTY_AM": ZERO,
        "NCH_IP_TOT_DDCTN_AMT": dollars("deductible + coinsurance"),
        "NCH_IP_NCVRD_CHRG_AMT": dollars("if(denial is null, 0, charge)"),
        **where_coded("procedure_codes", _PROCEDURES, "ICD_PRCDR"),
        **numbered("PRCDR_DT{}", _PROCEDURES, day("get(procedure_dates, {})")),
    }


def patient_days() -> dict[str, str]:
    """How long the patient stayed in the time of the claim, and how that ended."""
    return {
        "NCH_PTNT_STATUS_IND_CD": _STATUS,
        "NCH_BENE_DSCHRG_DT": day("discharge_date"),
        "CLM_UTLZTN_DAY_CNT": _DAYS,
    }
