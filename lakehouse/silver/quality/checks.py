"""The checks of OHDSI's Data Quality Dashboard (version 2.8) as native expressions: one pass over each table.

Each check says of which rows it speaks and which of them fail. What can be told of a row alone, or with its person and
its visit, is counted by delivery in one aggregate over the table. References to concepts and other tables are first
counted by what they refer to, all tables together, and then looked up in one join.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.silver.quality.cdm import (
    DATE,
    DATETIME,
    FEMALE,
    FEW,
    FIELDS,
    FLOAT,
    INTEGER,
    MALE,
    OF_ONE_SEX,
    PERSONS_WITHOUT,
    SEX_OF_CONCEPT,
    VARCHAR,
    Field,
)

EVERY_DELIVERY = "all"
"""What stands in the place of a delivery where all rows are counted, also those of which no line is known."""

_CATEGORIES = {
    "conformance": ("cdmField", "cdmDatatype", "isRequired", "isPrimaryKey", "isForeignKey", "fkDomain", "fkClass",
                    "isStandardValidConcept"),
    "completeness": ("measureValueCompleteness", "standardConceptRecordCompleteness", "sourceValueCompleteness",
                     "sourceConceptRecordCompleteness", "measurePersonCompleteness", "measureConditionEraCompleteness"),
    "plausibility": ("plausibleValueLow", "plausibleValueHigh", "plausibleTemporalAfter", "plausibleDuringLife",
                     "plausibleAfterBirth", "plausibleBeforeDeath", "plausibleStartBeforeEnd", "withinVisitDates",
                     "plausibleGender", "plausibleUnitConceptIds"),
}  # fmt: skip
"""Kahn's categories of data quality, and the checks of each."""

CATEGORY_OF: Mapping[str, str] = {check: category for category, checks in _CATEGORIES.items() for check in checks}

_TYPES = {
    INTEGER: ("tinyint", "smallint", "int", "bigint"),
    FLOAT: ("float", "double", "decimal"),
    DATE: ("date",),
    DATETIME: ("timestamp",),
    VARCHAR: ("string",),
}
"""The Spark types that hold each type of the CDM; ids are 64-bit here."""

_DAYS_AFTER_DEATH, _DAYS_AROUND_A_VISIT = 60, 7
_NO_CONCEPT = "0"
_COUNTED = ("cdm_table", "field", "check", "concept_id", "unit_concept_id", "threshold", "delivery")


@dataclass(frozen=True)
class Check:
    """One check of a field, as SQL over a row: of which rows it speaks, which of them fail, what percentage may."""

    name: str
    field: str
    rows: str
    fails: str
    threshold: int


@dataclass(frozen=True)
class Surroundings:
    """What rows are looked at together with.

    lines: line_id, delivery. persons, deaths, visits: the tables of the CDM. source: its one row tells what day it is.
    """

    lines: DataFrame
    persons: DataFrame
    deaths: DataFrame
    visits: DataFrame
    source: DataFrame

    def with_delivery(self, rows: DataFrame) -> DataFrame:
        """Add the delivery of the line that a row was made from; null where it was made from no single line."""
        if "line_id" not in rows.columns:
            return rows.withColumn("delivery", F.lit(None).cast("string"))
        return rows.join(self.lines.select("line_id", "delivery"), "line_id", "left")

    def around(self, rows: DataFrame, said: str) -> DataFrame:
        """Add the delivery and, of the days of the person, the visit and the data, those that SQL speaks of."""
        found = self.with_delivery(rows)
        if "_tomorrow" in said:
            found = found.crossJoin(F.broadcast(self._tomorrow()))
        if "_born" in said or "_died" in said:
            found = found.join(self._lives(), "person_id", "left")
        if "_visit_start" in said:
            stays = self.visits.selectExpr(
                "visit_occurrence_id", "visit_start_date as _visit_start", "visit_end_date as _visit_end"
            )
            found = found.join(stays, "visit_occurrence_id", "left")
        return found

    def _tomorrow(self) -> DataFrame:
        return self.source.agg(F.expr("max(source_release_date) + 1").alias("_tomorrow"))

    def _lives(self) -> DataFrame:
        birth = "make_date(year_of_birth, coalesce(month_of_birth, 1), coalesce(day_of_birth, 1)) as _born"
        born = self.persons.selectExpr("person_id", birth)
        return born.join(self.deaths.selectExpr("person_id", "death_date as _died"), "person_id", "left")


