"""What an outsider would try: with a register of the same people, with two releases, with totals, with lists of ids."""

from __future__ import annotations

import hashlib
import itertools
from collections import Counter, defaultdict
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from lakehouse.bronze.ehr.patient import Patient
from lakehouse.errors import UsageError
from lakehouse.release import record
from lakehouse.release.asked import Asked
from lakehouse.release.cells import counted
from lakehouse.release.rows import anonymous, coarse
from lakehouse.storage import Storage
from lakehouse.vault.patient_link import PatientLink
from tests.support import Rows

PEOPLE, DISEASES, TARGETS, STATES = 6_000, 8, 60, ["MA", "NH", "VT"]
ASKED = Asked.model_validate({
    "query": "-",
    "columns": {"sex": {"known": True}, "state": {"known": True}, "born": {"as": "year", "known": True},
                "disease": {}, "cost": {"band": 1000}},
})  # fmt: skip
BANDED = ASKED.model_copy(update={"columns": {
    **ASKED.columns, "born": ASKED.columns["born"].model_copy(update={"band": 10}),
}})  # fmt: skip
KNOWN = ("sex", "state", "born")


def people() -> list[dict[str, Any]]:
    """Persons as silver has them, by what others may know of them, and what nobody may."""
    chance = np.random.default_rng(3)
    born = date(1930, 1, 1)
    return [
        {"person_id": n, "sex": str(chance.choice([*"FM"])), "state": str(chance.choice(STATES, p=[0.8, 0.15, 0.05])),
         "born": born + timedelta(days=int(chance.integers(0, 28_000))), "disease": int(chance.integers(DISEASES)),
         "cost": float(chance.gamma(2, 3_000))}
        for n in range(PEOPLE)
    ]  # fmt: skip


@pytest.fixture(scope="module")
def population() -> list[dict[str, Any]]:
    return people()


def rows_of(spark: SparkSession, persons: list[dict[str, Any]]) -> DataFrame:
    ddl = "person_id bigint, sex string, state string, born date, disease int, cost double"
    return spark.createDataFrame([tuple(person.values()) for person in persons], ddl)


def released(spark: SparkSession, persons: list[dict[str, Any]]) -> list[Row]:
    return anonymous(coarse(rows_of(spark, persons), BANDED), BANDED).collect()


def class_of(person: dict[str, Any]) -> tuple[str, str, int]:
    return person["sex"], person["state"], person["born"].year // 10 * 10


@pytest.fixture(scope="module")
def release(spark: SparkSession, population: list[dict[str, Any]]) -> list[Row]:
    return released(spark, population)


def by_class(rows: list[Row]) -> dict[tuple[str, str, int], list[Row]]:
    classes: dict[tuple[str, str, int], list[Row]] = defaultdict(list)
    for row in rows:
        classes[row.sex, row.state, row.born].append(row)
    return classes


def test_a_register_of_voters_names_most_of_a_table_and_nobody_of_its_release(
    population: list[dict[str, Any]], release: list[Row]
) -> None:
    """Of the table as it is nine in ten are alone with what a register says; of the release nobody is."""
    register = Counter(tuple(person[name] for name in KNOWN) for person in population)
    alone = sum(register[tuple(person[name] for name in KNOWN)] == 1 for person in population)
    assert alone / PEOPLE > 0.85
    classes = by_class(release)
    assert min(map(len, classes.values())) >= BANDED.smallest_group
    assert set(release[0].asDict()) == set(BANDED.columns)


def test_who_is_in_the_register_has_the_disease_of_his_row_by_chance_alone(
    population: list[dict[str, Any]], release: list[Row]
) -> None:
    """The attacker takes one of the rows that fit: he is as often right as one who has no release."""
    chance, classes = np.random.default_rng(5), by_class(release)
    right = tries = 0
    for person in population:
        fitting = classes.get(class_of(person))
        if fitting:
            tries += 1
            right += fitting[int(chance.integers(len(fitting)))].disease == person["disease"]
    assert tries > PEOPLE / 2
    assert right / tries == pytest.approx(1 / DISEASES, abs=0.02)


