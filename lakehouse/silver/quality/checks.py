"""Which checks of OHDSI's Data Quality Dashboard (version 2.8) a table gets, and what percentage may fail."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lakehouse.silver.quality.cdm import FEW, FIELDS, OF_ONE_SEX, PERSONS_WITHOUT, Field

EVERY_DELIVERY = "all"
"""What stands in the place of a delivery where all rows are counted, also those of which no line is known."""

_CATEGORIES = {
    "conformance": ("cdmField", "cdmDatatype", "isRequired", "isPrimaryKey", "isForeignKey", "fkDomain", "fkClass",
                    "isStandardValidConcept"),
    "completeness": ("measureValueCompleteness", "standardConceptRecordCompleteness", "sourceValueCompleteness",
                     "sourceConceptRecordCompleteness", "measurePersonCompleteness", "measureConditionEraCompleteness"),
    "plausibility": ("plausibleValueLow", "plausibleValueHigh", "plausibleTemporalAfter", "plausibleDuringLife",
                     "plausibleAfterBirth", "plausibleBeforeDeath", "plausibleStartBeforeEnd", "withinVisitDates",
                     "plausibleGender", "plausibleUnitConceptIds", "measureObservationPeriodOverlap"),
}  # fmt: skip
"""Kahn's categories of data quality, and the checks of each."""

CATEGORY_OF: Mapping[str, str] = {check: category for category, checks in _CATEGORIES.items() for check in checks}

PERSON, TEST, NUMBER = "person_id", "measurement_concept_id", "value_as_number"
"""The fields that checks are said to be of which look at persons, at the units of a test, and at its values."""


@dataclass(frozen=True)
class Check:
    """A check of a field, and the percentage of what it looks at that may fail.

    by_concept: it is made of each concept by itself.
    """

    field: str
    name: str
    threshold: int
    by_concept: bool = False


def checks_of(table: str, types: Mapping[str, str]) -> Iterator[Check]:
    """The checks of a table whose columns have these Spark types. Those that count persons are of person_id."""
    for field in FIELDS[table]:
        yield Check(field.name, "cdmField", 0)
        if field.name in types:
            yield from _checks_of_field(table, field, types)
    if table in PERSONS_WITHOUT:
        yield Check(PERSON, "measurePersonCompleteness", PERSONS_WITHOUT[table])
    if table == "condition_era":
        yield Check(PERSON, "measureConditionEraCompleteness", 0)
    if table == "observation_period":
        yield Check(PERSON, "measureObservationPeriodOverlap", 0)


def _checks_of_field(table: str, field: Field, types: Mapping[str, str]) -> Iterator[Check]:
    name = field.name
    of_test = table == "measurement" and name == NUMBER
    is_source = name.endswith("_source_concept_id")
    completeness = "sourceConceptRecordCompleteness" if is_source else "standardConceptRecordCompleteness"
    asked = {
        "cdmDatatype": (True, 0),
        "measureValueCompleteness": (True, 0 if field.required else 100),
        "isRequired": (field.required, 0),
        "isPrimaryKey": (field.is_key, 0),
        "isForeignKey": (field.refers_to, 0),
        "fkDomain": (field.domain, 0),
        "fkClass": (field.concept_class, 0),
        "isStandardValidConcept": (field.standard, 0),
        completeness: (field.unmapped is not None, field.unmapped),
        "sourceValueCompleteness": (field.standard_field in types, field.uncoded),
        "plausibleValueLow": (field.low or of_test, FEW if of_test else 1),
        "plausibleValueHigh": (field.high or of_test, FEW if of_test else 1),
        "plausibleUnitConceptIds": (table == "measurement" and name == TEST, FEW),
        "plausibleGender": (name == OF_ONE_SEX.get(table), FEW),
        "plausibleAfterBirth": (field.after_birth, 1),
        "plausibleTemporalAfter": (field.after_birth, 1),
        "plausibleBeforeDeath": (field.before_death, 1),
        "plausibleDuringLife": (field.during_life, 1),
        "plausibleStartBeforeEnd": (field.until in types, field.forgiven),
        "withinVisitDates": (field.of_visit is not None and "visit_occurrence_id" in types, field.of_visit),
    }
    by_concept = {"plausibleGender", "plausibleUnitConceptIds"}
    if of_test:
        by_concept |= {"plausibleValueLow", "plausibleValueHigh"}
    return (
        Check(name, check, threshold or 0, check in by_concept)
        for check, (applies, threshold) in asked.items()
        if applies
    )
