"""Claims of physicians and other practitioners."""

from __future__ import annotations

from pyspark.sql import DataFrame

from lakehouse.bronze.claims.claim import SupplierClaim
from lakehouse.bronze.claims.claims_line import ClaimsLine
from lakehouse.bronze.claims.rif import code, read
from lakehouse.bronze.landed_line import PLACE


class Carrier(SupplierClaim):
    """A line of a practitioner's claim (CMS Carrier RIF)."""

    layer = "bronze"
    grain = "one row per landed line of a carrier file"
    key = PLACE
    scope = "bene_id"
    rif = "carrier"

    carr_clm_blg_npi_num = code("NPI that bills")
    prf_physn_npi = code("NPI of the performing physician")
    org_npi_num = code("NPI of the practice")
    carr_line_prvdr_type_cd = code("type of provider: solo, group, institution or laboratory")

    @staticmethod
    def build(lines: ClaimsLine) -> DataFrame:
        """Type the lines of the carrier files."""
        return read(Carrier, lines)
