"""What persons consent to."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.bronze.identity.codes import WITHDRAWN
from lakehouse.bronze.identity.person_consent import PersonConsent
from lakehouse.contract import Column, Table, expect
from lakehouse.vault.master_person_index import MasterPersonIndex
from lakehouse.vault.persons import with_person


class Consent(Table):
    """Whether what is known of a person may serve a purpose: a table that `serves` it has nobody who withdrew.

    A person who is registered more than once withdraws under any of his registrations, and gives again under the same.
    Who said nothing has not withdrawn. A consent under an id that nobody is registered under is kept, and counted.
    """

    layer = "silver"
    grain = "one row per consent that holds, by registration and purpose"
    key = ("line_id",)
    changes_by = "person_id"
    accounts_for = (PersonConsent,)

    person_id = Column("bigint", "whose consent", required=True)
    purpose = Column("string", "research, genomics or return_of_results", required=True)
    is_withdrawn = Column("boolean", "whether the person does not want what is known of him to serve it", required=True)
    is_registered = Column("boolean", "whether a source knows the person", required=True)
    line_id = Column("bigint", "landed line that says so", required=True)
    delivery = Column("string", "dated directory of the landing zone that the line came in", required=True)

    expectations = (expect("is of somebody who is registered", "is_registered"),)

    @staticmethod
    def build(consents: PersonConsent, index: MasterPersonIndex) -> DataFrame:
        """Find whose each consent is."""
        told = with_person(PersonConsent.current(consents), index)
        return told.withColumn("is_withdrawn", F.col("consent") == WITHDRAWN).select(*Consent.declared)

    @classmethod
    def withdrawn(cls, consents: DataFrame, purpose: str) -> DataFrame:
        """The persons who withdrew from a purpose: `person_id`, once each."""
        return consents.filter("is_withdrawn").filter(F.col("purpose") == purpose).select("person_id").distinct()
