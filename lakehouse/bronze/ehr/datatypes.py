"""FHIR R4 data types, as the typed tables of resources store them, and how they are read.

Elements inside a structure keep FHIR's names. Dates and times stay the text that the source wrote, since
FHIR lets them be partial (2021, 2021-05, 2021-05-03, 2021-05-03T10:00:00+02:00); `date_of` and
`timestamp_of` read them.
"""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

CODING = "struct<system: string, code: string, display: string>"
CODINGS = f"array<{CODING}>"
CODEABLE_CONCEPT = f"struct<coding: {CODINGS}, text: string>"
CODEABLE_CONCEPTS = f"array<{CODEABLE_CONCEPT}>"
DATE_TIME = "string"
PERIOD = "struct<start: string, `end`: string>"
QUANTITY = "struct<value: double, comparator: string, unit: string, system: string, code: string>"
RANGE = f"struct<low: {QUANTITY}, high: {QUANTITY}>"
REFERENCE = "struct<reference: string, display: string>"
REFERENCES = f"array<{REFERENCE}>"
IDENTIFIER = f"struct<use: string, type: {CODEABLE_CONCEPT}, system: string, value: string>"
IDENTIFYING_REFERENCE = "struct<reference: string, identifier: struct<system: string, value: string>, display: string>"
"""A Reference that may name what it means by a business identifier alone."""

CONTACT_POINT = "struct<system: string, value: string, use: string>"
ADDRESS = (
    "struct<use: string, line: array<string>, city: string, district: string, state: string, postalCode: string, "
    "country: string>"
)

_DATE_TIME = r"^\d{4}(-\d{2}(-\d{2}(T.+)?)?)?$"
_TIME_ZONE = r"(Z|[+-]\d{2}:\d{2})$"


def date_of(date_time: Column) -> Column:
    """The calendar day that the source wrote, in its own time zone; the first day of a partial date's year or month."""
    written = F.substring(date_time, 1, 10)
    first_day = F.concat(written, F.lit("0000-01-01").substr(F.length(written) + F.lit(1), F.lit(10)))
    return F.try_to_timestamp(F.when(date_time.rlike(_DATE_TIME), first_day)).cast("date")


def timestamp_of(date_time: Column) -> Column:
    """The instant in UTC; null where no time of day is written. A time without a zone is taken as UTC."""
    zoned = F.when(date_time.rlike(_TIME_ZONE), date_time).otherwise(F.concat(date_time, F.lit("Z")))
    return F.try_to_timestamp(F.when(date_time.contains("T"), zoned))


def referenced_id(reference: Column, resource_type: str) -> Column:
    """The logical id that a reference names, as in `Encounter/123` or `urn:uuid:123`; null for any other reference."""
    return F.nullif(F.regexp_extract(reference, rf"(?:{resource_type}/|urn:uuid:)([^/|?#]+)", 1), F.lit(""))


def name_in(reference: Column, resource_type: str) -> Column:
    """The name by which a reference means a resource: its logical id, or `system|value` of an identifier.

    The latter is how a conditional reference is written: `Practitioner?identifier=http://hl7.org/fhir/sid/us-npi|123`.
    """
    identifier = F.regexp_extract(reference, rf"{resource_type}\?identifier=(.+)$", 1)
    return F.coalesce(referenced_id(reference, resource_type), F.nullif(identifier, F.lit("")))


def name_meant(reference: Column, resource_type: str) -> Column:
    """The name by which an IDENTIFYING_REFERENCE means a resource, by its reference or else by its identifier."""
    return F.coalesce(name_in(reference["reference"], resource_type), name_of(reference["identifier"]))


def name_of(identifier: Column) -> Column:
    """The name that an Identifier gives to what bears it: `system|value`."""
    return F.concat(F.coalesce(identifier["system"], F.lit("")), F.lit("|"), identifier["value"])


def identifier_in(system: str) -> Column:
    """The resource's first identifier of that system; null where it has none."""
    return F.get(F.filter("identifier", lambda identifier: identifier["system"] == system), F.lit(0))["value"]
