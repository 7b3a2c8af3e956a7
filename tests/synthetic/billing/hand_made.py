"""A hand-made block: persons with every kind of insurance, each with the encounters that a test asks for."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np

from lakehouse.synthetic.directory import Directory
from lakehouse.synthetic.frames import (
    ADMINISTRATION,
    CONDITION,
    COVERAGE,
    DIAGNOSIS,
    DISPENSING,
    ENCOUNTER,
    IMMUNIZATION,
    MEASUREMENT,
    NULL,
    PERSON,
    PROCEDURE,
    REPORT,
    Frame,
)
from lakehouse.synthetic.journal import Journal
from lakehouse.synthetic.streams import Streams
from lakehouse.synthetic.world import World

WORLD = World(begin=date(2020, 1, 1), end=date(2023, 12, 31))
STREAMS = Streams(seed=7, block=0)
DIRECTORY = Directory.of(7)

INSURANCES = (
    ("medicare", "fee_for_service", "0", False),
    ("medicare", "fee_for_service", "1", True),
    ("medicare", "advantage", "0", False),
    ("medicaid", "managed", None, False),
    ("commercial", "ppo", None, False),
    ("commercial", "hdhp", None, False),
    (None, None, None, False),
)
"""Payer, plan, entitlement and whether dual, of persons 1, 2, 3 and so on, over and over."""

KINDS = {
    "primary_care_visit": ("primary_care", 0),
    "wellness_visit": ("primary_care", 0),
    "specialist_visit": ("specialist_group", 0),
    "telehealth_visit": ("primary_care", 0),
    "urgent_care": ("urgent_care", 0),
    "emergency": ("hospital", 0),
    "inpatient": ("hospital", 5),
    "skilled_nursing": ("skilled_nursing", 40),
    "home_health": ("home_health", 45),
    "hospice": ("hospice", 20),
    "infusion": ("hospital", 0),
    "dialysis_session": ("dialysis_center", 0),
    "surgery_outpatient": ("hospital", 0),
    "imaging_visit": ("imaging_center", 0),
}
"""Kind of facility and days of each kind of encounter."""


@dataclass
class Visit:
    """An encounter to be: who, what, when, and what is done in it."""

    person: int
    kind: str
    day: date
    days: int | None = None
    procedures: tuple[str, ...] = ()
    panels: tuple[str, ...] = ()
    vaccines: tuple[str, ...] = ()
    drugs: tuple[str, ...] = ()
    diagnoses: tuple[str, ...] = ("hypertension", "type_2_diabetes")
    stated: dict[str, Any] = field(default_factory=dict)


def insured_as(person: int) -> tuple[str | None, str | None, str | None, bool]:
    return INSURANCES[(person - 1) % len(INSURANCES)]


def journal(people: int, visits: list[Visit]) -> Journal:
    """The block: persons 1 to `people`, insured all the time as their number says."""
    told = Journal()
    _add(told, PERSON, [{"person": p, "death_date": np.datetime64("NaT", "D")} for p in range(1, people + 1)])
    _add(told, COVERAGE, [_coverage(p) for p in range(1, people + 1) if insured_as(p)[0]])
    rows: dict[Frame, list[dict[str, Any]]] = {}
    for number, visit in enumerate(visits, start=1_000):
        for frame, row in _happens(number, visit):
            rows.setdefault(frame, []).append(row)
    for frame, added in rows.items():
        _add(told, frame, added)
    return told


def dispensings(told: Journal, people: int, drug: str, days: list[date]) -> None:
    """Fill a drug for each person on each of these days."""
    fills = [(p, n, day) for p in range(1, people + 1) for n, day in enumerate(days)]
    first = 500_000 + len(told.rows(DISPENSING)["id"])
    _add(told, DISPENSING, [
        {"id": number, "person": p, "prescription": p, "drug_key": drug, "fill": n,
         "start_date": np.datetime64(day), "days_supply": 30, "quantity": 30.0, "practitioner": 3}
        for number, (p, n, day) in enumerate(fills, start=first)
    ])  # fmt: skip


def conditions(told: Journal, people: int, key: str, day: date) -> None:
    """Give each person a condition from that day on."""
    never = np.datetime64("NaT", "D")
    _add(told, CONDITION, [
        {"id": 900_000 + p, "person": p, "condition_key": key, "onset_date": np.datetime64(day),
         "recorded_date": np.datetime64(day), "end_date": never}
        for p in range(1, people + 1)
    ])  # fmt: skip


def one_of_each(people: int) -> list[Visit]:
    """Every kind of encounter for every person, with something done in each."""
    days = np.arange(np.datetime64("2021-01-05"), np.datetime64("2023-01-01"), 45).tolist()
    return [
        Visit(
            person,
            kind,
            day,
            procedures=("electrocardiogram", "chest_xray"),
            panels=("lipid_panel", "basic_metabolic_panel"),
            vaccines=("influenza",) if kind == "primary_care_visit" else (),
            stated={"drg": "291", "admission_type": "1", "admission_source": "1", "icu_days": 1}
            if kind == "inpatient"
            else {},
        )
        for person in range(1, people + 1)
        for kind, day in zip(KINDS, days, strict=False)
    ]


def _coverage(person: int) -> dict[str, Any]:
    payer, plan, entitlement, dual = insured_as(person)
    return {
        "id": person, "person": person, "start_date": np.datetime64("2020-01-01"),
        "end_date": np.datetime64("2023-12-31"), "payer": payer, "plan": plan, "member_id": f"1S00A00AA{person:02d}",
        "subscriber": person, "entitlement": entitlement, "dual": dual, "part_d": payer == "medicare",
    }  # fmt: skip


def _happens(number: int, visit: Visit) -> list[tuple[Frame, dict[str, Any]]]:
    kind, days = KINDS[visit.kind]
    start = np.datetime64(visit.day, "us") + np.timedelta64(9, "h")
    end = start + np.timedelta64(days if visit.days is None else visit.days, "D")
    facility = int(DIRECTORY.facilities["id"][DIRECTORY.facilities["kind"] == kind][0])
    common = {"person": visit.person, "encounter": number}
    done = {**common, "start_time": start}
    stated = {"icu_days": NULL, "from_encounter": NULL, "discharge_status": "01", **visit.stated}
    return [
        (ENCOUNTER, {"id": number, "person": visit.person, "encounter_key": visit.kind, "start_time": start,
                     "end_time": end, "facility": facility, "practitioner": 5, **stated}),
        *((DIAGNOSIS, {**common, "rank": n, "condition_key": key, "present_on_admission": n == 1})
          for n, key in enumerate(visit.diagnoses, start=1)),
        *((PROCEDURE, {"id": number * 10 + n, **done, "procedure_key": key, "end_time": start, "practitioner": 5})
          for n, key in enumerate(visit.procedures)),
        *((REPORT, {"id": number * 10 + n, **done, "panel_key": key}) for n, key in enumerate(visit.panels)),
        *((MEASUREMENT, {"id": number * 10 + n, **done, "measure_key": "ldl", "value": 100.0, "report": number * 10})
          for n, _ in enumerate(visit.panels)),
        *((IMMUNIZATION, {"id": number * 10 + n, **done, "vaccine_key": key}) for n, key in enumerate(visit.vaccines)),
        *((ADMINISTRATION, {"id": number * 10 + n, **done, "drug_key": key}) for n, key in enumerate(visit.drugs)),
    ]  # fmt: skip


def _add(told: Journal, frame: Frame, rows: list[dict[str, Any]]) -> None:
    """Rows as columns; what no row has a value for is null."""
    names = dict.fromkeys(name for row in rows for name in row)
    told.add(frame, {name: _column([row.get(name) for row in rows]) for name in names})


def _column(values: list[Any]) -> Any:
    if all(isinstance(value, (bool, int, float, np.datetime64)) for value in values):
        return np.array(values)
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column
