"""The checks of OHDSI's Data Quality Dashboard (version 2.8) as native expressions: one pass over each table.

Each check says of which rows it speaks and which of them fail. What can be told of a row alone, or with its person and
its visit, is counted by delivery in one aggregate over the table. References to concepts and other tables are first
counted by what they refer to, all tables together, and then looked up in one join.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.silver.quality.cdm import (
    DATE,
    DATETIME,
    FEW,
    FIELDS,
    FLOAT,
    INTEGER,
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
_COUNTED = ("table", "field", "check", "concept_id", "unit_concept_id", "threshold", "delivery")


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

    def around(self, rows: DataFrame, with_visit: bool) -> DataFrame:
        """Add the delivery, the days of birth and death and the sex of the person, the days of the visit, tomorrow."""
        found = self.with_delivery(rows).crossJoin(F.broadcast(self._tomorrow()))
        if "person_id" in rows.columns:
            found = found.join(self._lives(), "person_id", "left")
        if with_visit:
            stays = self.visits.selectExpr(
                "visit_occurrence_id", "visit_start_date as _visit_start", "visit_end_date as _visit_end"
            )
            found = found.join(stays, "visit_occurrence_id", "left")
        return found

    def _tomorrow(self) -> DataFrame:
        return self.source.agg(F.expr("max(source_release_date) + 1").alias("_tomorrow"))

    def _lives(self) -> DataFrame:
        birth = "make_date(year_of_birth, coalesce(month_of_birth, 1), coalesce(day_of_birth, 1)) as _birth"
        born = self.persons.selectExpr("person_id", birth, "gender_concept_id as _sex")
        return born.join(self.deaths.selectExpr("person_id", "death_date as _death"), "person_id", "left")


def check_all(tables: Mapping[str, DataFrame], lines: DataFrame, ranges: DataFrame) -> DataFrame:
    """The results of all checks. tables: those of the CDM, by name. ranges: usual units and plausible values."""
    around = Surroundings(
        lines, tables["person"], tables["death"], tables["visit_occurrence"], tables["cdm_source"]
    )  # fmt: skip
    counted = [_counted(name, rows, around) for name, rows in tables.items() if name in FIELDS]
    referred = _looked_up(
        reduce(DataFrame.unionAll, [_referred(name, rows, around) for name, rows in tables.items() if name in FIELDS]),
        tables,
    )
    by_delivery = [
        *counted,
        _references_counted(referred),
        _of_other_sex(referred),
        _measured(around.with_delivery(tables["measurement"]), ranges),
    ]
    added = (
        _with_every_delivery(reduce(DataFrame.unionByName, by_delivery))
        .groupBy(*_COUNTED)
        .agg(F.sum("rows").alias("rows"), F.sum("failing").alias("failing"))
    )
    of_distinct = [_values_mapped(referred), _persons_without(tables), _persons_without_eras(tables)]
    return _judged(reduce(DataFrame.unionByName, of_distinct, added))


def _judged(results: DataFrame) -> DataFrame:
    percent = F.when(F.col("rows") > 0, 100 * F.col("failing") / F.col("rows"))
    category = F.create_map(*(F.lit(part) for pair in CATEGORY_OF.items() for part in pair))
    return results.withColumns({"percent": percent, "category": category[F.col("check")]}).withColumn(
        "passed", F.col("percent") <= F.col("threshold")
    )


def _with_every_delivery(rows: DataFrame) -> DataFrame:
    """Count rows twice: in their own delivery, where it is known, and in all."""
    deliveries = F.array_compact(F.array("delivery", F.lit(EVERY_DELIVERY)))
    return rows.withColumn("delivery", F.explode(deliveries))


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


def names_of_checks(field: Field, types: Mapping[str, str]) -> list[str]:
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
        "plausibleGender": field.name in OF_ONE_SEX,
    }
    names = [check.name for check in checks_of(field, types)]
    return names + [name for name, applies in looked_up.items() if applies and field.name in types]


def _is_source(field: Field) -> bool:
    return field.name.endswith("_source_concept_id")


def _in_time(field: Field, types: Mapping[str, str], check: Any) -> Iterator[Check]:
    name, at = field.name, f"cast(`{field.name}` as date)"
    told = f"`{name}` is not null"
    long_after_death = f"{at} > _death + {_DAYS_AFTER_DEATH}"
    if field.after_birth:
        yield check("plausibleAfterBirth", f"{told} and _birth is not null", f"{at} < _birth", 1)
        before = f"`{name}` < `{field.since}`" if field.since in types else f"{at} < _birth"
        yield check("plausibleTemporalAfter", told, before, 1)
    if field.before_death:
        yield check("plausibleBeforeDeath", f"{told} and _death is not null", long_after_death, 1)
    if field.during_life:
        yield check("plausibleDuringLife", "_death is not null", long_after_death, 1)
    if field.until in types:
        both = f"{told} and `{field.until}` is not null"
        yield check("plausibleStartBeforeEnd", both, f"`{name}` > `{field.until}`", field.forgiven)
    if field.of_visit and "visit_occurrence_id" in types:
        first, last = f"_visit_start - {_DAYS_AROUND_A_VISIT}", f"_visit_end + {_DAYS_AROUND_A_VISIT}"
        yield check("withinVisitDates", "_visit_start is not null", f"not ({at} between {first} and {last})", FEW)


def _counted(table: str, rows: DataFrame, around: Surroundings) -> DataFrame:
    types = dict(rows.dtypes)
    checks = [check for field in FIELDS[table] for check in checks_of(field, types)]
    of_visit = any(check.name == "withinVisitDates" for check in checks)
    counts = around.around(rows, of_visit).groupBy("delivery").agg(
        *(F.expr(f"count_if({check.rows})").alias(f"rows_{i}") for i, check in enumerate(checks)),
        *(F.expr(f"count_if({check.rows} and {check.fails})").alias(f"failing_{i}") for i, check in enumerate(checks)),
    )  # fmt: skip
    results = [
        _result(check.field, check.name, check.threshold, F.col(f"rows_{i}"), F.col(f"failing_{i}"))
        for i, check in enumerate(checks)
    ]
    return counts.select(F.lit(table).alias("table"), "delivery", F.inline(F.array(*results)))


def _result(
    field: str | Column, check: str, threshold: int | Column, rows: Column, failing: Column,
    concept: Column | None = None, unit: Column | None = None,
) -> Column:  # fmt: skip
    def typed(value: Any, kind: str) -> Column:
        return (value if isinstance(value, Column) else F.lit(value)).cast(kind)

    return F.struct(
        typed(field, "string").alias("field"),
        F.lit(check).alias("check"),
        typed(0 if concept is None else concept, "int").alias("concept_id"),
        typed(0 if unit is None else unit, "int").alias("unit_concept_id"),
        typed(threshold, "int").alias("threshold"),
        rows.cast("bigint").alias("rows"),
        failing.cast("bigint").alias("failing"),
    )


# --- references to concepts and to other tables ---------------------------------------------------------------------

_REFERENCE = "field", "target", "value", "source_value", "sex", "asked"


def _referred(table: str, rows: DataFrame, around: Surroundings) -> DataFrame:
    """How many rows of each delivery refer to what, by field, with what is asked of the reference."""
    columns = set(rows.columns)
    asked_of = {f.standard_field: f for f in FIELDS[table] if f.standard_field and f.name in columns}
    by_sex = columns.intersection(OF_ONE_SEX) and not table.endswith("_era")
    seen = around.with_delivery(rows)
    if by_sex:
        sexes = around.persons.selectExpr("person_id", "gender_concept_id as _sex")
        seen = seen.join(sexes, "person_id", "left")
    references = [
        F.struct(
            F.lit(field.name).alias("field"),
            F.lit(field.refers_to).alias("target"),
            F.col(field.name).cast("string").alias("value"),
            (F.col(field.source_value) if field.source_value in columns else F.lit(None).cast("string")).alias(
                "source_value"
            ),
            (F.col("_sex") if by_sex and field.name in OF_ONE_SEX else F.lit(None).cast("int")).alias("sex"),
            _asked(field, asked_of.get(field.name)).alias("asked"),
        )
        for field in FIELDS[table]
        if field.refers_to and field.name in columns
    ]
    exploded = seen.select(F.lit(table).alias("table"), "delivery", F.inline(F.array(*references)))
    return exploded.groupBy("table", "delivery", *_REFERENCE).agg(F.count("*").alias("times"))


def _asked(field: Field, source: Field | None) -> Column:
    is_source = _is_source(field)
    return F.struct(
        F.lit(field.required).alias("required"),
        F.lit(field.domain).cast("string").alias("domain"),
        F.lit(field.concept_class).cast("string").alias("concept_class"),
        F.lit(field.standard).alias("standard"),
        F.lit(None if is_source else field.unmapped).cast("int").alias("unmapped"),
        F.lit(field.unmapped if is_source else None).cast("int").alias("unmapped_source"),
        F.lit(source.name if source else None).cast("string").alias("told_in"),
        F.lit(source.uncoded if source else None).cast("int").alias("uncoded"),
    )


def _looked_up(references: DataFrame, tables: Mapping[str, DataFrame]) -> DataFrame:
    """Add whether what is referred to is there and, of a concept, its domain, its class and whether it is standard."""
    concepts = tables["concept"].selectExpr(
        "'concept' as target", "cast(concept_id as string) as value", "domain_id", "concept_class_id",
        "coalesce(standard_concept = 'S', false) and invalid_reason is null as is_standard", "true as is_there",
    )  # fmt: skip
    others = [
        tables[name].selectExpr(f"'{name}' as target", f"cast({key} as string) as value", "true as is_there")
        for name, key in _KEYS.items()
    ]
    targets = reduce(lambda one, other: one.unionByName(other, allowMissingColumns=True), others, concepts)
    return (
        references.join(targets, ["target", "value"], "left")
        .withColumn("no_concept", F.expr(f"target = 'concept' and coalesce(value = '{_NO_CONCEPT}', false)"))
        .withColumn("is_there", F.expr("coalesce(is_there, false) or no_concept"))
    )


_KEYS = {
    "person": "person_id",
    "visit_occurrence": "visit_occurrence_id",
    "provider": "provider_id",
    "care_site": "care_site_id",
    "location": "location_id",
    "domain": "domain_id",
}


def _references_counted(referred: DataFrame) -> DataFrame:
    told = "value is not null"
    a_concept = f"{told} and is_there and not no_concept"
    mappable = f"({told} or (not asked.required and source_value is not null))"
    unmapped = "(no_concept or value is null)"
    checks = (
        ("isForeignKey", "true", told, "not is_there", "0"),
        ("fkDomain", "asked.domain is not null", a_concept, "domain_id != asked.domain", "0"),
        (
            "fkClass", "asked.concept_class is not null", a_concept,
            "coalesce(concept_class_id != asked.concept_class, true)", "0",
        ),
        ("isStandardValidConcept", "asked.standard", a_concept, "not is_standard", "0"),
        ("standardConceptRecordCompleteness", "asked.unmapped is not null", mappable, unmapped, "asked.unmapped"),
        (
            "sourceConceptRecordCompleteness", "asked.unmapped_source is not null", mappable, unmapped,
            "asked.unmapped_source",
        ),
    )  # fmt: skip
    results = [
        F.when(
            F.expr(applies),
            _result(
                F.col("field"), name, F.expr(threshold),
                F.expr(f"if({rows}, times, 0)"), F.expr(f"if({rows} and {fails}, times, 0)"),
            ),
        )
        for name, applies, rows, fails, threshold in checks
    ]  # fmt: skip
    return referred.select("table", "delivery", F.inline(F.array_compact(F.array(*results))))


def _of_other_sex(referred: DataFrame) -> DataFrame:
    """Of each concept of one sex, the rows of persons of the other; those whose sex is not known are left out."""
    sexes = F.create_map(*(F.lit(part) for pair in SEX_OF_CONCEPT.items() for part in pair))
    concept = F.col("value").cast("int")
    return referred.withColumn("right_sex", F.when(F.col("sex") > 0, sexes[concept])).filter(
        "right_sex is not null"
    ).select(
        "table", "delivery",
        F.inline(F.array(_result(
            F.col("field"), "plausibleGender", FEW, F.col("times"),
            F.when(F.col("sex") != F.col("right_sex"), F.col("times")).otherwise(0), concept,
        ))),
    )  # fmt: skip


def _values_mapped(referred: DataFrame) -> DataFrame:
    """Of the distinct values of each source field, those that stand beside concept 0."""
    values = _with_every_delivery(referred.filter("asked.told_in is not null and source_value is not null"))
    return (
        values.groupBy("table", "asked.told_in", "asked.uncoded", "delivery", "source_value")
        .agg(F.bool_or("no_concept").alias("no_concept"))
        .groupBy("table", "told_in", "uncoded", "delivery")
        .agg(F.count("*").alias("values"), F.count_if("no_concept").alias("unmapped"))
        .select(
            "table", "delivery",
            F.inline(F.array(_result(
                F.col("told_in"), "sourceValueCompleteness", F.col("uncoded"), F.col("values"), F.col("unmapped")
            ))),
        )
    )  # fmt: skip


# --- persons --------------------------------------------------------------------------------------------------------


def _persons_without(tables: Mapping[str, DataFrame]) -> DataFrame:
    """How many persons have no row in each table."""
    seen = [
        tables[name].select("person_id", F.lit(name).alias("in_table")).distinct()
        for name in PERSONS_WITHOUT
    ]  # fmt: skip
    persons = tables["person"].select("person_id", F.lit(None).cast("string").alias("in_table"))
    of_person = (
        reduce(DataFrame.unionAll, seen, persons)
        .groupBy("person_id")
        .agg(F.collect_set("in_table").alias("in_tables"), F.bool_or(F.col("in_table").isNull()).alias("is_person"))
        .filter("is_person")
    )
    counts = of_person.agg(
        F.count("*").alias("rows"),
        *(F.count_if(~F.array_contains("in_tables", name)).alias(name) for name in PERSONS_WITHOUT),
    ).filter("rows > 0")
    results = [
        F.struct(
            F.lit(name).alias("table"),
            _result("person_id", "measurePersonCompleteness", most, F.col("rows"), F.col(name)).alias("result"),
        )
        for name, most in PERSONS_WITHOUT.items()
    ]
    return counts.select(F.lit(EVERY_DELIVERY).alias("delivery"), F.inline(F.array(*results))).select(
        "table", "delivery", "result.*"
    )


def _persons_without_eras(tables: Mapping[str, DataFrame]) -> DataFrame:
    """How many persons have a condition with a concept, and no era."""
    ill = tables["condition_occurrence"].filter("condition_concept_id != 0").select("person_id").distinct()
    in_eras = tables["condition_era"].select("person_id", F.lit(True).alias("has_era")).distinct()
    counts = ill.join(in_eras, "person_id", "left").agg(
        F.count("*").alias("rows"), F.count_if(F.col("has_era").isNull()).alias("failing")
    )
    result = _result("person_id", "measureConditionEraCompleteness", 0, F.col("rows"), F.col("failing"))
    return counts.filter("rows > 0").select(
        F.lit("condition_era").alias("table"), F.lit(EVERY_DELIVERY).alias("delivery"), F.inline(F.array(result))
    )


# --- values and units of measurements -------------------------------------------------------------------------------


def _measured(measurements: DataFrame, ranges: DataFrame) -> DataFrame:
    """Of each test, the rows in another unit than the usual one, and those in it that are out of the plausible range.

    A row whose unit is given and not known is not counted here: that is a matter of completeness.
    """
    usual = ranges.filter("unit_concept_id is not null").selectExpr(
        "concept_id as measurement_concept_id", "unit_concept_id as usual_unit", "plausible_low", "plausible_high"
    )
    in_usual_unit = "value_as_number is not null and unit_concept_id = usual_unit"
    counts = (
        measurements.join(F.broadcast(usual.dropDuplicates(["measurement_concept_id"])), "measurement_concept_id")
        .groupBy("delivery", "measurement_concept_id", "usual_unit", "plausible_low", "plausible_high")
        .agg(
            F.expr("count_if(unit_concept_id is null or unit_concept_id != 0)").alias("with_unit"),
            F.expr("count_if(coalesce(unit_concept_id, -1) not in (0, usual_unit))").alias("in_other_unit"),
            F.expr(f"count_if({in_usual_unit})").alias("valued"),
            F.expr(f"count_if({in_usual_unit} and value_as_number < plausible_low)").alias("too_low"),
            F.expr(f"count_if({in_usual_unit} and value_as_number > plausible_high)").alias("too_high"),
        )
    )
    concept, unit = F.col("measurement_concept_id"), F.col("usual_unit")
    valued = F.col("valued")
    results = [
        _result(
            "measurement_concept_id", "plausibleUnitConceptIds", FEW, F.col("with_unit"), F.col("in_other_unit"),
            concept,
        ),
        F.when(
            F.col("plausible_low").isNotNull(),
            _result("value_as_number", "plausibleValueLow", FEW, valued, F.col("too_low"), concept, unit),
        ),
        F.when(
            F.col("plausible_high").isNotNull(),
            _result("value_as_number", "plausibleValueHigh", FEW, valued, F.col("too_high"), concept, unit),
        ),
    ]  # fmt: skip
    return counts.select(F.lit("measurement").alias("table"), "delivery", F.inline(F.array_compact(F.array(*results))))
