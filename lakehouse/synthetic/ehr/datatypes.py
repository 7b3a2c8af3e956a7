"""FHIR R4 data types as Spark expressions. What is not known is null, and null is left out of the JSON."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column
from pyspark.sql import functions as F

CVX = "http://hl7.org/fhir/sid/cvx"
CPT = "http://www.ama-assn.org/go/cpt"
HCPCS = "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
ICD_10_CM = "http://hl7.org/fhir/sid/icd-10-cm"
ICD_10_PCS = "http://www.cms.gov/Medicare/Coding/ICD10"
LOINC = "http://loinc.org"
NPI = "http://hl7.org/fhir/sid/us-npi"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
SNOMED = "http://snomed.info/sct"
UCUM = "http://unitsofmeasure.org"
V3_ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
V3_ROLE_CODE = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"

_UUID = "^(.{8})(.{4})(.{4})(.{4})"

US_CORE = "http://hl7.org/fhir/us/core/StructureDefinition/"
"""Where the profiles and extensions of US Core 6.1 are defined."""


def known(value: Column) -> Column:
    """A text; null where it is empty."""
    return F.nullif(value, F.lit(""))


def number(text: Column) -> Column:
    """A text as a number; null where it is empty."""
    return known(text).cast("double")


def translated(key: Column, meanings: Mapping[str, str]) -> Column:
    """What a key means; null for any other key."""
    meaning = F.lit(None).cast("string")
    for known_key, known_meaning in meanings.items():
        meaning = F.when(key == known_key, known_meaning).otherwise(meaning)
    return meaning


def uuid(kind: str, *parts: Column) -> Column:
    """The id of the thing of that kind that the parts name, in the shape of a UUID; null where a part is null."""
    digest = F.md5(F.concat(F.lit(kind), *(F.concat(F.lit(":"), part.cast("string")) for part in parts)))
    # One replacement names the digest once: interpreted code would compute it as often as it is named.
    return F.regexp_replace(digest, _UUID, "$1-$2-$3-$4-")


def reference(resource_type: str, *parts: Column) -> Column:
    """A Reference to the resource that has the `uuid` of these parts; null where the first is null."""
    return F.when(parts[0].isNotNull(), _named(resource_type, uuid(resource_type, *parts)))


def subject() -> Column:
    """A Reference to the Patient whose id is in the column `patient`."""
    return _named("Patient", F.col("patient"))


def _named(resource_type: str, id_: Column) -> Column:
    return F.struct(F.concat(F.lit(f"{resource_type}/"), id_).alias("reference"))


def coding(system: str, code: Column | str, display: Column | str | None = None) -> Column:
    """A Coding; null where the code is empty or null."""
    code, display = _literal(code), _literal(display)
    named = F.struct(F.lit(system).alias("system"), code.alias("code"), display.alias("display"))
    return F.when(known(code).isNotNull(), named)


def concept(*codings: Column, text: Column | str | None = None) -> Column:
    """A CodeableConcept of those codings that are not null, with words."""
    present = F.array_compact(F.array(*codings))
    return F.struct(F.when(F.size(present) > 0, present).alias("coding"), _literal(text).alias("text"))


def fixed(system: str, code: Column | str, display: Column | str | None = None) -> Column:
    """A CodeableConcept of one coding without words."""
    return F.struct(F.array(coding(system, code, display)).alias("coding"), _literal(None).alias("text"))


def list_of(*values: Column) -> Column:
    """An array of those values that are not null, equal ones once; null where there is none."""
    if len(values) == 1:
        return F.when(values[0].isNotNull(), F.array(values[0]))
    # Not array_compact, which is interpreted.
    present = F.array_except(F.array(*values), F.array(F.lit(None)))
    return F.when(F.size(present) > 0, present)


def quantity(value: Column, unit: Column) -> Column:
    """A Quantity in a unit of UCUM; null where the value is null."""
    measured = F.struct(
        value.alias("value"), unit.alias("unit"), F.lit(UCUM).alias("system"), unit.alias("code")
    )  # fmt: skip
    return F.when(value.isNotNull(), measured)


def identifier(system: str, value: Column, type_: Column | None = None) -> Column:
    """An Identifier; null where the value is null."""
    kind = F.lit(None) if type_ is None else type_
    return F.when(
        known(value).isNotNull(), F.struct(kind.alias("type"), F.lit(system).alias("system"), value.alias("value"))
    )


def period(start: Column, end: Column) -> Column:
    """A Period."""
    return F.struct(start.alias("start"), end.alias("end"))


def phone(number_: Column, use: str) -> Column:
    """A ContactPoint of a telephone; null where there is no number."""
    return _contact("phone", number_, use)


def email(address: Column, use: str) -> Column:
    """A ContactPoint of electronic mail; null where there is no address."""
    return _contact("email", address, use)


def _contact(system: str, value: Column, use: str) -> Column:
    point = F.struct(F.lit(system).alias("system"), value.alias("value"), F.lit(use).alias("use"))
    return F.when(known(value).isNotNull(), point)


def _literal(value: Column | str | None) -> Column:
    if isinstance(value, Column):
        return value
    return F.lit(value).cast("string")
