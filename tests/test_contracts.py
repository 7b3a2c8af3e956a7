"""What every declared table promises, whichever it is."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections.abc import Callable

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse import catalog, quality
from lakehouse.contract import LandedTable, ReferenceTable, Table
from lakehouse.session import start_hail
from lakehouse.storage import Storage
from tests.support import Rows

TABLES = catalog.load().tables
BUILT = [table for table in TABLES if not issubclass(table, (LandedTable, ReferenceTable))]

every_table = pytest.mark.parametrize("table", TABLES, ids=lambda table: table.full_name())
every_built_table = pytest.mark.parametrize("table", BUILT, ids=lambda table: table.full_name())

CHANGES_BY_ITSELF = re.compile(
    r"\b(current_(date|timestamp|timezone|user|database)|now|localtimestamp|rand|randn|uuid|shuffle"
    r"|monotonically_increasing_id|spark_partition_id|input_file_(name|block_start|block_length))\("
)
PYTHON_FUNCTION = re.compile(r"\w*(Python|InPandas|InArrow)\w*")
EACH_WITH_EACH = re.compile(r"CartesianProduct|BroadcastNestedLoopJoin")
WITH_A_SINGLE_ROW = {
    "silver.cdm_source", "silver.quality_check_result", "vault.registration", "vault.registration_pair",
}  # fmt: skip
"""The tables that put one row beside all of theirs: the last delivery's day, a count, what many have."""
WHOLE = ("spark.sql.debug.maxToStringFields", "spark.sql.maxPlanStringLength")
CLOCKS_AND_CHANCE = {"time", "random", "secrets", "uuid", "numpy"}
QUANTITY = re.compile(
    r"(^|_)(am(oun)?t|cost|paid|(?<!\d_)days?|months|years|age|bytes|length|position|depth|quantity)$"
)
NUMBER = re.compile(r"(tinyint|smallint|int|bigint|float|double|decimal.*)$")

Built = Callable[[type[Table]], tuple[DataFrame, str, str]]