def check_all(tables: Mapping[str, DataFrame], lines: DataFrame, ranges: DataFrame) -> DataFrame:
    """The results of all checks. tables: those of the CDM, by name. ranges: usual units and plausible values."""
    around = Surroundings(lines, tables["person"], tables["death"], tables["visit_occurrence"], tables["cdm_source"])
    checked = {name: rows for name, rows in tables.items() if name in FIELDS}
    found = [
        *(_counted(name, rows, around) for name, rows in checked.items()),
        _referred(checked, tables, around),
        _measured(around.with_delivery(tables["measurement"]), ranges),
        _persons_without(tables),
        _persons_without_eras(tables),
    ]
    return _judged(_added(reduce(DataFrame.unionAll, found)))


def _added(found: DataFrame) -> DataFrame:
    """Add up what was counted, in each delivery and in all; where distinct values are counted, each counts 1."""
    deliveries = F.array_compact(F.array("delivery", F.lit(EVERY_DELIVERY)))
    by_value = (
        found.withColumn("delivery", F.explode(deliveries))
        .groupBy(*_COUNTED, "value")
        .agg(F.sum("rows").alias("rows"), F.sum("failing").alias("failing"))
        .withColumns({name: F.when(F.col("value").isNull(), F.col(name)).otherwise(F.least(name, F.lit(1)))
                      for name in ("rows", "failing")})
    )  # fmt: skip
    return by_value.groupBy(*_COUNTED).agg(F.sum("rows").alias("rows"), F.sum("failing").alias("failing"))


def _judged(results: DataFrame) -> DataFrame:
    percent = F.when(F.col("rows") > 0, 100 * F.col("failing") / F.col("rows"))
    category = F.create_map(*(F.lit(part) for pair in CATEGORY_OF.items() for part in pair))
    return results.withColumns({"percent": percent, "category": category[F.col("check")]}).withColumn(
        "passed", F.col("percent") <= F.col("threshold")
    )


def _result(
    field: str, check: str, threshold: object, rows: str, failing: str, concept: str = "0", unit: str = "0",
    value: str = "null",
) -> str:  # fmt: skip
    """SQL of a struct: what a check counted. All is SQL text, since building such plans by calls takes seconds."""
    return (
        f"named_struct('field', {field}, 'check', '{check}', 'concept_id', cast({concept} as int), "
        f"'unit_concept_id', cast({unit} as int), 'threshold', cast({threshold} as int), "
        f"'value', cast({value} as string), 'rows', cast({rows} as bigint), 'failing', cast({failing} as bigint))"
    )


def _results(rows: DataFrame, table: str, results: Iterable[str], delivery: str = "delivery") -> DataFrame:
    """The results as rows; those that are null are none."""
    return rows.selectExpr(
        f"{table} as cdm_table", f"{delivery} as delivery", f"inline(array_compact(array({', '.join(results)})))"
    )


# --- what is told of a row alone, or with its person and its visit --------------------------------------------------


def checks_of(field: Field, types: Mapping[str, str]) -> Iterator[Check]:
    """The checks of a field in a table whose columns have these Spark types."""
    name = field.name
    is_there = name in types

    def check(kind: str, rows: str, fails: str, threshold: int) -> Check:
        return Check(kind, name, rows, fails, threshold)

    yield check("cdmField", "true", "false" if is_there else "true", 0)
    if not is_there:
        return
    fits = types[name].split("(")[0] in _TYPES[field.type]
    yield check("cdmDatatype", "true", "false" if fits else "true", 0)
    yield check("measureValueCompleteness", "true", f"`{name}` is null", 0 if field.required else 100)
    if field.required:
        yield check("isRequired", "true", f"`{name}` is null", 0)
    if field.is_key:  # The contract lets no table with a repeated key be written.
        yield check("isPrimaryKey", "true", "false", 0)
    if field.low:
        yield check("plausibleValueLow", f"`{name}` is not null", f"`{name}` < {field.low}", 1)
    if field.high:
        yield check("plausibleValueHigh", f"`{name}` is not null", f"`{name}` > {field.high}", 1)
    yield from _in_time(field, types, check)


