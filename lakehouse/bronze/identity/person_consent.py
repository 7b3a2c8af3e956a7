"""What persons consent to."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.bronze.identity.codes import GIVEN, WITHDRAWN
from lakehouse.bronze.identity.identity_line import IdentityLine
from lakehouse.bronze.landed_line import PLACE, FromLine
from lakehouse.bronze.record import SourceRecord
from lakehouse.contract import PURPOSES, Column, expect_or_drop

_PURPOSES = ", ".join(f"'{purpose}'" for purpose in PURPOSES)


class PersonConsent(SourceRecord):
    """Whether what is known of a person may serve a purpose, as the person said (consents.csv).

    The last delivered word on a purpose holds.
    """

    layer = "bronze"
    grain = "one row per version of a consent that landed"
    key = PLACE
    record = ("registration_id", "purpose")

    registration_id = Column("string", "whose consent, as vault.registration names him: source|source_id")
    purpose = Column("string", "research, genomics or return_of_results")
    consent = Column("string", "given or withdrawn")

    expectations = (
        expect_or_drop("names a registration", "coalesce(registration_id rlike '^(ehr|payer)[|].', false)"),
        expect_or_drop("names a purpose", f"coalesce(purpose, '') in ({_PURPOSES})"),
        expect_or_drop("is given or withdrawn", f"coalesce(consent, '') in ('{GIVEN}', '{WITHDRAWN}')"),
    )

    @staticmethod
    def build(lines: IdentityLine) -> DataFrame:
        """Read the lines of the consents."""
        return IdentityLine.of_kind(lines, "consents").select(
            *FromLine.declared,
            F.xxhash64("raw").alias("content"),
            IdentityLine.field("registration_id").alias("registration_id"),
            F.lower(IdentityLine.field("purpose")).alias("purpose"),
            F.lower(IdentityLine.field("consent")).alias("consent"),
        )