@pytest.fixture(scope="module")
def storage(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Storage:
    """A home without tables."""
    return Storage(spark, str(tmp_path_factory.mktemp("nothing")))


@pytest.fixture(scope="module")
def built(storage: Storage) -> Built:
    """What a table makes of inputs without rows, and its plans: what is asked, and how it is executed."""
    empty: dict[type[Table], DataFrame] = {}
    made: dict[type[Table], tuple[DataFrame, str, str]] = {}

    def build(table: type[Table]) -> tuple[DataFrame, str, str]:
        if table not in made:
            if table.uses_hail:
                start_hail(storage.spark)
            for source in set(table.inputs().values()) - set(empty):
                empty[source] = storage.empty(source)
            rows = table.build(**{name: empty[source] for name, source in table.inputs().items()})  # type: ignore[attr-defined]
            made[table] = (rows, *plans(rows))
        return made[table]

    return build


def plans(rows: DataFrame) -> tuple[str, str]:
    """What is asked and how it is executed, printed whole."""
    query = rows._jdf.queryExecution()
    settings = rows.sparkSession.conf
    usual = {name: str(settings.get(name)) for name in WHOLE}
    for name in WHOLE:
        settings.set(name, "1000000000")
    try:
        return query.analyzed().toString(), query.executedPlan().toString()
    finally:
        for name, value in usual.items():
            settings.set(name, value)


@every_built_table
def test_makes_its_declared_columns_and_no_rows_of_nothing(storage: Storage, built: Built, table: type[Table]) -> None:
    rows, _, _ = built(table)
    shaped = storage.in_declared_shape(table, rows)
    assert shaped.dtypes == storage.empty(table).dtypes
    assert rows.collect() == []


@every_built_table
def test_asks_neither_the_clock_nor_chance(built: Built, table: type[Table]) -> None:
    _, asked, _ = built(table)
    assert CHANGES_BY_ITSELF.search(asked) is None


@every_built_table
def test_imports_neither_a_clock_nor_chance(table: type[Table]) -> None:
    tree = ast.parse(inspect.getsource(importlib.import_module(table.__module__)))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    called = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert imported.isdisjoint(CLOCKS_AND_CHANCE)
    assert called.isdisjoint({"now", "today", "utcnow", "current_date", "current_timestamp", "rand", "randn"})


@every_built_table
def test_runs_no_python_on_rows_unless_it_says_why(built: Built, table: type[Table]) -> None:
    _, _, executed = built(table)
    found = PYTHON_FUNCTION.search(executed)
    assert table.python_reason is not None or found is None, found


@every_built_table
def test_joins_by_a_key_but_for_a_single_row(built: Built, table: type[Table]) -> None:
    _, _, executed = built(table)
    assert (EACH_WITH_EACH.search(executed) is not None) == (table.full_name() in WITH_A_SINGLE_ROW)


def test_clock_chance_and_python_would_be_found_in_a_plan(spark: SparkSession) -> None:
    one = spark.range(1)
    for expression in ("current_date()", "now()", "rand()", "uuid()", "input_file_name()", "shuffle(array(id))"):
        assert CHANGES_BY_ITSELF.search(plans(one.select(F.expr(expression)))[0]), expression
    assert CHANGES_BY_ITSELF.search(plans(one.select(F.monotonically_increasing_id()))[0])
    assert PYTHON_FUNCTION.search(plans(one.select(F.udf(lambda n: n, "bigint")("id")))[1])
    assert PYTHON_FUNCTION.search(plans(one.mapInArrow(lambda batches: batches, "id bigint"))[1])


@every_table
def test_its_key_tells_rows_apart_and_what_is_required_is_there(sample: Rows, table: type[Table]) -> None:
    rows = quality.kept(quality.flag(table, sample[table]))
    required = [name for name, column in table.declared.items() if column.required or name in table.key]
    found = rows.agg(
        F.count("*").alias("rows"),
        F.count_distinct(*table.key).alias("keys"),
        *(F.count_if(F.col(f"`{name}`").isNull()).alias(f"no {name}") for name in required),
    ).first()
    assert found is not None
    assert found["keys"] == found["rows"]
    assert [name for name in required if found[f"no {name}"]] == []


@every_table
def test_says_what_it_holds(table: type[Table]) -> None:
    assert table.about()
    assert table.grain.startswith("one row")
    assert [name for name, column in table.declared.items() if not column.comment.strip()] == []


@every_table
def test_quantities_have_a_unit(table: type[Table]) -> None:
    """A unit of the column, or a comment on the units that its rows name."""
    assert [
        name
        for name, column in table.declared.items()
        if column.type.startswith("decimal") or (QUANTITY.search(name) and NUMBER.match(column.type))
        if column.unit is None and "unit" not in column.comment
    ] == []


@every_table
def test_changes_of_its_inputs_can_be_told_in_its_scope(table: type[Table]) -> None:
    """An input is reference data, or has the table's scope, or another input ties its scope to the table's."""
    if table.scope is None:
        return
    sources = table.inputs().values()
    for source in sources:
        ties = [i for i in sources if i.changes_by == table.scope and source.changes_by in i.declared and i != source]
        assert source.changes_by in (None, table.scope) or ties, source.full_name()
    assert not sources or any(table.scope in source.declared for source in sources)


@pytest.mark.slow
@pytest.mark.parametrize("table", [t for t in BUILT if t.adds_up_by], ids=lambda table: table.full_name())
def test_what_is_made_of_some_and_of_the_others_adds_up(sample: Rows, table: type[Table]) -> None:
    assert {source.changes_by for source in table.inputs().values()} <= {table.adds_up_by, None}

    def made_of(part: int) -> DataFrame:
        of_part = f"pmod(xxhash64({table.adds_up_by}), 2) = {part}"
        inputs = {
            name: sample[source].filter(of_part) if source.changes_by else sample[source]
            for name, source in table.inputs().items()
        }
        rows: DataFrame = table.build(**inputs)  # type: ignore[attr-defined]
        return rows

    both = made_of(0).unionByName(made_of(1)).groupBy(*table.key)
    sums = both.agg(*(F.sum(name).alias(name) for name in table.sums())).select(*table.declared)
    assert sums.exceptAll(sample[table]).collect() == sample[table].exceptAll(sums).collect() == []
    assert sample[table].filter(f"not ({quality.counts_something(table)})").isEmpty()
