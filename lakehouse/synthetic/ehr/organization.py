"""FHIR Organization: who gives care, and who pays for it."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.synthetic.ehr.datatypes import NPI, US_CORE, fixed, identifier, list_of, phone, uuid
from lakehouse.synthetic.ehr.lags import EHR_BEGAN
from lakehouse.synthetic.ehr.places import address, located
from lakehouse.synthetic.ehr.versions import once, written
from lakehouse.synthetic.sources import Sources

_PROFILE = f"{US_CORE}us-core-organization"
_TYPE = "http://terminology.hl7.org/CodeSystem/organization-type"
_CERTIFICATION_NUMBERS = "urn:oid:2.16.840.1.113883.4.336"
_PAYERS = {"medicare": "Medicare", "medicaid": "Medicaid", "commercial": "Commercial insurance"}


def organization(sources: Sources) -> DataFrame:
    """One Organization per facility of the directory, of this EHR or not, and per payer."""
    rows = located(sources.facilities, sources).select(
        F.col("id").cast("string").alias("key"), "name", "npi", "ccn", "phone", "line", "city", "state", "place_key",
        F.lit("prov").alias("type"), F.lit("Healthcare Provider").alias("type_name"),
    )  # fmt: skip
    both = rows.unionByName(_payers(rows), allowMissingColumns=True)
    named = both.select(
        "*", F.lit(None).cast("bigint").alias("person"), uuid("Organization", F.col("key")).alias("resource_id")
    )
    return written(
        once(named, F.lit(EHR_BEGAN)),
        "Organization",
        F.array(F.lit(_PROFILE)),
        identifier=list_of(
            identifier(NPI, F.col("npi")), identifier(_CERTIFICATION_NUMBERS, F.col("ccn"))
        ),
        active=F.lit(True),
        type=F.array(fixed(_TYPE, F.col("type"), F.col("type_name"))),
        name=F.col("name"),
        telecom=list_of(phone(F.col("phone"), "work")),
        address=list_of(address("work")),
    )  # fmt: skip


def _payers(rows: DataFrame) -> DataFrame:
    payers = [(payer, name, "pay", "Payer") for payer, name in _PAYERS.items()]
    return rows.sparkSession.createDataFrame(payers, "key string, name string, type string, type_name string")
