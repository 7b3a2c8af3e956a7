"""What the checks of quality count, as native expressions.

Each check counts of how many rows it speaks and how many of them fail, by the delivery that the rows' lines came in.
What is told of a row alone, what needs its person, its visit or the day of the data, and what it refers to are each
counted of all tables together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.silver.quality.cdm import (
    DATE,
    DATETIME,
    FEMALE,
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
from lakehouse.silver.quality.checks import CATEGORY_OF, EVERY_DELIVERY, NUMBER, PERSON, TEST, checks_of

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
_COUNTED = ("cdm_table", "field", "check", "concept_id", "unit_concept_id", "delivery")


def check_all(tables: Mapping[str, DataFrame], ranges: DataFrame) -> DataFrame:
    """The results of all checks. tables: those of the CDM, by name. ranges: usual units and plausible values."""
    checked = {name: rows if "delivery" in rows.columns else rows.withColumn("delivery", F.lit(None).cast("string"))
               for name, rows in tables.items() if name in FIELDS}  # fmt: skip
    tomorrow = F.broadcast(tables["cdm_source"].selectExpr("max(source_release_date) + 1 as _tomorrow"))
    found = [
        _of_rows(checked, tomorrow),
        _of_days(checked, tomorrow),
        _of_references(checked, tables),
        _of_one_sex(checked),
        _of_measurements(checked["measurement"], ranges),
        _persons_without(tables),
        _persons_without_eras(tables),
        _persons_with_overlaps(tables["observation_period"]),
    ]
    return _judged(_added(reduce(DataFrame.unionAll, found)), checked)


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


def _judged(counted: DataFrame, checked: Mapping[str, DataFrame]) -> DataFrame:
    """Of what was counted, what is asked of the fields, and whether no more fail than may."""
    asked = counted.sparkSession.createDataFrame(
        [(table, check.field, check.name, CATEGORY_OF[check.name], check.threshold)
         for table, rows in checked.items() for check in checks_of(table, dict(rows.dtypes))],
        "cdm_table string, field string, check string, category string, threshold int",
    )  # fmt: skip
    percent = F.when(F.col("rows") > 0, 100 * F.col("failing") / F.col("rows"))
    return (
        counted.join(F.broadcast(asked), ["cdm_table", "field", "check"])
        .withColumn("percent", percent)
        .withColumn("passed", F.col("percent") <= F.col("threshold"))
    )


def _result(
    field: str, check: str, rows: str, failing: str, concept: str = "0", unit: str = "0", value: str = "null"
) -> str:
    """SQL of a struct: what a check counted. All is SQL text, since building such plans by calls takes seconds."""
    return (
        f"named_struct('field', {field}, 'check', '{check}', 'concept_id', cast({concept} as int), "
        f"'unit_concept_id', cast({unit} as int), 'value', cast({value} as string), "
        f"'rows', cast({rows} as bigint), 'failing', cast({failing} as bigint))"
    )


def _results(rows: DataFrame, table: str, results: Iterable[str], delivery: str = "delivery") -> DataFrame:
    """The results as rows; those that are null are none."""
    return rows.selectExpr(
        f"{table} as cdm_table", f"{delivery} as delivery", f"inline(array_compact(array({', '.join(results)})))"
    )


# --- what is told of a row alone -------------------------------------------------------------------------------------


def _of_rows(checked: Mapping[str, DataFrame], tomorrow: DataFrame) -> DataFrame:
    """Count in one aggregate over all tables: one for each, whose plan and stages are many, takes longer than it."""
    checks = {
        table: [(field.name, *check) for field in FIELDS[table] for check in _told_by_row(field, dict(rows.dtypes))]
        for table, rows in checked.items()
    }
    most = max(map(len, checks.values()))
    verdicts = reduce(
        DataFrame.unionAll,
        [_verdicts(table, rows, checks[table], most, tomorrow) for table, rows in checked.items()],
    )
    counts = ", ".join(f"struct(count(c{n}) as rows, count_if(c{n}) as failing)" for n in range(most))
    counted = verdicts.groupBy("cdm_table", "delivery").agg(F.expr(f"array({counts})").alias("counts"))
    named = verdicts.sparkSession.createDataFrame(
        [(table, n, field, name) for table, told in checks.items() for n, (field, name, *_) in enumerate(told)],
        "cdm_table string, n int, field string, check string",
    )
    return (
        counted.selectExpr("cdm_table", "delivery", "posexplode(counts) as (n, counted)")
        .join(F.broadcast(named), ["cdm_table", "n"])
        .selectExpr(
            "cdm_table", "delivery", "field", "check", "0 as concept_id", "0 as unit_concept_id",
            "cast(null as string) as value", "counted.rows as rows", "counted.failing as failing",
        )
    )  # fmt: skip


def _verdicts(
    table: str, rows: DataFrame, checks: Sequence[tuple[str, str, str, str]], most: int, tomorrow: DataFrame
) -> DataFrame:
    """Each row with a column `c<n>` for each check, as many as `most`: true where it fails, null if not spoken of."""
    if any("_tomorrow" in fails for *_, fails in checks):
        rows = rows.crossJoin(tomorrow)
    told = [f"if({of}, coalesce({fails}, false), null) as c{n}" for n, (*_, of, fails) in enumerate(checks)]
    none = [f"cast(null as boolean) as c{n}" for n in range(len(checks), most)]
    return rows.selectExpr(f"'{table}' as cdm_table", "delivery", *told, *none)


def _told_by_row(field: Field, types: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Name of each check, and SQL over a row: of which rows it speaks and which of them fail."""
    name = field.name
    is_there = name in types
    yield "cdmField", "true", "false" if is_there else "true"
    if not is_there:
        return
    told, is_null, day = f"`{name}` is not null", f"`{name}` is null", f"cast(`{name}` as date)"
    yield "cdmDatatype", "true", "false" if fits(types[name], field.type) else "true"
    yield "measureValueCompleteness", "true", is_null
    if field.required:
        yield "isRequired", "true", is_null
    if field.is_key:  # The contract lets no table with a repeated key be written.
        yield "isPrimaryKey", "true", "false"
    if field.low:
        yield "plausibleValueLow", told, f"`{name}` < {field.low}"
    if field.high and field.type not in (DATE, DATETIME):
        yield "plausibleValueHigh", told, f"`{name}` > {field.high}"
    if field.since in types:
        yield "plausibleTemporalAfter", told, f"{day} < cast(`{field.since}` as date)"
    if field.until in types:
        yield (
            "plausibleStartBeforeEnd",
            f"{told} and `{field.until}` is not null",
            f"{day} > cast(`{field.until}` as date)",
        )


