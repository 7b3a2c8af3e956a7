"""The file of hospitals' claims for stays."""

from __future__ import annotations

from pyspark.sql import DataFrame

from lakehouse.synthetic.claims.claim_lines import claim_lines, written
from lakehouse.synthetic.claims.institutional import stay
from lakehouse.synthetic.claims.layout import numbered
from lakehouse.synthetic.sources import Sources

_DIAGNOSES = 25


def inpatient(sources: Sources) -> DataFrame:
    """A line of each revenue centre of a stay in hospital, paid by diagnosis-related group."""
    return written(claim_lines(sources, "inpatient"), "inpatient", {
        **stay("V"),
        "CLM_PPS_IND_CD": "'2'",
        **numbered("CLM_POA_IND_SW{}", _DIAGNOSES, "if(get(diagnosis_codes, {0}) is null, null, get(poa, {0}))"),
    })  # fmt: skip
