"""Contacts for a procedure that is planned: what a disease calls for outside of hospital, and screening."""

from __future__ import annotations

import numpy as np

from lakehouse.synthetic.care.visits import Visits, make
from lakehouse.synthetic.knowledge import by_key, number, table
from lakehouse.synthetic.population.attendance import attendance_of
from lakehouse.synthetic.population.life import Life
from lakehouse.synthetic.population.people import DAYS_A_YEAR
from lakehouse.synthetic.population.screening import taken_up
from lakehouse.synthetic.streams import Streams
from lakehouse.synthetic.world import World


def draw(world: World, streams: Streams, life: Life) -> list[Visits]:
    """The contacts of the block, source by source."""
    return [*_elective(world, streams, life), *_screening(world, streams, life)]


def encounter_for(procedure: str) -> str:
    """The kind of encounter at which a procedure is done that is no part of another."""
    kind = by_key("procedures")[procedure]["kind"]
    if kind == "imaging":
        return "imaging_visit"
    return {"surgery": "surgery_outpatient", "endoscopy": "surgery_outpatient"}.get(kind, "specialist_visit")


def _elective(world: World, streams: Streams, life: Life) -> list[Visits]:
    """Procedures outside of hospital that a disease calls for (knowledge/elective.csv)."""
    attendance = attendance_of(world, life)
    found = []
    for row in table("elective"):
        procedure, condition = row["procedure_key"], row["cause_key"]
        known = life.known[:, life.column(condition)] if condition in life.conditions else None
        if known is None or not number(row, "per_1000_years"):
            continue
        age = (world.months[:-1][None, :] - life.people.birth[:, None]) / DAYS_A_YEAR
        due = (known[:, None] <= world.months[:-1]) & (age >= number(row, "from_age")) & (age < number(row, "to_age"))
        chance = streams.uniform(f"visits:{procedure}:{condition}", *due.shape)
        rate = number(row, "per_1000_years") / 12_000 * attendance
        person, month = np.nonzero(due & (chance < rate))
        day = world.months[month] + (chance[person, month] / rate[person, month] * 28).astype(np.int64)
        key = "physical_therapy_visit" if procedure == "physical_therapy" else encounter_for(procedure)
        found.append(make(f"{procedure}:{condition}", life, person, day, key, condition, procedure=procedure))
    return found


def _screening(world: World, streams: Streams, life: Life) -> list[Visits]:
    """Screening by a procedure, or for a cancer by a test, at its ages and as often as it is taken up.

    Nobody is screened for a cancer after it was found.
    """
    found = []
    for row in table("screening"):
        if not row["procedure_key"] and not row["finds_key"]:
            continue
        day, done = taken_up(world, streams, life, row)
        if row["finds_key"]:
            done &= day <= life.known[:, life.column(row["finds_key"])][:, None]
        person, year = np.nonzero(done)
        procedure = row["procedure_key"] or None
        key = _encounter_of_screening(procedure)
        found.append(make(row["key"], life, person, day[person, year], key, row["condition_key"], procedure=procedure))
    return found


def _encounter_of_screening(procedure: str | None) -> str:
    """The kind of encounter at which somebody is screened; a blood test is taken by itself."""
    if procedure is None:
        return "lab_only"
    return "wellness_visit" if by_key("procedures")[procedure]["kind"] == "screening" else encounter_for(procedure)