def fits(spark_type: str, cdm_type: str) -> bool:
    """Whether a column of this Spark type holds what the CDM's type asks."""
    return spark_type.split("(")[0] in _TYPES[cdm_type]


# --- days beside the person's life, the visit and the day of the data ------------------------------------------------

_TOLD, _AT = "moment is not null", "cast(moment as date)"
_BEFORE_BIRTH, _AFTER_DEATH = f"{_AT} < born", f"{_AT} > died + {_DAYS_AFTER_DEATH}"
_IN_VISIT = f"{_AT} between visit_start - {_DAYS_AROUND_A_VISIT} and visit_end + {_DAYS_AROUND_A_VISIT}"

_OF_DAYS = (
    # check, of which days it speaks, which of them fail
    ("plausibleValueHigh", _TOLD, f"{_AT} > _tomorrow"),
    ("plausibleAfterBirth", f"{_TOLD} and born is not null", _BEFORE_BIRTH),
    ("plausibleTemporalAfter", f"{_TOLD} and is_start", _BEFORE_BIRTH),
    ("plausibleBeforeDeath", f"{_TOLD} and died is not null", _AFTER_DEATH),
    ("plausibleDuringLife", "died is not null", _AFTER_DEATH),
    ("withinVisitDates", "visit_start is not null", f"not ({_IN_VISIT})"),
)


def _of_days(checked: Mapping[str, DataFrame], tomorrow: DataFrame) -> DataFrame:
    days = reduce(DataFrame.unionAll, [_days(name, rows) for name, rows in checked.items() if _fields_of_days(name)])
    birth = "make_date(year_of_birth, coalesce(month_of_birth, 1), coalesce(day_of_birth, 1)) as born"
    born = checked["person"].selectExpr("person_id", birth)
    lives = born.join(checked["death"].selectExpr("person_id", "death_date as died"), "person_id", "left")
    stays = checked["visit_occurrence"].selectExpr(
        "visit_occurrence_id", "visit_start_date as visit_start", "visit_end_date as visit_end"
    )
    seen = days.join(lives, "person_id", "left").join(stays, "visit_occurrence_id", "left").crossJoin(tomorrow)
    counts = [F.expr(f"count_if({of})").alias(f"{check}_rows") for check, of, _ in _OF_DAYS]
    counts += [F.expr(f"count_if({of} and {fails})").alias(f"{check}_failing") for check, of, fails in _OF_DAYS]
    counted = (  # Not `inline`: Spark would put a filter below the union, and fails in it where tables are empty.
        seen.selectExpr(
            "cdm_table", "delivery", "inline_outer(days)", "born", "died", "visit_start", "visit_end", "_tomorrow"
        )
        .groupBy("cdm_table", "delivery", "field", "is_start")
        .agg(*counts)
    )
    results = [_result("field", check, f"{check}_rows", f"{check}_failing") for check, *_ in _OF_DAYS]
    return _results(counted, "cdm_table", results)


