"""Beneficiaries of the payer as persons."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.bronze.claims.claims_line import ClaimsLine
from lakehouse.contract import Column, Table
from lakehouse.keys import row_id
from lakehouse.vault.codes import PAYER
from lakehouse.vault.master_person_index import MasterPersonIndex


class BeneficiaryLink(Table):
    """Which person a beneficiary is: as the index says, or one of his own where only claims that name him have come."""

    layer = "vault"
    grain = "one row per beneficiary id that a claim or an enrolment names"
    key = ("bene_id",)
    changes_by = "person_id"

    bene_id = Column("string", "BENE_ID", required=True)
    person_id = Column("bigint", "the person", required=True)

    @staticmethod
    def build(lines: ClaimsLine, index: MasterPersonIndex) -> DataFrame:
        """Give each beneficiary his person."""
        named = lines.filter("defect is null and bene_id is not null").select("bene_id").distinct()
        known = index.filter(F.col("source") == PAYER).selectExpr("source_id as bene_id", "person_id as known")
        unregistered = F.concat_ws("|", F.lit(PAYER), "bene_id")
        return (
            named.join(known, "bene_id", "left")
            .withColumn("registration_id", unregistered)
            .select("bene_id", F.coalesce("known", row_id("person", "registration_id")).alias("person_id"))
        )
