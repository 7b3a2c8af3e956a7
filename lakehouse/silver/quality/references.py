"""What the tables of the CDM refer to: how often each of them names what, and whether that is there and as asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.silver.quality.cdm import FIELDS, Field
from lakehouse.silver.quality.counts import in_each_and_all, result, results

_OF_A_PERSON = {
    "person": "person_id",
    "visit_occurrence": "visit_occurrence_id",
    "visit_detail": "visit_detail_id",
}
"""The tables that hold records of persons and are referred to, by records of the same person, and their keys."""

_REFERENCE = ("cdm_table", "field", "target", "key", "source_value", "delivery")
_NO_CONCEPT = "0"


def count_own(checked: Mapping[str, DataFrame]) -> DataFrame:
    """How many records name the person, a visit or a part of one, and one that is not among those of that person."""
    named = [
        _references(name, rows, fields, "person_id")
        for name, rows in checked.items()
        if (fields := [field for field in FIELDS[name] if field.refers_to in _OF_A_PERSON])
    ]
    there = [
        checked[table].selectExpr(
            "person_id", f"'{table}' as target", f"cast({key} as string) as key", "true as is_there"
        )
        for table, key in _OF_A_PERSON.items()
    ]
    found = (
        reduce(DataFrame.unionAll, named)
        .filter("key is not null")
        .join(reduce(DataFrame.unionAll, there), ["person_id", "target", "key"], "left")
        .groupBy("cdm_table", "field", "delivery")
        .agg(F.count("*").alias("times"), F.count_if(F.col("is_there").isNull()).alias("missing"))
    )
    return results(found, "cdm_table", [result("field", "isForeignKey", "times", "missing")])


def count_references(checked: Mapping[str, DataFrame]) -> DataFrame:
    """How many rows name what of the tables that are no records of persons, and for which value of the source."""
    named = [
        _references(name, rows, [field for field in FIELDS[name] if field.refers_to not in (None, *_OF_A_PERSON)])
        for name, rows in checked.items()
    ]
    return reduce(DataFrame.unionAll, named).groupBy(*_REFERENCE).agg(F.count("*").alias("times"))


def _references(table: str, rows: DataFrame, fields: Sequence[Field], *more: str) -> DataFrame:
    """Each reference of each row."""
    columns = set(rows.columns)
    structs = [
        f"named_struct('field', '{field.name}', 'target', '{field.refers_to}', 'key', cast({field.name} as string), "
        f"'source_value', {field.source_value if field.source_value in columns else 'cast(null as string)'})"
        for field in fields
        if field.name in columns
    ]
    return rows.selectExpr(f"'{table}' as cdm_table", "delivery", *more, f"inline(array({', '.join(structs)}))")


# --- what is asked of a reference -----------------------------------------------------------------------------------

_NAMED = "key is not null"
_IS_CONCEPT = f"{_NAMED} and is_there and not no_concept"
_MAPPABLE = f"({_NAMED} or (not required and source_value is not null))"
_UNMAPPED = "(no_concept or key is null)"

_OF_REFERENCES = (
    # check, of which references it speaks, which of them fail
    ("isForeignKey", _NAMED, "not is_there"),
    ("fkDomain", _IS_CONCEPT, "domain_id != domain"),
    ("fkClass", _IS_CONCEPT, "coalesce(concept_class_id != concept_class, true)"),
    ("isStandardValidConcept", _IS_CONCEPT, "not is_standard"),
    ("standardConceptRecordCompleteness", _MAPPABLE, _UNMAPPED),
    ("sourceConceptRecordCompleteness", _MAPPABLE, _UNMAPPED),
)

_KEYS = {"provider": "provider_id", "care_site": "care_site_id", "location": "location_id", "domain": "domain_id"}


def check_references(references: DataFrame, tables: Mapping[str, DataFrame]) -> DataFrame:
    """Look up what is referred to, each once, and see what is asked of it; in each delivery and in all."""
    asked = references.sparkSession.createDataFrame(
        [(table, field.name, field.required, field.domain, field.concept_class, _told_in(table, field))
         for table, fields in FIELDS.items() for field in fields if field.refers_to],
        "cdm_table string, field string, required boolean, domain string, concept_class string, told_in string",
    )  # fmt: skip
    looked_up = (
        references.join(_targets(tables), ["target", "key"], "left")
        .join(F.broadcast(asked), ["cdm_table", "field"])
        .withColumn("no_concept", F.expr(f"target = 'concept' and coalesce(key = '{_NO_CONCEPT}', false)"))
        .withColumn("is_there", F.expr("coalesce(is_there, false) or no_concept"))
    )
    checks = [
        result("field", check, f"if({rows}, times, 0)", f"if({rows} and {fails}, times, 0)")
        for check, rows, fails in _OF_REFERENCES
    ]
    of_rows = results(looked_up, "cdm_table", checks).filter("rows > 0")
    return in_each_and_all(of_rows).unionAll(_check_values(in_each_and_all(looked_up))).drop("day")


def _check_values(looked_up: DataFrame) -> DataFrame:
    """Values of the source, each counted once: whether it has a concept, as a check of the field that has the value."""
    values = (
        looked_up.filter("told_in is not null and source_value is not null")
        .groupBy("cdm_table", "told_in", "delivery", "source_value")
        .agg(F.bool_or("no_concept").alias("no_concept"))
        .groupBy("cdm_table", "told_in", "delivery")
        .agg(F.count("*").alias("told"), F.count_if("no_concept").alias("without"))
    )
    return results(values, "cdm_table", [result("told_in", "sourceValueCompleteness", "told", "without")])


def _told_in(table: str, field: Field) -> str | None:
    """The field with the source's value for a concept."""
    return next((other.name for other in FIELDS[table] if other.standard_field == field.name), None)


def _targets(tables: Mapping[str, DataFrame]) -> DataFrame:
    """All that can be referred to; of a concept its domain, its class, and whether it is standard and valid."""
    concepts = tables["concept"].selectExpr(
        "'concept' as target", "cast(concept_id as string) as key", "domain_id", "concept_class_id",
        "coalesce(standard_concept = 'S', false) and invalid_reason is null as is_standard", "true as is_there",
    )  # fmt: skip
    nothing = "cast(null as string) as domain_id", "cast(null as string) as concept_class_id", "false as is_standard"
    others = [
        tables[name].selectExpr(f"'{name}' as target", f"cast({key} as string) as key", *nothing, "true as is_there")
        for name, key in _KEYS.items()
    ]
    return reduce(DataFrame.unionAll, others, concepts)