def names_of_checks(table: str, field: Field, types: Mapping[str, str]) -> list[str]:
    """The names of all checks of a field, also of those that look up what it refers to."""
    looked_up = {
        "isForeignKey": field.refers_to,
        "fkDomain": field.domain,
        "fkClass": field.concept_class,
        "isStandardValidConcept": field.standard,
        "sourceConceptRecordCompleteness" if _is_source(field) else "standardConceptRecordCompleteness": (
            field.unmapped is not None
        ),
        "sourceValueCompleteness": field.standard_field in types,
        "plausibleGender": field.name == OF_ONE_SEX.get(table),
    }
    names = [check.name for check in checks_of(field, types)]
    return names + [name for name, applies in looked_up.items() if applies and field.name in types]


def _is_source(field: Field) -> bool:
    return field.name.endswith("_source_concept_id")


def _in_time(field: Field, types: Mapping[str, str], check: Any) -> Iterator[Check]:
    name, at = field.name, f"cast(`{field.name}` as date)"
    told = f"`{name}` is not null"
    long_after_death = f"{at} > _died + {_DAYS_AFTER_DEATH}"
    if field.after_birth:
        yield check("plausibleAfterBirth", f"{told} and _born is not null", f"{at} < _born", 1)
        before = f"`{name}` < `{field.since}`" if field.since in types else f"{at} < _born"
        yield check("plausibleTemporalAfter", told, before, 1)
    if field.before_death:
        yield check("plausibleBeforeDeath", f"{told} and _died is not null", long_after_death, 1)
    if field.during_life:
        yield check("plausibleDuringLife", "_died is not null", long_after_death, 1)
    if field.until in types:
        both = f"{told} and `{field.until}` is not null"
        yield check("plausibleStartBeforeEnd", both, f"`{name}` > `{field.until}`", field.forgiven)
    if field.of_visit and "visit_occurrence_id" in types:
        first, last = f"_visit_start - {_DAYS_AROUND_A_VISIT}", f"_visit_end + {_DAYS_AROUND_A_VISIT}"
        yield check("withinVisitDates", "_visit_start is not null", f"not ({at} between {first} and {last})", FEW)


def _counted(table: str, rows: DataFrame, around: Surroundings) -> DataFrame:
    """What is said of the checks stands in constant arrays beside the counts: a plan with it in each count is slow."""
    types = dict(rows.dtypes)
    checks = [check for field in FIELDS[table] for check in checks_of(field, types)]
    counts = [f"struct(count_if({c.rows}) as rows, count_if({c.rows} and {c.fails}) as failing)" for c in checks]
    said = " ".join(f"{check.rows} {check.fails}" for check in checks)
    counted = around.around(rows, said).groupBy("delivery").agg(F.expr(f"array({', '.join(counts)})").alias("counts"))

    def of_check(values: Iterable[object]) -> str:
        return f"get(array({', '.join(map(repr, values))}), place)"

    return counted.selectExpr("delivery", "posexplode(counts) as (place, counted)").selectExpr(
        f"'{table}' as cdm_table", "delivery",
        f"{of_check(check.field for check in checks)} as field", f"{of_check(check.name for check in checks)} as check",
        "0 as concept_id", "0 as unit_concept_id", f"{of_check(check.threshold for check in checks)} as threshold",
        "cast(null as string) as value", "counted.rows as rows", "counted.failing as failing",
    )  # fmt: skip


# --- references to concepts and to other tables ---------------------------------------------------------------------

_REFERENCE = ("field", "target", "key", "source_value", "sex", "asked")


def _referred(checked: Mapping[str, DataFrame], tables: Mapping[str, DataFrame], around: Surroundings) -> DataFrame:
    """Count how many rows refer to what, all tables together, look each up once, and see what is asked of it."""
    references = reduce(DataFrame.unionAll, [_references(name, rows, around) for name, rows in checked.items()])
    counted = references.groupBy("cdm_table", "delivery", *_REFERENCE).agg(F.count("*").alias("times"))
    looked_up = (
        counted.join(_targets(tables), ["target", "key"], "left")
        .withColumn("no_concept", F.expr(f"target = 'concept' and coalesce(key = '{_NO_CONCEPT}', false)"))
        .withColumn("is_there", F.expr("coalesce(is_there, false) or no_concept"))
        .withColumn("right_sex", F.expr(f"if(sex > 0, {_SEX}, null)"))
    )
    return _results(looked_up, "cdm_table", map(_of_references, _ASKED_OF_REFERENCES))


