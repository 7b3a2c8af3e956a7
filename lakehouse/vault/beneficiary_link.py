"""Beneficiaries of the payer as persons."""

from __future__ import annotations

from pyspark.sql import DataFrame

from lakehouse.bronze.claims.claims_line import ClaimsLine
from lakehouse.contract import Column, Table
from lakehouse.vault.codes import PAYER
from lakehouse.vault.master_person_index import MasterPersonIndex
from lakehouse.vault.persons import persons_of


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
        return persons_of(named, PAYER, index)
