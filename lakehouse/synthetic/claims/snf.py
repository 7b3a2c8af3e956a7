"""The file of skilled nursing facilities' claims."""

from __future__ import annotations

from pyspark.sql import DataFrame

from lakehouse.synthetic.claims.claim_lines import claim_lines, written
from lakehouse.synthetic.claims.institutional import stay
from lakehouse.synthetic.sources import Sources


def snf(sources: Sources) -> DataFrame:
    """A line of each revenue centre of a month of a stay in a nursing facility."""
    return written(claim_lines(sources, "snf"), "snf", stay("V"))
