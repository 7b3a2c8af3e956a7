"""A few hand-made lives as frames: one of every kind of record, and many of those of which few are corrected."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
from pyspark.sql import DataFrame, SparkSession

from lakehouse.synthetic import frames
from lakehouse.synthetic.directory import Directory
from lakehouse.synthetic.ehr import KNOWLEDGE
from lakehouse.synthetic.frames import Frame
from lakehouse.synthetic.journal import Journal
from lakehouse.synthetic.sources import Sources, knowledge_tables

ANNA, BEN, OUTSIDER = 1, 2, 3
"""Anna has two Patients; Ben has died; the EHR does not know the outsider."""

VISIT, STAY, ELSEWHERE = 101, 102, 103
MANY = 2_000
"""How many values of glucose, each of its own visit, Anna has."""

FIRST_OF_MANY = 10_000
FACILITY, PRACTITIONER = 1, 1


def sources(spark: SparkSession, folder: Path) -> Sources:
    """The hand-made frames with the real knowledge and the real directory."""
    journal = _journal()
    path = str(folder / "frames.parquet")
    pq.write_table(pa.Table.from_batches(list(journal.batches()), frames.SCHEMA), path)
    rows = spark.read.parquet(path)
    directory = Directory.of(7)
    return Sources(
        {frame: _of_frame(rows, frame) for frame in frames.ALL},
        knowledge_tables(spark, KNOWLEDGE),
        _small(spark, directory.facilities, "id bigint, kind string, name string, line string, place_key string, "
               "phone string, npi string, ccn string, in_ehr boolean"),
        _small(spark, directory.practitioners, "id bigint, npi string, given_name string, family_name string, "
               "specialty string, facility bigint"),
    )  # fmt: skip


def _of_frame(rows: DataFrame, frame: Frame) -> DataFrame:
    return rows.filter(f"{frames.FRAME} = '{frame.name}'").select(*frame.select())


def _small(spark: SparkSession, columns: dict[str, np.ndarray], schema: str) -> DataFrame:
    names = [column.split()[0] for column in schema.split(", ")]
    return spark.createDataFrame(list(zip(*(columns[name].tolist() for name in names), strict=True)), schema)


def _day(text: str) -> np.ndarray:
    return np.array([text], dtype="datetime64[D]")


def _time(text: str) -> np.ndarray:
    return np.array([text], dtype="datetime64[us]")


def _journal() -> Journal:
    journal = Journal()
    _people(journal)
    _encounters(journal)
    _record(journal)
    _care(journal)
    _many_values(journal)
    return journal


def _people(journal: Journal) -> None:
    for person, sex, death in ((ANNA, "female", "NaT"), (BEN, "male", "2024-05-06"), (OUTSIDER, "male", "NaT")):
        journal.add(frames.PERSON, {
            "person": person, "sex": sex, "birth_date": _day("1950-02-28"), "death_date": _day(death),
            "race": "black", "ethnicity": "not_hispanic", "language": "en", "marital_status": "married",
        })  # fmt: skip
    _identity(journal, ANNA, "MRN000000001", None, "Anna", "Núñez")
    _identity(journal, ANNA, "MRN000000002", "MRN000000001", "Ann", "Nunez")
    _identity(journal, BEN, "MRN000000003", None, "Benjamin", "O'Brien")
    journal.add(frames.COVERAGE, {
        "id": 50, "person": ANNA, "start_date": _day("2015-03-01"), "end_date": _day("2019-12-31"),
        "payer": "medicare", "plan": "fee_for_service", "member_id": "1S00-E00-AA00", "subscriber": ANNA,
    })  # fmt: skip


def _identity(journal: Journal, person: int, id_: str, of: str | None, given: str, family: str) -> None:
    journal.add(frames.IDENTITY, {
        "person": person, "world": "ehr", "source_id": id_, "duplicate_of": of, "given_name": given,
        "family_name": family, "birth_date": _day("1950-02-28"), "sex": "female" if person == ANNA else "male",
        "line": "12 Elm Street", "place_key": "01002", "phone": "(617) 555-0101", "email": "anna@example.org",
        "ssn": None if of else "999-12-3456",
    })  # fmt: skip


def _encounters(journal: Journal) -> None:
    shared = {"facility": FACILITY, "practitioner": PRACTITIONER, "in_ehr": True}
    journal.add(frames.ENCOUNTER, {
        "id": VISIT, "person": ANNA, "encounter_key": "primary_care_visit", "reason_key": "hypertension",
        "start_time": _time("2023-03-04T09:30"), "end_time": _time("2023-03-04T10:00"), **shared,
    })  # fmt: skip
    journal.add(frames.ENCOUNTER, {
        "id": STAY, "person": BEN, "encounter_key": "inpatient", "reason_key": "pneumonia",
        "start_time": _time("2024-05-01T20:15"), "end_time": _time("2024-05-06T11:00"), "admission_type": "1",
        "admission_source": "1", "discharge_status": "20", "readmission_of": 7, **shared,
    })  # fmt: skip
    journal.add(frames.ENCOUNTER, {
        "id": ELSEWHERE, "person": ANNA, "encounter_key": "emergency", "start_time": _time("2023-05-01T01:00"),
        "end_time": _time("2023-05-01T03:00"), **shared, "in_ehr": False,
    })  # fmt: skip
    for encounter, person, key in (
        (VISIT, ANNA, "hypertension"), (STAY, BEN, "pneumonia"), (ELSEWHERE, ANNA, "chest_pain")
    ):  # fmt: skip
        journal.add(
            frames.DIAGNOSIS, {"encounter": encounter, "person": person, "rank": 1, "condition_key": key}
        )  # fmt: skip


def _record(journal: Journal) -> None:
    of_visit = {"person": ANNA, "encounter": VISIT, "in_ehr": True}
    at_visit = {**of_visit, "start_time": _time("2023-03-04T09:40")}
    journal.add(frames.CONDITION, {
        **of_visit, "id": 201, "condition_key": "hypertension", "onset_date": _day("2021-01-01"),
        "recorded_date": _day("2023-03-04"), "stage": "stage 1",
    })  # fmt: skip
    journal.add(frames.CONDITION, {
        **of_visit, "id": 202, "condition_key": "acute_bronchitis", "onset_date": _day("2023-03-01"),
        "recorded_date": _day("2023-03-04"), "end_date": _day("2023-08-15"),
    })  # fmt: skip
    for id_, key, value in ((301, "sbp", 144.0), (302, "dbp", 91.0), (303, "hba1c", 6.5), (304, "weight", 70.2)):
        journal.add(frames.MEASUREMENT, {
            **at_visit, "id": id_, "measure_key": key, "value": np.array([value]), "report": 401,
        } if key == "hba1c" else {**at_visit, "id": id_, "measure_key": key, "value": np.array([value])})  # fmt: skip
    journal.add(
        frames.MEASUREMENT, {**at_visit, "id": 305, "measure_key": "smoking_status", "value_key": "never_smoker"}
    )
    journal.add(frames.REPORT, {**at_visit, "id": 401, "panel_key": "hba1c_panel", "practitioner": PRACTITIONER})
    journal.add(frames.REPORT, {**at_visit, "id": 402, "panel_key": "chest_xray", "practitioner": PRACTITIONER})
    journal.add(frames.NOTE, {
        **at_visit, "id": 501, "note_key": "progress_note", "practitioner": PRACTITIONER,
        "text": "Pt w/ HTN. Denies chest pain.\n" + "Bluthochdruck über Jahre. " * 10,
    })  # fmt: skip


def _care(journal: Journal) -> None:
    of_visit = {"person": ANNA, "encounter": VISIT, "in_ehr": True}
    at_visit = {**of_visit, "start_time": _time("2023-03-04T09:50")}
    journal.add(frames.PRESCRIPTION, {
        **of_visit, "id": 601, "drug_key": "lisinopril", "start_date": _day("2023-03-04"),
        "end_date": _day("2023-09-01"), "days_supply": 90, "quantity": np.array([90.0]), "refills": 3,
        "reason_key": "hypertension", "practitioner": PRACTITIONER, "status": "stopped",
    })  # fmt: skip
    journal.add(frames.ADMINISTRATION, {
        "id": 602, "person": BEN, "encounter": STAY, "drug_key": "ceftriaxone", "in_ehr": True,
        "start_time": _time("2024-05-01T22:00"), "quantity": np.array([1.0]), "reason_key": "pneumonia",
    })  # fmt: skip
    journal.add(frames.PROCEDURE, {
        **at_visit, "id": 603, "procedure_key": "electrocardiogram", "end_time": _time("2023-03-04T10:00"),
        "reason_key": "hypertension", "practitioner": PRACTITIONER,
    })  # fmt: skip
    journal.add(frames.IMMUNIZATION, {**at_visit, "id": 604, "vaccine_key": "influenza"})
    journal.add(frames.ALLERGY, {
        **of_visit, "id": 605, "allergy_key": "penicillin", "recorded_date": _day("2023-03-04"),
        "reaction_key": "anaphylaxis", "severity": "severe",
    })  # fmt: skip
    journal.add(frames.IMAGING, {**at_visit, "id": 606, "procedure_key": "chest_xray"})
    journal.add(frames.CARE_PLAN, {
        **of_visit, "id": 607, "condition_key": "hypertension", "start_date": _day("2023-03-04"),
        "end_date": _day("2024-03-04"),
    })  # fmt: skip


def _many_values(journal: Journal) -> None:
    ids = np.arange(FIRST_OF_MANY, FIRST_OF_MANY + MANY)
    times = np.datetime64("2020-01-01T08:00", "us") + np.arange(MANY) * np.timedelta64(12, "h")
    shared = {"id": ids, "person": np.full(MANY, ANNA), "start_time": times, "in_ehr": np.full(MANY, True)}
    journal.add(frames.ENCOUNTER, {
        **shared, "encounter_key": "lab_only", "end_time": times, "facility": FACILITY, "practitioner": PRACTITIONER,
    })  # fmt: skip
    journal.add(
        frames.MEASUREMENT, {**shared, "encounter": ids, "measure_key": "glucose", "value": np.full(MANY, 100.0)}
    )
