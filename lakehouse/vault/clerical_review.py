"""Which registrations somebody should compare."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.contract import Column, Table
from lakehouse.vault.codes import APART, DECIDED, PROBABLE, REVIEW
from lakehouse.vault.registration import Registration
from lakehouse.vault.registration_group import RegistrationGroup
from lakehouse.vault.registration_pair import RegistrationPair

_MARKS = (
    "given_name", "middle_name", "family_names", "name_suffix", "birth_date", "sex", "social_security_number",
    "member_numbers", "telephones", "emails", "addresses",
)  # fmt: skip
_SIDE = f"struct<{', '.join(f'{name}: {Registration.declared[name].type}' for name in _MARKS)}>"


class ClericalReview(Table):
    """Pairs of registrations on which neither rule nor weight decides, and what each of them says.

    Those too that are one person by weight, but for the group that they would be in, and those that somebody decided to
    be two while others tie them together.
    """

    layer = "vault"
    grain = "one row per undecided pair of registrations"
    key = ("registration_id_l", "registration_id_r")

    registration_id_l = Column("string", "one registration: source|source_id", required=True)
    registration_id_r = Column("string", "the other", required=True)
    bits = Column("double", "log2 of the odds that they are one person", "bits", required=True)
    evidence = Column(RegistrationPair.evidence.type, RegistrationPair.evidence.comment, required=True)
    one = Column(_SIDE, "what the one registration says", required=True)
    other = Column(_SIDE, "what the other says", required=True)

    @staticmethod
    def build(pairs: RegistrationPair, groups: RegistrationGroup, registrations: Registration) -> DataFrame:
        """Put the registrations of the undecided pairs side by side."""
        said = F.struct(*_MARKS)
        one = registrations.select(F.col("registration_id").alias("registration_id_l"), said.alias("one"))
        other = registrations.select(F.col("registration_id").alias("registration_id_r"), said.alias("other"))
        unfit = groups.filter("not fits").selectExpr("registration_id as registration_id_l", "members")
        is_unfit = F.array_contains("members", F.col("registration_id_r"))
        decided_apart = (F.col("rule") == DECIDED) & (F.col("verdict") == APART)
        undecided = pairs.join(unfit, "registration_id_l", "left").filter(
            (F.col("verdict") == REVIEW) | (((F.col("verdict") == PROBABLE) | decided_apart) & is_unfit)
        )
        return (
            undecided.join(one, "registration_id_l").join(other, "registration_id_r").select(*ClericalReview.declared)
        )
