"""Who is who."""

from __future__ import annotations

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.contract import Column, Table, expect, expect_or_fail
from lakehouse.keys import row_id
from lakehouse.vault.codes import EXACT, PROBABLE
from lakehouse.vault.components import FARTHEST, components
from lakehouse.vault.registration import Registration
from lakehouse.vault.registration_group import RegistrationGroup
from lakehouse.vault.registration_pair import RegistrationPair


class MasterPersonIndex(Table):
    """Which registrations are one person: those that pairs tie, of groups that cannot be one the exact pairs alone.

    A person is named after the registration that came first: another one of his leaves him his person_id. How common a
    name is and how many are registered weighs, so that a pair on the brink may be judged otherwise when more have come.
    """

    layer = "vault"
    grain = "one row per registration"
    key = ("source", "source_id")
    changes_by = "person_id"

    source = Column("string", "ehr or payer", required=True)
    source_id = Column("string", "FHIR id of the patient, or BENE_ID", required=True)
    person_id = Column("bigint", "the person", required=True)
    registrations = Column("int", "how many registrations the person has", required=True)
    seen_whole = Column("boolean", "whether the registration was told of all that pairs tie to it", required=True)

    id_is_own = Column("boolean", "whether no other person has the same person_id", required=True)

    expectations = (
        expect_or_fail("two persons have not one id, by chance of the hash: rotate the key", "id_is_own"),
        expect(f"registrations of a person are at most {FARTHEST} pairs apart", "seen_whole"),
    )

    @staticmethod
    def build(registrations: Registration, pairs: RegistrationPair, groups: RegistrationGroup) -> DataFrame:
        """Tie registrations to persons."""
        fits = groups.selectExpr("registration_id as registration_id_l", "fits")
        sure = (F.col("verdict") == EXACT) | ((F.col("verdict") == PROBABLE) & F.col("fits"))
        links = pairs.join(fits, "registration_id_l", "left").filter(sure)
        tied = components(links.selectExpr("registration_id_l as one", "registration_id_r as other"))
        grouped = registrations.join(tied.withColumnRenamed("one", "registration_id"), "registration_id", "left")
        group = F.coalesce("members", F.array("registration_id"))
        person = Window.partitionBy(F.element_at(group, 1))
        first = F.min(F.struct("since", "source", "registration_id")).over(person)["registration_id"]
        of_id = Window.partitionBy("person_id")
        return (
            grouped.withColumn("first", first)
            .withColumn("registrations", F.count("*").over(person).cast("int"))
            .withColumn("seen_whole", F.size(group) == F.col("registrations"))
            .withColumn("person_id", row_id("person", "first"))
            .withColumn("id_is_own", F.min("first").over(of_id) == F.max("first").over(of_id))
            .select(*MasterPersonIndex.declared)
        )
