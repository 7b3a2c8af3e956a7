from __future__ import annotations

from datetime import date

from pyspark.sql import SparkSession

from lakehouse.silver.clinical.condition_occurrence import ConditionOccurrence
from lakehouse.silver.clinical.drug_exposure import DrugExposure
from lakehouse.silver.clinical.measurement import Measurement
from lakehouse.silver.clinical.observation import Observation
from lakehouse.silver.clinical.observation_period import ObservationPeriod
from lakehouse.silver.clinical.procedure_occurrence import ProcedureOccurrence
from lakehouse.silver.clinical.visit_occurrence import VisitOccurrence
from tests.support import Rows, rows_of


def test_from_the_first_event_to_the_last(spark: SparkSession, sample: Rows) -> None:
    visit = {"person_id": 1, "visit_start_date": date(2020, 2, 1), "visit_end_date": date(2020, 2, 9)}
    events = {
        VisitOccurrence: [visit],
        ConditionOccurrence: [{"person_id": 1, "condition_start_date": date(2020, 2, 3)}],
        DrugExposure: [{"person_id": 2, "drug_exposure_start_date": date(2020, 5, 1)}],
        Measurement: [{"person_id": 2, "measurement_date": date(2019, 5, 1)}],
        Observation: [{"person_id": 3, "observation_date": date(2018, 5, 1)}],
        ProcedureOccurrence: [{"person_id": 1, "procedure_date": date(2020, 1, 3)}],
    }
    made = sample.given({table: rows_of(spark, table, *rows) for table, rows in events.items()})
    periods = {
        row.person_id: (row.observation_period_start_date, row.observation_period_end_date)
        for row in made[ObservationPeriod].collect()
    }
    assert periods == {
        1: (date(2020, 1, 3), date(2020, 2, 9)),
        2: (date(2019, 5, 1), date(2020, 5, 1)),
        3: (date(2018, 5, 1), date(2018, 5, 1)),
    }


def test_every_event_of_the_sample_is_within(sample: Rows) -> None:
    periods = sample[ObservationPeriod]
    assert periods.count() == periods.select("person_id").distinct().count() == 26
    for table, day in {VisitOccurrence: "visit_end_date", Measurement: "measurement_date"}.items():
        outside = (
            sample[table]
            .join(periods, "person_id")
            .filter(f"{day} not between observation_period_start_date and observation_period_end_date")
        )
        assert outside.count() == 0
