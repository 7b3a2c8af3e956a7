"""What must not be given away cannot be asked for."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
import yaml
from pyspark.sql import SparkSession

from lakehouse.errors import UsageError
from lakehouse.release import asked
from lakehouse.release.rows import anonymous, coarse
from tests.conftest import LOCAL_CONF

AGE = "{known: true, as: age}"


@pytest.mark.parametrize("file", sorted((LOCAL_CONF.parent / "releases").glob("*.yaml")), ids=lambda file: file.name)
def test_the_files_of_the_project_are_right(file: Path) -> None:
    assert asked.load(file).columns


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("query: select 1", "columns: field required"),
        (f"query: q\ncolumns: {{age: {AGE}, visit_occurrence_id: {{}}}}", "visit_occurrence_id is an id"),
        ("query: q\ncolumns: {age: {}}", "no column is known to others"),
        (f"query: q\ncolumns: {{age: {AGE}}}\nsmallest_group: 5", "smallest_group: input should be greater"),
        (f"query: q\ncolumns: {{age: {AGE}}}\nshare: 1", "share: input should be less than or equal to 0.95"),
        ("query: q\ncolumns: {age: {as: day}}", "columns.age.as"),
        ("query: q\ncolumns: !!python/name:os.system", "could not determine a constructor"),
    ],
)  # fmt: skip
def test_a_file_that_asks_for_too_much_is_refused(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "asked.yaml"
    file.write_text(text)
    with pytest.raises(UsageError) as refused:
        asked.load(file)
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)


def test_what_is_too_fine_is_refused_or_made_coarse(spark: SparkSession) -> None:
    days = [datetime(2020, 1, 1 + n % 28) for n in range(40)]
    persons = [(n, 30.0 if n < 20 else 97.5, day, "rare" if n == 3 else f"{n % 2}") for n, day in enumerate(days)]
    rows = spark.createDataFrame(persons, "person_id bigint, age double, seen timestamp, what string")

    def told(columns: str) -> list[tuple[object, ...]]:
        wanted = asked.Asked.model_validate({"query": "q", "share": 0.95, "columns": yaml.safe_load(columns)})
        return [tuple(row) for row in anonymous(coarse(rows, wanted), wanted).collect()]

    with pytest.raises(UsageError, match="seen is a day or an instant"):
        told("{seen: {known: true}}")
    with pytest.raises(UsageError, match="age is a number without end"):
        told("{age: {known: true}}")
    with pytest.raises(UsageError, match="the query gives no column height"):
        told("{height: {known: true}}")
    assert set(told(f"{{age: {AGE}, seen: {{as: year}}}}")) <= {(30, None), (90, None)}
    assert "rare" not in {what for _, what in told(f"{{age: {AGE}, what: {{}}}}")}


def test_a_person_has_one_row(spark: SparkSession) -> None:
    rows = spark.createDataFrame([(n % 20, 30) for n in range(40)], "person_id bigint, age int")
    wanted = asked.Asked.model_validate({"query": "q", "columns": {"age": {"known": True}}})
    with pytest.raises(UsageError, match="several rows"):
        anonymous(coarse(rows, wanted), wanted)
