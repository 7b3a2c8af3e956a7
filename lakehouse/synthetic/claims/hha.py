"""The file of home health agencies' claims."""

from __future__ import annotations

from pyspark.sql import DataFrame

from lakehouse.synthetic.claims.claim_lines import claim_lines, written
from lakehouse.synthetic.claims.institutional import LINE_DAY, LINE_PAYMENT, institutional
from lakehouse.synthetic.claims.layout import day
from lakehouse.synthetic.sources import Sources


def hha(sources: Sources) -> DataFrame:
    """A line of each kind of visit of an episode of home care."""
    return written(claim_lines(sources, "hha"), "hha", {
        **institutional("V"),
        **LINE_DAY,
        **LINE_PAYMENT,
        "CLM_ADMSN_DT": day("admission_date"),
    })  # fmt: skip
