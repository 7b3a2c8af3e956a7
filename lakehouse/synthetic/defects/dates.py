"""Dates in the EHR that cannot be: before birth, after death, in the future, in the wrong order, hours too early."""

from __future__ import annotations

import numpy as np

from lakehouse.synthetic.defects.planting import Planting
from lakehouse.synthetic.defects.source_ids import fhir_ids, observation_ids
from lakehouse.synthetic.frames import CONDITION, ENCOUNTER, IMMUNIZATION, MEASUREMENT, NULL, PERSON

BEFORE_BIRTH_DAYS = (1, 300)
AFTER_DEATH_DAYS = (61, 400)
MISTYPED_YEARS = 10
"""How many days before the birth, or after the death, and by how many years a date is wrong."""

_HOURS_TO_UTC = 5
_EFFECTIVE = "effectiveDateTime"


def plant(planting: Planting) -> None:
    """Plant them in MEASUREMENT, IMMUNIZATION, CONDITION and ENCOUNTER."""
    for frame, plant_in in (
        (MEASUREMENT, _after_death), (MEASUREMENT, _shifted_clocks), (IMMUNIZATION, _before_birth),
        (CONDITION, _in_future), (ENCOUNTER, _swapped),
    ):  # fmt: skip
        if planting.count(frame):
            plant_in(planting)


def _after_death(planting: Planting) -> None:
    """Values that move to a day so long after the death that no delay explains it, within the time that is told."""
    rows = planting.rows(MEASUREMENT)
    death = planting.rows(PERSON)["death_date"].astype("datetime64[D]")[planting.person_places(rows["person"])]
    dead = ~np.isnat(death)
    days = death.astype(np.int64) + planting.draw("observation_after_death", *AFTER_DEATH_DAYS, rows["id"])
    told = dead & (days <= planting.world.last_day)
    chosen = planting.choose("observation_after_death", MEASUREMENT, planting.observable() & told, rows["id"])
    true = rows["start_time"][chosen].astype("datetime64[m]")
    bad = days[chosen].astype("datetime64[D]") + (true - true.astype("datetime64[D]"))
    planting.change(MEASUREMENT, "start_time", chosen, bad)
    planting.note(
        "observation_after_death", "Observation", rows["person"][chosen], observation_ids(rows, chosen), _EFFECTIVE,
        true, bad,
    )  # fmt: skip


def _shifted_clocks(planting: Planting) -> None:
    """All values of a report together; the report itself keeps its time."""
    rows = planting.rows(MEASUREMENT)
    eligible = planting.observable() & (rows["report"] != NULL)
    chosen = planting.choose("clock_shift", MEASUREMENT, eligible, rows["report"])
    true = rows["start_time"][chosen].astype("datetime64[m]")
    bad = true - np.timedelta64(_HOURS_TO_UTC, "h")
    planting.change(MEASUREMENT, "start_time", chosen, bad)
    planting.note(
        "clock_shift", "Observation", rows["person"][chosen], observation_ids(rows, chosen), _EFFECTIVE, true, bad
    )


def _before_birth(planting: Planting) -> None:
    rows = planting.rows(IMMUNIZATION)
    chosen = planting.choose("immunization_before_birth", IMMUNIZATION, rows["in_ehr"].astype(bool), rows["id"])
    birth = planting.births[planting.person_places(rows["person"][chosen])]
    days = birth - planting.draw("immunization_before_birth", *BEFORE_BIRTH_DAYS, rows["id"][chosen])
    true = rows["start_time"][chosen].astype("datetime64[m]")
    bad = days.astype("datetime64[D]") + (true - true.astype("datetime64[D]"))
    planting.change(IMMUNIZATION, "start_time", chosen, bad)
    planting.note(
        "immunization_before_birth", "Immunization", rows["person"][chosen],
        fhir_ids("Immunization", rows["id"][chosen]), "occurrenceDateTime", true, bad,
    )  # fmt: skip


def _in_future(planting: Planting) -> None:
    """Onsets of the last ten years only: a later date is then after the day of the record."""
    rows = planting.rows(CONDITION)
    true, recorded = (rows[name].astype("datetime64[D]") for name in ("onset_date", "recorded_date"))
    bad = years_later(true)
    chosen = planting.choose("onset_in_future", CONDITION, rows["in_ehr"].astype(bool) & (bad > recorded), rows["id"])
    planting.change(CONDITION, "onset_date", chosen, bad[chosen])
    planting.note(
        "onset_in_future", "Condition", rows["person"][chosen], fhir_ids("Condition", rows["id"][chosen]),
        "onsetDateTime", true[chosen], bad[chosen],
    )  # fmt: skip


def _swapped(planting: Planting) -> None:
    rows = planting.rows(ENCOUNTER)
    stays = rows["in_ehr"].astype(bool) & (rows["encounter_key"] == "inpatient")
    chosen = planting.choose("discharge_before_admission", ENCOUNTER, stays, rows["id"])
    start, end = rows["start_time"][chosen], rows["end_time"][chosen]
    planting.change(ENCOUNTER, "start_time", chosen, end)
    planting.change(ENCOUNTER, "end_time", chosen, start)
    planting.note(
        "discharge_before_admission", "Encounter", rows["person"][chosen], fhir_ids("Encounter", rows["id"][chosen]),
        "period.start", start, end,
    )  # fmt: skip


def years_later(days: np.ndarray) -> np.ndarray:
    """The same day of the month, some years later; 29 February becomes 1 March where there is none."""
    months = days.astype("datetime64[M]")
    return np.asarray((months + 12 * MISTYPED_YEARS).astype("datetime64[D]") + (days - months.astype("datetime64[D]")))