def _references(table: str, rows: DataFrame, around: Surroundings) -> DataFrame:
    """Each reference of each row, with what is asked of it. Only where it matters with the sex of the person."""
    columns = set(rows.columns)
    of_one_sex = OF_ONE_SEX.get(table)
    seen = around.with_delivery(rows)
    if of_one_sex:
        seen = seen.join(around.persons.selectExpr("person_id", "gender_concept_id as _sex"), "person_id", "left")
    structs = [
        f"named_struct('field', '{field.name}', 'target', '{field.refers_to}', 'key', cast({field.name} as string), "
        f"'source_value', {field.source_value if field.source_value in columns else 'cast(null as string)'}, "
        f"'sex', {'_sex' if field.name == of_one_sex else 'cast(null as int)'}, "
        f"'asked', {_asked(table, field, columns)})"
        for field in FIELDS[table]
        if field.refers_to and field.name in columns
    ]
    return seen.selectExpr(f"'{table}' as cdm_table", "delivery", f"inline(array({', '.join(structs)}))")


def _asked(table: str, field: Field, columns: set[str]) -> str:
    """SQL of a struct: what a reference of that field must be. It is the same on all rows of the table."""

    def literal(value: object) -> str:
        return "null" if value is None else str(value).lower() if isinstance(value, (bool, int)) else f"'{value}'"

    source = next((f for f in FIELDS[table] if f.standard_field == field.name and f.name in columns), None)
    mapped, mapped_source = (None, field.unmapped) if _is_source(field) else (field.unmapped, None)
    asked = {
        "required": (field.required, "boolean"), "domain": (field.domain, "string"),
        "concept_class": (field.concept_class, "string"), "standard": (field.standard, "boolean"),
        "unmapped": (mapped, "int"), "unmapped_source": (mapped_source, "int"),
        "told_in": (source.name if source else None, "string"), "uncoded": (source.uncoded if source else None, "int"),
    }  # fmt: skip
    return f"struct({', '.join(f'cast({literal(v)} as {kind}) as {name}' for name, (v, kind) in asked.items())})"


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


_KEYS = {
    "person": "person_id",
    "visit_occurrence": "visit_occurrence_id",
    "provider": "provider_id",
    "care_site": "care_site_id",
    "location": "location_id",
    "domain": "domain_id",
}

_SEX = f"""case when key in ({", ".join(f"'{c}'" for c, sex in SEX_OF_CONCEPT.items() if sex == MALE)}) then {MALE}
    when key in ({", ".join(f"'{c}'" for c, sex in SEX_OF_CONCEPT.items() if sex == FEMALE)}) then {FEMALE} end"""
"""SQL: the sex that the concept is of."""

_TOLD = "key is not null"
_CONCEPT = f"{_TOLD} and is_there and not no_concept"
_MAPPABLE = f"({_TOLD} or (not asked.required and source_value is not null))"
_UNMAPPED = "(no_concept or key is null)"
_OTHER_CLASS = "coalesce(concept_class_id != asked.concept_class, true)"

_ASKED_OF_REFERENCES = (
    # check, where it applies, of which rows it speaks, which of them fail, threshold
    ("isForeignKey", "true", _TOLD, "not is_there", "0"),
    ("fkDomain", "asked.domain is not null", _CONCEPT, "domain_id != asked.domain", "0"),
    ("fkClass", "asked.concept_class is not null", _CONCEPT, _OTHER_CLASS, "0"),
    ("isStandardValidConcept", "asked.standard", _CONCEPT, "not is_standard", "0"),
    ("standardConceptRecordCompleteness", "asked.unmapped is not null", _MAPPABLE, _UNMAPPED, "asked.unmapped"),
    (
        "sourceConceptRecordCompleteness", "asked.unmapped_source is not null", _MAPPABLE, _UNMAPPED,
        "asked.unmapped_source",
    ),
    ("sourceValueCompleteness", "asked.told_in is not null", "source_value is not null", "no_concept", "asked.uncoded"),
    ("plausibleGender", "right_sex is not null", "true", "sex != right_sex", str(FEW)),
)  # fmt: skip


