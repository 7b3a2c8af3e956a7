"""Claims for durable medical equipment."""

from __future__ import annotations

from pyspark.sql import DataFrame

from lakehouse.bronze.claims.claim import SupplierClaim
from lakehouse.bronze.claims.claims_line import ClaimsLine
from lakehouse.bronze.claims.rif import amount, code, read
from lakehouse.bronze.landed_line import PLACE


class Dme(SupplierClaim):
    """A line of a supplier's claim for durable medical equipment (CMS DME RIF)."""

    layer = "bronze"
    grain = "one row per landed line of a dme file"
    key = PLACE
    scope = "bene_id"
    rif = "dme"

    prvdr_num = code("number of the supplier")
    prvdr_npi = code("NPI of the supplier")
    hcpcs_3rd_mdfr_cd = code("third modifier of the item")
    hcpcs_4th_mdfr_cd = code("fourth modifier of the item")
    line_dme_prchs_price_amt = amount("price of the item if bought")

    @staticmethod
    def build(lines: ClaimsLine) -> DataFrame:
        """Type the lines of the dme files."""
        return read(Dme, lines)