def test_two_releases_tell_who_left_so_that_the_second_is_refused(
    spark: SparkSession, population: list[dict[str, Any]], release: list[Row], tmp_path: Path
) -> None:
    """The attacker takes rows that the second has not, of the class of who left: far better than by chance."""
    classes = by_class(release)
    small = {known for known, rows in classes.items() if len(rows) < 40}
    targets = [person for person in population if class_of(person) in small][:TARGETS]
    gone = {person["person_id"] for person in targets}
    again = by_class(released(spark, [person for person in population if person["person_id"] not in gone]))
    right = 0.0
    for person in targets:
        own = class_of(person)
        less = Counter((row.disease, row.cost) for row in classes[own])
        less.subtract(Counter((row.disease, row.cost) for row in again.get(own, [])))
        missing = [disease for (disease, _), number in less.items() if number > 0]
        right += missing.count(person["disease"]) / max(len(missing), 1)
    assert right / len(targets) > 1 / DISEASES
    audit = Storage(spark, str(tmp_path))
    record.check(audit, BANDED)
    record.remember(audit, BANDED)
    with pytest.raises(UsageError, match="who has both releases can tell who left between them"):
        record.check(audit, BANDED)


def test_small_cells_cannot_be_told_from_totals(spark: SparkSession, population: list[dict[str, Any]]) -> None:
    """No line of the table, with its total known, lacks one cell alone, and nothing that is told is small."""
    columns = {"sex": {"known": True}, "state": {"known": True}, "born": {"as": "year"}}
    asked = Asked.model_validate({"query": "-", "columns": columns, "counts": True})
    drawn = coarse(rows_of(spark, population), asked).localCheckpoint()
    true = {tuple(row)[:3]: row["count"] for row in drawn.groupBy(*columns).count().collect()}
    told = {tuple(row)[:3]: row.persons for row in counted(drawn, asked).collect()}
    assert 0 < len(told) < len(true)
    assert min(true[cell] for cell in told) >= asked.smallest_group
    assert all(persons % 5 == 0 and abs(persons - true[cell]) <= 2 for cell, persons in told.items())
    for place in range(3):
        missing = Counter(cell[:place] + cell[place + 1 :] for cell in true.keys() - told.keys())
        lines = Counter(cell[:place] + cell[place + 1 :] for cell in true)
        assert [line for line, number in missing.items() if number == 1 and lines[line] > 1] == []


def test_a_list_of_all_record_numbers_tells_no_person_id(sample: Rows) -> None:
    """Hashes that need no key, of every id and number of every patient, whatever the text before it."""
    patients = sample[Patient].select("patient_id", F.explode("identifier.value").alias("number")).collect()
    ids = {row.person_id for row in sample[PatientLink].collect()}
    names = sorted({name for row in patients for name in (row.patient_id, row.number)})
    texts = [before + name for before, name in itertools.product(("", "person", "ehr|", "person:36:ehr|"), names)]
    guessed = {
        int.from_bytes(hashlib.new(kind, text.encode()).digest()[part : part + 8], order) & ((1 << 63) - 1)
        for kind in ("md5", "sha1", "sha256", "sha512")
        for text in texts
        for part in (0, 8)
        for order in ("big", "little")
    }  # fmt: skip
    hashed = sample[Patient].sparkSession.createDataFrame([(text,) for text in texts], "text string").selectExpr(
        "xxhash64(text) & 9223372036854775807 as one", "xxhash64(sha2(text, 256)) & 9223372036854775807 as other"
    )  # fmt: skip
    guessed |= {guess for row in hashed.collect() for guess in row}
    assert len(guessed) > 1_000
    assert not guessed & ids
