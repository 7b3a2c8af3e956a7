"""What the files of medical claims have in common."""

from __future__ import annotations

from lakehouse.synthetic.claims.layout import day, dollars, where_coded
from lakehouse.synthetic.claims.versions import VERSION


def medical(near_line: str, diagnoses: int) -> dict[str, str]:
    """Fields of the head of any medical claim. near_line: the kind of record in the National Claims History."""
    return {
        **VERSION,
        "CLM_ID": "-id",
        "NCH_NEAR_LINE_REC_IDENT_CD": f"'{near_line}'",
        "NCH_CLM_TYPE_CD": "claim_type",
        "CLM_FROM_DT": day("start_date"),
        "CLM_THRU_DT": day("end_date"),
        "NCH_WKLY_PROC_DT": day("processed_date"),
        "CLM_PMT_AMT": dollars("paid"),
        "PRNCPAL_DGNS_CD": "get(diagnosis_codes, 0)",
        "PRNCPAL_DGNS_VRSN_CD": "if(get(diagnosis_codes, 0) is null, null, '0')",
        **where_coded("diagnosis_codes", diagnoses, "ICD_DGNS"),
        "HCPCS_CD": "line_hcpcs",
    }
