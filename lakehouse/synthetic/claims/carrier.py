"""The file of practitioners' claims."""

from __future__ import annotations

from pyspark.sql import DataFrame

from lakehouse.synthetic.claims.claim_lines import claim_lines, written
from lakehouse.synthetic.claims.professional import professional
from lakehouse.synthetic.sources import Sources

_LABORATORY = "69"
_AT_LABORATORY = "line_place_of_service = '81'"


def carrier(sources: Sources) -> DataFrame:
    """A line of each service of a practitioner or an independent laboratory; the laboratory's was referred to it."""
    return written(claim_lines(sources, "carrier"), "carrier", {
        **professional("O"),
        "CARR_CLM_BLG_NPI_NUM": "facility_npi",
        "ORG_NPI_NUM": "facility_npi",
        "PRF_PHYSN_NPI": f"if({_AT_LABORATORY}, null, practitioner_npi)",
        "RFR_PHYSN_NPI": f"if({_AT_LABORATORY}, practitioner_npi, null)",
        "PRVDR_SPCLTY": f"if({_AT_LABORATORY}, '{_LABORATORY}', specialty)",
        "PRVDR_STATE_CD": "facility_state",
        "PRVDR_ZIP": "facility_zip",
    })  # fmt: skip
