"""Registrations that pairs tie together."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.contract import Column, Table, expect
from lakehouse.vault.codes import APART, EXACT, PAYER, PROBABLE
from lakehouse.vault.components import components
from lakehouse.vault.registration import Registration
from lakehouse.vault.registration_pair import RegistrationPair


class RegistrationGroup(Table):
    """All that exact and probable pairs tie to a registration, and whether that can be one person.

    It cannot where a payer has two of them, for a payer knows a person once, nor where two of them are apart as a pair:
    twins, of whom one was registered under the other's name or before he had one, or father and son.
    """

    layer = "vault"
    grain = "one row per registration that is in an exact or probable pair"
    key = ("registration_id",)

    registration_id = Column("string", "the registration: source|source_id", required=True)
    members = Column("array<string>", "the registrations of the group, this one included, in order", required=True)
    fits = Column("boolean", "whether it can be one person", required=True)

    expectations = (expect("can be one person", "fits"),)

    @staticmethod
    def build(pairs: RegistrationPair, registrations: Registration) -> DataFrame:
        """Follow the pairs, and look for what cannot be in each group."""
        tied = pairs.filter(F.col("verdict").isin(EXACT, PROBABLE))
        groups = components(tied.selectExpr("registration_id_l as one", "registration_id_r as other"))
        apart = pairs.filter(F.col("verdict") == APART).select(
            F.col("registration_id_l").alias("member"), F.col("registration_id_r").alias("other")
        )
        payers = registrations.filter(F.col("source") == PAYER).selectExpr("registration_id as member", "register")
        members = groups.select("one", "members", F.explode("members").alias("member")).join(payers, "member", "left")
        others = apart.groupBy("member").agg(F.collect_set("other").alias("others"))
        within = F.coalesce(F.arrays_overlap("members", "others"), F.lit(False))
        return (
            members.join(others, "member", "left")
            .groupBy("one", "members")
            .agg((F.count("register") == F.count_distinct("register")) & ~F.bool_or(within))
            .toDF("registration_id", "members", "fits")
        )
