"""What the files of practitioners and suppliers have in common (form CMS-1500)."""

from __future__ import annotations

from lakehouse.synthetic.claims.layout import ZERO, day, dollars
from lakehouse.synthetic.claims.medical import medical

_DIAGNOSES = 12


def professional(near_line: str) -> dict[str, str]:
    """Fields of any claim of a practitioner or supplier and its lines."""
    return {
        **medical(near_line, _DIAGNOSES),
        "CARR_CLM_ENTRY_CD": "case action when 'void' then '3' when 'adjustment' then '5' else '1' end",
        "CLM_DISP_CD": "if(action = 'void', '03', '01')",
        "CARR_CLM_CNTL_NUM": "-id",
        "CARR_CLM_PMT_DNL_CD": "if(denial is null, '1', '0')",
        "CARR_CLM_PRMRY_PYR_PD_AMT": ZERO,
        "NCH_CLM_PRVDR_PMT_AMT": dollars("paid"),
        "NCH_CLM_BENE_PMT_AMT": ZERO,
        "NCH_CARR_CLM_SBMTD_CHRG_AMT": dollars("charge"),
        "NCH_CARR_CLM_ALOWD_AMT": dollars("allowed"),
        "CARR_CLM_CASH_DDCTBL_APLD_AMT": dollars("deductible"),
        "CARR_CLM_PRVDR_ASGNMT_IND_SW": "'A'",
        "LINE_NUM": "line_number",
        "LINE_SRVC_CNT": "cast(line_units as int)",
        "LINE_PLACE_OF_SRVC_CD": "line_place_of_service",
        "LINE_1ST_EXPNS_DT": day("line_start_date"),
        "LINE_LAST_EXPNS_DT": day("line_start_date"),
        "LINE_PRCSG_IND_CD": "coalesce(line_processing, 'A')",
        "LINE_NCH_PMT_AMT": dollars("line_paid"),
        "LINE_PRVDR_PMT_AMT": dollars("line_paid"),
        "LINE_BENE_PMT_AMT": ZERO,
        "LINE_BENE_PTB_DDCTBL_AMT": dollars("line_deductible"),
        "LINE_BENE_PRMRY_PYR_PD_AMT": ZERO,
        "LINE_COINSRNC_AMT": dollars("line_coinsurance"),
        "LINE_SBMTD_CHRG_AMT": dollars("line_charge"),
        "LINE_ALOWD_CHRG_AMT": dollars("line_allowed"),
        "LINE_ICD_DGNS_CD": "line_diagnosis_code",
        "LINE_ICD_DGNS_VRSN_CD": "if(line_diagnosis_code is null, null, '0')",
        "LINE_NDC_CD": "line_ndc",
    }
