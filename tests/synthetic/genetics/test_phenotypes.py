"""What was measured of people is found where no disease or drug moves it, and without what is impossible."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest
from pyspark.sql import DataFrame, SparkSession

from lakehouse.synthetic.frames import DDL, ENCOUNTER, MEASUREMENT, PERSON, PRESCRIPTION, TRUE_DISEASE, Frame
from lakehouse.synthetic.genetics.landed import Landed
from lakehouse.synthetic.genetics.phenotypes import measured

WOMAN, ILL, TREATED, CHILD = range(4)
VISIT, ANOTHER, EMERGENCY = range(3)


def value(person: int, measure: str, found: float, visit: int = VISIT) -> dict[str, Any]:
    at = {"encounter": 10 * person + visit, "start_time": datetime(2024, 1 + visit, 5, 10, tzinfo=UTC)}
    return {"person": person, "measure_key": measure, "value": float(found), "unit": None, **at}


BORN = {WOMAN: 1974, ILL: 1974, TREATED: 1974, CHILD: 2010}

ROWS: dict[Frame, list[dict[str, Any]]] = {
    PERSON: [
        {"person": person, "birth_date": date(year, 1, 5), "sex": "female", "race": "white"}
        for person, year in BORN.items()
    ],
    ENCOUNTER: [
        {"person": person, "id": 10 * person + visit, "encounter_key": key}
        for person in range(4)
        for visit, key in ((VISIT, "primary_care_visit"), (ANOTHER, "wellness_visit"), (EMERGENCY, "emergency"))
    ],
    MEASUREMENT: [
        value(WOMAN, "sbp", 120), value(WOMAN, "sbp", 130, ANOTHER), value(WOMAN, "sbp", 1_300, ANOTHER),
        value(WOMAN, "sbp", 190, EMERGENCY), value(WOMAN, "bmi", 25), value(WOMAN, "sbp", 200) | {"unit": "kPa"},
        value(ILL, "sbp", 150), value(ILL, "ldl", 100), value(TREATED, "sbp", 140), value(CHILD, "sbp", 100),
    ],
    TRUE_DISEASE: [{"person": ILL, "condition_key": "hypertension"}],
    PRESCRIPTION: [{"person": TREATED, "drug_key": "lisinopril"}],
}  # fmt: skip


@pytest.fixture(scope="module")
def frames(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> DataFrame:
    folder = tmp_path_factory.mktemp("frames")
    for frame, rows in ROWS.items():
        table = pa.Table.from_pylist([{"frame": frame.name, **row} for row in rows])
        pq.write_table(table, folder / f"{frame.name}.parquet")
    return spark.read.schema(DDL).parquet(str(folder))


def test_measures_are_means_of_what_nothing_moves(frames: DataFrame) -> None:
    people = pd.DataFrame({"person": [CHILD, TREATED, ILL, WOMAN]})
    found = measured(Landed(None, pd.DataFrame(), people, np.zeros((0, 4), dtype=np.int8)), frames)
    rows = {(row["measure_key"], row["person"]): row for row in found.to_dict("records")}
    assert set(rows) == {("sbp", WOMAN), ("bmi", WOMAN), ("ldl", ILL)}
    pressure = rows["sbp", WOMAN]
    assert (pressure["value"], pressure["times"], pressure["place"]) == (125, 2, 3)
    assert pressure["body_mass"] == pytest.approx(25)
    assert pressure["age"] == pytest.approx(50.04, abs=0.01)
    assert rows["ldl", ILL]["value"] == pytest.approx(np.log(100))
    assert np.isnan(rows["ldl", ILL]["body_mass"])
