"""Practitioners as providers."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.bronze.ehr.datatypes import identifier_in
from lakehouse.bronze.ehr.practitioner import Practitioner
from lakehouse.contract import Column, Table, expect
from lakehouse.keys import row_id
from lakehouse.silver.identity.names import NPI, by_name


class ProviderLink(Table):
    """Which provider a reference to a practitioner means: the one of his NPI, which claims name too.

    Records with one NPI are one provider. A record without an NPI is a provider of its own.
    """

    layer = "silver"
    grain = "one row per name of a practitioner: the id of his record, and each of his identifiers"
    key = ("named_by",)
    accounts_for = (Practitioner,)

    named_by = Column("string", "FHIR id of the record, or system|value of an identifier", required=True)
    provider_id = Column("bigint", "the provider", required=True)
    npi = Column("string", "National Provider Identifier")
    line_id = Column("bigint", "the landed line that tells the name", required=True)

    expectations = (expect("the NPI is known", "npi is not null"),)

    @staticmethod
    def build(practitioners: Practitioner) -> DataFrame:
        """Give each practitioner his provider, by each of his names."""
        current = Practitioner.current(practitioners).withColumn("npi", identifier_in(NPI))
        provider = F.coalesce(row_id("provider", "npi"), row_id("provider", "resource_id"))
        return by_name(current.withColumn("provider_id", provider)).select(*ProviderLink.declared)