def _fields_of_days(table: str) -> list[Field]:
    return [field for field in FIELDS[table] if field.type in (DATE, DATETIME)]


def _days(table: str, rows: DataFrame) -> DataFrame:
    """The days of each row, and whose and which visit's they are; one that ends something is compared with its start.

    That the row has a visit matters to those days alone that lie within it.
    """
    columns = set(rows.columns)
    days = [
        f"named_struct('field', '{field.name}', 'moment', cast(`{field.name}` as timestamp), "
        f"'is_start', {str(field.since not in columns).lower()})"
        for field in _fields_of_days(table)
        if field.name in columns
    ]
    ids = (name if name in columns else f"cast(null as bigint) as {name}" for name in (PERSON, "visit_occurrence_id"))
    return rows.selectExpr(f"'{table}' as cdm_table", "delivery", *ids, f"array({', '.join(days)}) as days")


# --- references to concepts and to other tables ----------------------------------------------------------------------

_REFERENCE = ("cdm_table", "delivery", "field", "target", "key", "source_value")


def _of_references(checked: Mapping[str, DataFrame], tables: Mapping[str, DataFrame]) -> DataFrame:
    """Count how many rows refer to what, all tables together, look each up once, and see what is asked of it."""
    references = reduce(DataFrame.unionAll, [_references(name, rows) for name, rows in checked.items()])
    counted = references.groupBy(*_REFERENCE).agg(F.count("*").alias("times"))
    asked = counted.sparkSession.createDataFrame(
        [(table, field.name, field.required, field.domain, field.concept_class, _told_in(table, field))
         for table, fields in FIELDS.items() for field in fields if field.refers_to],
        "cdm_table string, field string, required boolean, domain string, concept_class string, told_in string",
    )  # fmt: skip
    looked_up = (
        counted.join(_targets(tables), ["target", "key"], "left")
        .join(F.broadcast(asked), ["cdm_table", "field"])
        .withColumn("no_concept", F.expr(f"target = 'concept' and coalesce(key = '{_NO_CONCEPT}', false)"))
        .withColumn("is_there", F.expr("coalesce(is_there, false) or no_concept"))
    )
    return _results(looked_up, "cdm_table", map(_of_reference, _OF_REFERENCES))


def _references(table: str, rows: DataFrame) -> DataFrame:
    """Each reference of each row."""
    columns = set(rows.columns)
    structs = [
        f"named_struct('field', '{field.name}', 'target', '{field.refers_to}', 'key', cast({field.name} as string), "
        f"'source_value', {field.source_value if field.source_value in columns else 'cast(null as string)'})"
        for field in FIELDS[table]
        if field.refers_to and field.name in columns
    ]
    return rows.selectExpr(f"'{table}' as cdm_table", "delivery", f"inline(array({', '.join(structs)}))")


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


_KEYS = {
    "person": "person_id",
    "visit_occurrence": "visit_occurrence_id",
    "provider": "provider_id",
    "care_site": "care_site_id",
    "location": "location_id",
    "domain": "domain_id",
}

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
    ("sourceValueCompleteness", "source_value is not null", "no_concept"),
)


def _of_reference(asked: tuple[str, str, str]) -> str:
    """Source values are counted once each, as a check of the field that has them."""
    check, rows, fails = asked
    counted = f"if({rows}, times, 0)", f"if({rows} and {fails}, times, 0)"
    if check != "sourceValueCompleteness":
        return _result("field", check, *counted)
    return f"if(told_in is not null and {rows}, {_result('told_in', check, *counted, value='source_value')}, null)"


