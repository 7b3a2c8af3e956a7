"""What people decided about pairs of registrations."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.bronze.identity.codes import SAME_PERSON, TWO_PERSONS, UNDECIDED
from lakehouse.bronze.identity.identity_line import IdentityLine
from lakehouse.bronze.landed_line import PLACE, FromLine
from lakehouse.bronze.record import SourceRecord
from lakehouse.contract import Column, expect, expect_or_drop


class PersonDecision(SourceRecord):
    """Whether two registrations are one person, as somebody decided who looked at both (decisions.csv).

    The last delivered decision on a pair holds; `undecided` takes those before it back.
    """

    layer = "bronze"
    grain = "one row per version of a decision that landed"
    key = PLACE
    record = ("registration_id_l", "registration_id_r")
    retracted = f"decision = '{UNDECIDED}'"

    registration_id_l = Column("string", "one registration, as vault.registration names it: source|source_id")
    registration_id_r = Column("string", "the other, later in the alphabet")
    decision = Column("string", "same, apart or undecided")
    decided_by = Column("string", "who decided")
    comment = Column("string", "why")

    expectations = (
        expect_or_drop("names two registrations", "coalesce(registration_id_l != registration_id_r, false)"),
        expect_or_drop("decides", f"coalesce(decision, '') in ('{SAME_PERSON}', '{TWO_PERSONS}', '{UNDECIDED}')"),
        expect("tells who decided", "decided_by is not null"),
    )

    @staticmethod
    def build(lines: IdentityLine) -> DataFrame:
        """Read the lines of the decisions."""
        one, other = IdentityLine.field("registration_id_l"), IdentityLine.field("registration_id_r")
        return IdentityLine.of_kind(lines, "decisions").select(
            *FromLine.declared,
            F.xxhash64("raw").alias("content"),
            F.when(one.isNotNull() & other.isNotNull(), F.least(one, other)).alias("registration_id_l"),
            F.when(one.isNotNull() & other.isNotNull(), F.greatest(one, other)).alias("registration_id_r"),
            F.lower(IdentityLine.field("decision")).alias("decision"),
            IdentityLine.field("decided_by").alias("decided_by"),
            IdentityLine.field("comment").alias("comment"),
        )
