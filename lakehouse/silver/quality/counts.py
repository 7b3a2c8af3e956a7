"""What the checks of quality count in the tables of the CDM, as native expressions.

Each check counts of how many rows it speaks and how many of them fail, by the delivery that the rows' lines came in.
What is told of a row alone, and what needs its person, its visit or the day of its delivery, are each counted of all
tables together; what they refer to is counted in lakehouse.silver.quality.references.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.bronze.delivery import day_of
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
from lakehouse.silver.quality.checks import EVERY_DELIVERY, NUMBER, PERSON, TEST

_TYPES = {
    INTEGER: ("tinyint", "smallint", "int", "bigint"),
    FLOAT: ("float", "double", "decimal"),
    DATE: ("date",),
    DATETIME: ("timestamp",),
    VARCHAR: ("string",),
}
"""The Spark types that hold each type of the CDM; ids are 64-bit here."""

_DAYS_AFTER_DEATH, _DAYS_AROUND_A_VISIT = 60, 7
COUNTED = ("cdm_table", "field", "check", "concept_id", "unit_concept_id", "delivery")
"""Of what is counted: `rows` that a check speaks of, and those of them that are `failing`.

A row with a `day` tells those that fail if that day is after the day after the last delivery.
"""


def count_of_persons(checked: Mapping[str, DataFrame], ranges: DataFrame) -> DataFrame:
    """What the checks count of the records of persons but for what these refer to; it adds up over persons.

    checked: the tables of such records, by name, with deliveries. ranges: usual units and plausible values.
    """
    found = [
        count_rows(checked),
        _of_days(checked),
        _of_one_sex(checked),
        _of_measurements(checked["measurement"], ranges),
        _persons_without(checked),
        _persons_without_eras(checked),
        _persons_with_overlaps(checked["observation_period"]),
    ]
    return reduce(DataFrame.unionAll, found)


def with_deliveries(tables: Mapping[str, DataFrame]) -> dict[str, DataFrame]:
    """The tables that are checked, with the delivery of each row and the day after it; null where it is of none."""
    checked = {name: rows if "delivery" in rows.columns else rows.withColumn("delivery", F.lit(None).cast("string"))
               for name, rows in tables.items() if name in FIELDS}  # fmt: skip
    return {name: rows.withColumn("_tomorrow", F.date_add(day_of("delivery"), 1)) for name, rows in checked.items()}


def in_each_and_all(rows: DataFrame) -> DataFrame:
    """Each row once for its delivery, where it is of one, and once for all of them."""
    deliveries = F.array(F.nullif("delivery", F.lit("")), F.lit(EVERY_DELIVERY))
    return rows.withColumn("delivery", F.explode(F.array_compact(deliveries)))


def result(
    field: str, check: str, rows: str, failing: str, concept: str = "0", unit: str = "0", day: str = "null"
) -> str:
    """SQL of a struct: what a check counted. All is SQL text, since building such plans by calls takes seconds."""
    return (
        f"named_struct('field', {field}, 'check', '{check}', 'concept_id', cast({concept} as int), "
        f"'unit_concept_id', cast({unit} as int), 'day', cast({day} as date), 'rows', cast({rows} as bigint), "
        f"'failing', cast({failing} as bigint))"
    )


def results(rows: DataFrame, table: str, told: Iterable[str], delivery: str = "delivery") -> DataFrame:
    """The results as rows; those that are null are none."""
    return rows.selectExpr(
        f"{table} as cdm_table", f"{delivery} as delivery", f"inline(array_compact(array({', '.join(told)})))"
    )


# --- what is told of a row alone -------------------------------------------------------------------------------------


def count_rows(checked: Mapping[str, DataFrame]) -> DataFrame:
    """Count what is told of a row alone.

    Each row gets a text with one sign for each check, and rows of one text are counted: there are few texts, and a
    count for every check of every row takes ten times as long.
    """
    checks = {
        table: [(field.name, *check) for field in FIELDS[table] for check in _told_by_row(field, dict(rows.dtypes))]
        for table, rows in checked.items()
    }
    verdicts = reduce(DataFrame.unionAll, [_verdicts(table, rows, checks[table]) for table, rows in checked.items()])
    named = verdicts.sparkSession.createDataFrame(
        [(table, n, field, name) for table, told in checks.items() for n, (field, name, *_) in enumerate(told)],
        "cdm_table string, n int, field string, check string",
    )
    return (
        verdicts.groupBy("cdm_table", "delivery", "verdicts")
        .agg(F.count("*").alias("times"))
        .selectExpr("cdm_table", "delivery", "times", "posexplode(split(verdicts, '')) as (n, verdict)")
        .filter(f"verdict != '{_NOT_SPOKEN_OF}'")
        .groupBy("cdm_table", "delivery", "n")
        .agg(F.sum("times").alias("rows"), F.expr(f"sum(if(verdict = '{_FAILS}', times, 0))").alias("failing"))
        .join(F.broadcast(named), ["cdm_table", "n"])
        .selectExpr(
            "cdm_table", "delivery", "field", "check", "0 as concept_id", "0 as unit_concept_id",
            "cast(null as date) as day", "rows", "failing",
        )
    )  # fmt: skip


_PASSES, _FAILS, _NOT_SPOKEN_OF = "0", "1", "-"


def _verdicts(table: str, rows: DataFrame, checks: Sequence[tuple[str, str, str, str]]) -> DataFrame:
    """The verdicts of the checks on each row, one sign each."""
    signs = [
        f"if({of}, if(coalesce({fails}, false), '{_FAILS}', '{_PASSES}'), '{_NOT_SPOKEN_OF}')"
        for *_, of, fails in checks
    ]
    return rows.selectExpr(f"'{table}' as cdm_table", "delivery", f"concat({', '.join(signs)}) as verdicts")


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
        of = f"{told} and _tomorrow is not null" if "_tomorrow" in field.high else told
        yield "plausibleValueHigh", of, f"`{name}` > {field.high}"
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


# --- days beside the person's life, the visit and the delivery -------------------------------------------------------

_TOLD, _AT = "moment is not null", "cast(moment as date)"
_BEFORE_BIRTH, _AFTER_DEATH = f"{_AT} < born", f"{_AT} > died + {_DAYS_AFTER_DEATH}"
_IN_VISIT = f"{_AT} between visit_start - {_DAYS_AROUND_A_VISIT} and visit_end + {_DAYS_AROUND_A_VISIT}"

_IS_LATE = "late is not null"

_OF_DAYS = (
    # check, of which days it speaks, which of them fail
    ("plausibleValueHigh", _TOLD, _IS_LATE),
    ("plausibleAfterBirth", f"{_TOLD} and born is not null", _BEFORE_BIRTH),
    ("plausibleTemporalAfter", f"{_TOLD} and is_start", _BEFORE_BIRTH),
    ("plausibleBeforeDeath", f"{_TOLD} and died is not null", _AFTER_DEATH),
    ("plausibleDuringLife", "died is not null", _AFTER_DEATH),
    ("withinVisitDates", "visit_start is not null", f"not ({_IN_VISIT})"),
)


def _of_days(checked: Mapping[str, DataFrame]) -> DataFrame:
    """A day that may be after the last delivery is told: one after its own delivery, or of a row that is of none."""
    days = reduce(DataFrame.unionAll, [_days(name, rows) for name, rows in checked.items() if _fields_of_days(name)])
    birth = "make_date(year_of_birth, coalesce(month_of_birth, 1), coalesce(day_of_birth, 1)) as born"
    born = checked["person"].selectExpr("person_id", birth)
    lives = born.join(checked["death"].selectExpr("person_id", "death_date as died"), "person_id", "left")
    stays = checked["visit_occurrence"].selectExpr(
        "person_id", "visit_occurrence_id", "visit_start_date as visit_start", "visit_end_date as visit_end"
    )
    seen = days.join(lives, "person_id", "left").join(stays, ["person_id", "visit_occurrence_id"], "left")
    counts = [F.expr(f"count_if({of})").alias(f"{check}_rows") for check, of, _ in _OF_DAYS]
    counts += [F.expr(f"count_if({of} and {fails})").alias(f"{check}_failing") for check, of, fails in _OF_DAYS]
    counted = (  # Not `inline`: Spark would put a filter below the union, and fails in it where tables are empty.
        seen.selectExpr(
            "cdm_table", "delivery", "inline_outer(days)", "born", "died", "visit_start", "visit_end", "_tomorrow"
        )
        .withColumn("late", F.expr(f"if({_AT} <= _tomorrow, null, {_AT})"))
        .groupBy("cdm_table", "delivery", "field", "is_start", "late")
        .agg(*counts)
    )
    checks = [
        result("field", check, f"{check}_rows", f"{check}_failing", day="late" if fails == _IS_LATE else "null")
        for check, _, fails in _OF_DAYS
    ]
    return results(counted, "cdm_table", checks)


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
    return rows.selectExpr(
        f"'{table}' as cdm_table", "delivery", "_tomorrow", *ids, f"array({', '.join(days)}) as days"
    )


# --- the sex of the person --------------------------------------------------------------------------------------------


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
    return results(counted, "cdm_table", [result("field", "plausibleGender", "times", "of_others", "concept")])


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
    each = ", ".join(f"struct('{name}' as cdm_table, persons, {name} as without)" for name in PERSONS_WITHOUT)
    without = result(repr(PERSON), "measurePersonCompleteness", "persons", "without")
    return results(counts.selectExpr(f"inline(array({each}))"), "cdm_table", [without], "cast(null as string)")


def _persons_without_eras(tables: Mapping[str, DataFrame]) -> DataFrame:
    """How many persons have a condition with a concept, and no era."""
    ill = tables["condition_occurrence"].filter("condition_concept_id != 0").select("person_id").distinct()
    in_eras = tables["condition_era"].selectExpr("person_id", "true as has_era").distinct()
    counts = ill.join(in_eras, "person_id", "left").agg(
        F.count("*").alias("ill"), F.count_if(F.col("has_era").isNull()).alias("without")
    )
    without = result(repr(PERSON), "measureConditionEraCompleteness", "ill", "without")
    return results(counts.filter("ill > 0"), "'condition_era'", [without], "cast(null as string)")


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
    touching = result(repr(PERSON), "measureObservationPeriodOverlap", "observed", "touching")
    return results(counts.filter("observed > 0"), "'observation_period'", [touching], "cast(null as string)")


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
        f"{result(repr(NUMBER), check, 'valued', f'too_{side}', TEST, 'usual_unit')}, null)"
        for side, check in (("low", "plausibleValueLow"), ("high", "plausibleValueHigh"))
    )
    units = result(repr(TEST), "plausibleUnitConceptIds", "with_unit", "in_other_unit", TEST)
    return results(counts, "'measurement'", (units, too_low, too_high))