def _of_references(asked: tuple[str, str, str, str, str]) -> str:
    """Source values are counted once each, and concepts of one sex each for itself."""
    check, applies, rows, fails, threshold = asked
    field, value, concept = "field", "null", "0"
    if check == "sourceValueCompleteness":
        field, value, applies = "asked.told_in", "source_value", f"{applies} and {rows}"
    if check == "plausibleGender":
        concept = "key"
    counted = f"if({rows}, times, 0)", f"if({rows} and {fails}, times, 0)"
    return f"if({applies}, {_result(field, check, threshold, *counted, concept=concept, value=value)}, null)"


# --- persons --------------------------------------------------------------------------------------------------------


_PERSON = "'person_id'"


def _persons_without(tables: Mapping[str, DataFrame]) -> DataFrame:
    """How many persons have no row in each table."""
    seen = [tables[name].selectExpr("person_id", f"'{name}' as in_table") for name in PERSONS_WITHOUT]
    persons = tables["person"].selectExpr("person_id", "'person' as in_table")
    counts = (
        reduce(DataFrame.unionAll, seen, persons)
        .groupBy("person_id")
        .agg(F.collect_set("in_table").alias("in_tables"))
        .filter("array_contains(in_tables, 'person')")
        .agg(
            F.count("*").alias("persons"),
            *(F.count_if(~F.array_contains("in_tables", name)).alias(name) for name in PERSONS_WITHOUT),
        )
        .filter("persons > 0")
    )
    check = "measurePersonCompleteness"
    results = [
        f"struct('{name}' as cdm_table, {_result(_PERSON, check, most, 'persons', name)} as result)"
        for name, most in PERSONS_WITHOUT.items()
    ]
    return counts.selectExpr(f"inline(array({', '.join(results)}))").selectExpr(
        "cdm_table", "cast(null as string) as delivery", "result.*"
    )


def _persons_without_eras(tables: Mapping[str, DataFrame]) -> DataFrame:
    """How many persons have a condition with a concept, and no era."""
    ill = tables["condition_occurrence"].filter("condition_concept_id != 0").select("person_id").distinct()
    in_eras = tables["condition_era"].selectExpr("person_id", "true as has_era").distinct()
    counts = ill.join(in_eras, "person_id", "left").agg(
        F.count("*").alias("ill"), F.count_if(F.col("has_era").isNull()).alias("without")
    )
    result = _result(_PERSON, "measureConditionEraCompleteness", 0, "ill", "without")
    return _results(counts.filter("ill > 0"), "'condition_era'", [result], "cast(null as string)")


# --- values and units of measurements -------------------------------------------------------------------------------


def _measured(measurements: DataFrame, ranges: DataFrame) -> DataFrame:
    """Of each test, the rows in another unit than the usual one, and those in it that are out of the plausible range.

    A row whose unit is given and not known is not counted here: that is a matter of completeness.
    """
    usual = ranges.filter("unit_concept_id is not null").selectExpr(
        "concept_id as measurement_concept_id", "unit_concept_id as usual_unit", "plausible_low", "plausible_high"
    )
    in_usual_unit = "value_as_number is not null and unit_concept_id = usual_unit"
    concept, number = "measurement_concept_id", "'value_as_number'"
    counts = (
        measurements.join(F.broadcast(usual.dropDuplicates([concept])), concept)
        .groupBy("delivery", concept, "usual_unit", "plausible_low", "plausible_high")
        .agg(
            F.expr("count_if(unit_concept_id is null or unit_concept_id != 0)").alias("with_unit"),
            F.expr("count_if(coalesce(unit_concept_id, -1) not in (0, usual_unit))").alias("in_other_unit"),
            F.expr(f"count_if({in_usual_unit})").alias("valued"),
            F.expr(f"count_if({in_usual_unit} and value_as_number < plausible_low)").alias("too_low"),
            F.expr(f"count_if({in_usual_unit} and value_as_number > plausible_high)").alias("too_high"),
        )
    )
    too_low, too_high = (
        f"if(plausible_{side} is not null, "
        f"{_result(number, check, FEW, 'valued', f'too_{side}', concept, 'usual_unit')}, null)"
        for side, check in (("low", "plausibleValueLow"), ("high", "plausibleValueHigh"))
    )
    unit = _result(f"'{concept}'", "plausibleUnitConceptIds", FEW, "with_unit", "in_other_unit", concept)
    return _results(counts, "'measurement'", (unit, too_low, too_high))
