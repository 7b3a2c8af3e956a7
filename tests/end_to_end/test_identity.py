"""A generated population: registrations with the errors that clerks make become the persons that they are of."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest
from pyspark.sql import SparkSession

from lakehouse.bronze import landing
from lakehouse.bronze.ehr.patient import Patient
from lakehouse.storage import Storage
from lakehouse.synthetic.generate import Generation
from lakehouse.synthetic.world import Genotyping, Planted, World
from lakehouse.vault.clerical_review import ClericalReview
from lakehouse.vault.master_person_index import MasterPersonIndex
from tests.conftest import BUCKETS
from tests.support import Rows

pytestmark = pytest.mark.slow

WORLD = World(
    2_000, 5, date(2023, 1, 1), date(2023, 12, 31), deliveries=1,
    planted=Planted(defects=0, lab_errors=0), genotyping=Genotyping(share=0),
)  # fmt: skip
Population = tuple[Rows, dict[str, int]]
RECORD_NUMBERS = "urn:oid:2.16.840.1.113883.19.5"


@pytest.fixture(scope="module")
def population(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Population:
    """The tables, and by its id in its world the person of each registration."""
    folder = tmp_path_factory.mktemp("identity")
    landed, truth, scratch = (str(folder / name) for name in ("landing", "truth", "scratch"))
    Generation(spark, WORLD, landed, truth, scratch).write()
    storage = Storage(spark, str(folder / "tables"))
    landing.take(storage, landed, str(folder / "checkpoint"), BUCKETS)
    persons = {row.source_id: row.person for row in spark.read.parquet(f"{truth}/true_identity").collect()}
    return Rows(storage), persons


def test_persons_are_those_that_are_true(population: Population) -> None:
    tables, truth = population
    numbers = {
        row.patient_id: next(i.value for i in row.identifier if i.system == RECORD_NUMBERS)
        for row in tables[Patient].select("patient_id", "identifier").collect()
    }
    pairs = Counter(
        (row.person_id, truth[numbers.get(row.source_id, row.source_id)]) for row in tables[MasterPersonIndex].collect()
    )
    right = of_pairs(pairs)
    found = of_pairs(Counter(person for person, _ in pairs.elements()))
    true = of_pairs(Counter(person for _, person in pairs.elements()))
    assert true > 2_000
    assert right / found >= 0.999
    assert right / true >= 0.98


def of_pairs(counted: Counter[int] | Counter[tuple[int, int]]) -> int:
    return sum(number * (number - 1) // 2 for number in counted.values())


def test_few_pairs_are_left_to_people(population: Population) -> None:
    tables, _ = population
    assert 0 < tables[ClericalReview].count() < 40
