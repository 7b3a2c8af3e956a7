"""The file of hospices' claims."""

from __future__ import annotations

from pyspark.sql import DataFrame

from lakehouse.synthetic.claims.claim_lines import claim_lines, written
from lakehouse.synthetic.claims.institutional import LINE_DAY, LINE_PAYMENT, institutional, patient_days
from lakehouse.synthetic.claims.layout import ZERO, day, dollars
from lakehouse.synthetic.sources import Sources


def hospice(sources: Sources) -> DataFrame:
    """A line of each kind of care in a month of hospice, paid by day."""
    return written(claim_lines(sources, "hospice"), "hospice", {
        **institutional("V"),
        **patient_days(),
        **LINE_DAY,
        **LINE_PAYMENT,
        "CLM_HOSPC_START_DT_ID": day("admission_date"),
        "REV_CNTR_PRVDR_PMT_AMT": dollars("line_paid"),
        "REV_CNTR_BENE_PMT_AMT": ZERO,
    })  # fmt: skip
