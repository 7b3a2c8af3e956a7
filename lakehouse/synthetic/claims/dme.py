"""The file of claims for durable medical equipment."""

from __future__ import annotations

from pyspark.sql import DataFrame

from lakehouse.synthetic.claims.claim_lines import claim_lines, written
from lakehouse.synthetic.claims.professional import professional
from lakehouse.synthetic.sources import Sources


def dme(sources: Sources) -> DataFrame:
    """A line of each delivery of an item by a supplier."""
    return written(claim_lines(sources, "dme"), "dme", {
        **professional("M"),
        "PRVDR_NPI": "facility_npi",
        "PRVDR_NUM": "facility_number",
        "RFR_PHYSN_NPI": "practitioner_npi",
        "PRVDR_STATE_CD": "facility_ssa_state",
        "DMERC_LINE_PRCNG_STATE_CD": "facility_ssa_state",
    })  # fmt: skip
