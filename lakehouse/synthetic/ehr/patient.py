"""FHIR Patient: how the EHR registered a person, duplicates and errors included."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.synthetic.ehr.datatypes import (
    US_CORE,
    coding,
    email,
    fixed,
    identifier,
    known,
    list_of,
    phone,
    translated,
    uuid,
)
from lakehouse.synthetic.ehr.lags import DEATH_DAYS, EHR_BEGAN, known_on
from lakehouse.synthetic.ehr.places import address, located
from lakehouse.synthetic.ehr.versions import versions, written
from lakehouse.synthetic.frames import IDENTITY, PERSON
from lakehouse.synthetic.sources import Sources

_PROFILE = f"{US_CORE}us-core-patient"
_OMB = "urn:oid:2.16.840.1.113883.6.238"
_RACES = {
    "white": ("2106-3", "White"),
    "black": ("2054-5", "Black or African American"),
    "asian": ("2028-9", "Asian"),
    "aian": ("1002-5", "American Indian or Alaska Native"),
    "nhpi": ("2076-8", "Native Hawaiian or Other Pacific Islander"),
}
"""OMB categories; any other race is told in words."""

_ETHNICITIES = {
    "hispanic": ("2135-2", "Hispanic or Latino"),
    "not_hispanic": ("2186-5", "Not Hispanic or Latino"),
}
_MARITAL_STATUS = "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus"
_MARITAL_STATUSES = {
    "never_married": ("S", "Never Married"),
    "married": ("M", "Married"),
    "separated": ("L", "Legally Separated"),
    "divorced": ("D", "Divorced"),
    "widowed": ("W", "Widowed"),
}
_IDENTIFIER_TYPE = "http://terminology.hl7.org/CodeSystem/v2-0203"
_RECORD_NUMBERS = "urn:oid:2.16.840.1.113883.19.5"
"""HL7's example root: the record numbers are no real institution's."""

_CODING = "struct<system: string, code: string, display: string>"
_PARTS = f"array<struct<url: string, valueCoding: {_CODING}, valueString: string>>"


def patient(sources: Sources) -> DataFrame:
    """One Patient per id under which the EHR knows a person; a death makes a second version."""
    rows = _registered(sources)
    born, died = F.col("person_birth_date"), F.col("death_date")
    told = versions(
        rows,
        F.greatest(born, F.lit(EHR_BEGAN)),
        death_known=known_on(died, F.col("resource_id"), DEATH_DAYS),
    )
    return written(
        told,
        "Patient",
        F.array(F.lit(_PROFILE)),
        extension=_extensions(),
        identifier=_identifiers(),
        active=F.lit(True),
        name=F.array(_name()),
        telecom=list_of(phone(F.col("phone"), "home"), email(F.col("email"), "home")),
        gender=F.coalesce(translated(F.col("sex"), {"female": "female", "male": "male"}), F.lit("unknown")),
        birthDate=F.col("birth_date"),
        deceasedDateTime=F.when(F.col("death_known"), died),
        address=list_of(address("home")),
        maritalStatus=_marital_status(),
        communication=F.when(F.col("language").isNotNull(), F.array(_communication())),
    )


def _registered(sources: Sources) -> DataFrame:
    """The ids of the EHR with what they say of the person and what does not differ between them."""
    people = sources.frames[PERSON].select(
        "person", "race", "ethnicity", "language", "marital_status", "death_date",
        F.col("birth_date").alias("person_birth_date"),
    )  # fmt: skip
    known_as = sources.frames[IDENTITY].filter("world = 'ehr'").join(people, "person")
    told_race = F.when(~F.coalesce("race_missing", F.lit(False)), F.col("race"))
    return located(known_as.withColumn("race", told_race), sources).withColumn(
        "resource_id", uuid("Patient", F.col("source_id"))
    )


def _identifiers() -> Column:
    return list_of(
        identifier(_RECORD_NUMBERS, F.col("source_id"), fixed(_IDENTIFIER_TYPE, "MR", "Medical record number")),
        identifier("http://hl7.org/fhir/sid/us-ssn", F.col("ssn"), fixed(_IDENTIFIER_TYPE, "SS")),
    )


def _name() -> Column:
    return F.struct(
        F.lit("official").alias("use"),
        known(F.col("family_name")).alias("family"),
        list_of(known(F.col("given_name")), known(F.col("middle_name"))).alias("given"),
        list_of(known(F.col("name_suffix"))).alias("suffix"),
    )


def _communication() -> Column:
    return F.struct(fixed("urn:ietf:bcp:47", F.col("language")).alias("language"))


def _marital_status() -> Column:
    code, display = _code_and_display(F.col("marital_status"), _MARITAL_STATUSES)
    return F.when(code.isNotNull(), fixed(_MARITAL_STATUS, code, display))


def _extensions() -> Column:
    sex_at_birth = F.coalesce(translated(F.col("sex"), {"female": "F", "male": "M"}), F.lit("UNK"))
    return list_of(
        _category("us-core-race", F.col("race"), _RACES),
        _category("us-core-ethnicity", F.col("ethnicity"), _ETHNICITIES),
        _extension("us-core-birthsex", F.lit(None).cast(_PARTS), sex_at_birth),
    )


def _category(name: str, key: Column, categories: Mapping[str, tuple[str, str]]) -> Column:
    """An extension with the OMB category of a key, where it has one, and with words; null where the key is null."""
    code, display = _code_and_display(key, categories)
    no_code, no_words = F.lit(None).cast(_CODING), F.lit(None).cast("string")
    parts = list_of(
        F.when(code.isNotNull(), _part("ombCategory", coding(_OMB, code, display), no_words)),
        _part("text", no_code, F.coalesce(display, key)),
    )
    return F.when(key.isNotNull(), _extension(name, parts, F.lit(None).cast("string")))


def _code_and_display(key: Column, meanings: Mapping[str, tuple[str, str]]) -> tuple[Column, Column]:
    codes = {known_key: code for known_key, (code, _) in meanings.items()}
    displays = {known_key: display for known_key, (_, display) in meanings.items()}
    return translated(key, codes), translated(key, displays)


def _part(url: str, value_coding: Column, value_string: Column) -> Column:
    return F.struct(
        F.lit(url).alias("url"), value_coding.alias("valueCoding"), value_string.alias("valueString")
    )  # fmt: skip


def _extension(name: str, parts: Column, value_code: Column) -> Column:
    url = F.lit(f"{US_CORE}{name}").alias("url")
    return F.struct(url, parts.alias("extension"), value_code.alias("valueCode"))