def _of_one_sex(checked: Mapping[str, DataFrame]) -> DataFrame:
    """Of each concept that persons of one sex have, the rows of the others."""
    found = reduce(
        DataFrame.unionAll, [_with_one_sex(name, checked[name], field) for name, field in OF_ONE_SEX.items()]
    )
    sexes = checked["person"].selectExpr("person_id", "gender_concept_id as sex")
    counted = (
        found.join(sexes, "person_id", "left")
        .groupBy("cdm_table", "delivery", "field", "concept")
        .agg(F.count("*").alias("times"), F.expr("count_if(sex != right_sex)").alias("of_others"))
    )
    return _results(counted, "cdm_table", [_result("field", "plausibleGender", "times", "of_others", "concept")])


def _with_one_sex(table: str, rows: DataFrame, field: str) -> DataFrame:
    """The rows whose concept only persons of one sex have, with that sex."""
    of_men, of_women = ([c for c, sex in SEX_OF_CONCEPT.items() if sex == right] for right in (MALE, FEMALE))
    right_sex = F.when(F.col(field).isin(of_men), MALE).when(F.col(field).isin(of_women), FEMALE)
    return rows.filter(F.col(field).isin(list(SEX_OF_CONCEPT))).select(
        F.lit(table).alias("cdm_table"), "delivery", "person_id", F.lit(field).alias("field"),
        F.col(field).alias("concept"), right_sex.alias("right_sex"),
    )  # fmt: skip


# --- persons ---------------------------------------------------------------------------------------------------------


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
    results = [
        f"struct('{name}' as cdm_table, "
        f"{_result(repr(PERSON), 'measurePersonCompleteness', 'persons', name)} as result)"
        for name in PERSONS_WITHOUT
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
    result = _result(repr(PERSON), "measureConditionEraCompleteness", "ill", "without")
    return _results(counts.filter("ill > 0"), "'condition_era'", [result], "cast(null as string)")


def _persons_with_overlaps(periods: DataFrame) -> DataFrame:
    """How many persons have two periods that overlap, or of which one begins the day after the other ends."""
    start, end = "observation_period_start_date", "observation_period_end_date"
    before = Window.partitionBy("person_id").orderBy(start, end).rowsBetween(Window.unboundedPreceding, -1)
    counts = (
        periods.withColumn("touches", F.col(start) <= F.date_add(F.max(end).over(before), 1))
        .groupBy("person_id")
        .agg(F.bool_or("touches").alias("touches"))
        .agg(F.count("*").alias("observed"), F.count_if("touches").alias("touching"))
    )
    result = _result(repr(PERSON), "measureObservationPeriodOverlap", "observed", "touching")
    return _results(counts.filter("observed > 0"), "'observation_period'", [result], "cast(null as string)")


# --- values and units of measurements --------------------------------------------------------------------------------


def _of_measurements(measurements: DataFrame, ranges: DataFrame) -> DataFrame:
    """Of each test, the rows in another unit than the usual one, and those in it that are out of the plausible range.

    A row whose unit is given and not known is not counted here: that is a matter of completeness.
    """
    usual = ranges.filter("unit_concept_id is not null").selectExpr(
        f"concept_id as {TEST}", "unit_concept_id as usual_unit", "plausible_low", "plausible_high"
    )
    unit = "coalesce(unit_concept_id, -1)"
    in_usual_unit = f"{NUMBER} is not null and unit_concept_id = usual_unit"
    counts = (
        measurements.join(F.broadcast(usual.dropDuplicates([TEST])), TEST)
        .groupBy("delivery", TEST, "usual_unit", "plausible_low", "plausible_high")
        .agg(
            F.expr(f"count_if({NUMBER} is not null and {unit} != 0)").alias("with_unit"),
            F.expr(f"count_if({NUMBER} is not null and {unit} not in (0, usual_unit))").alias("in_other_unit"),
            F.expr(f"count_if({in_usual_unit})").alias("valued"),
            F.expr(f"count_if({in_usual_unit} and {NUMBER} < plausible_low)").alias("too_low"),
            F.expr(f"count_if({in_usual_unit} and {NUMBER} > plausible_high)").alias("too_high"),
        )
    )
    too_low, too_high = (
        f"if(plausible_{side} is not null, "
        f"{_result(repr(NUMBER), check, 'valued', f'too_{side}', TEST, 'usual_unit')}, null)"
        for side, check in (("low", "plausibleValueLow"), ("high", "plausibleValueHigh"))
    )
    units = _result(repr(TEST), "plausibleUnitConceptIds", "with_unit", "in_other_unit", TEST)
    return _results(counts, "'measurement'", (units, too_low, too_high))
