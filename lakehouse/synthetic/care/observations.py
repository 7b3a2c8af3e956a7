"""What is measured at encounters: vital signs, laboratory panels, scores and habits; MEASUREMENT and REPORT."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from lakehouse.synthetic.arrays import repeated
from lakehouse.synthetic.care.encounters import Encounters
from lakehouse.synthetic.care.observer import Observer
from lakehouse.synthetic.frames import MEASUREMENT, NULL, REPORT
from lakehouse.synthetic.journal import Journal
from lakehouse.synthetic.knowledge import Row, by_key, number, table
from lakehouse.synthetic.population.life import Life
from lakehouse.synthetic.population.people import DAYS_A_YEAR
from lakehouse.synthetic.streams import Floats, Integers, Streams, identify
from lakehouse.synthetic.world import World

_OFFICE = ("primary_care_visit", "wellness_visit", "specialist_visit", "prenatal_visit")
_VITALS_AT = {
    "primary_care_visit": 0.85, "wellness_visit": 0.98, "well_child_visit": 0.98,
    "specialist_visit": 0.35, "urgent_care": 0.7, "emergency": 0.97, "inpatient": 1.0, "prenatal_visit": 0.95,
}  # fmt: skip
_VITALS = ("sbp", "dbp", "weight")
_SOMETIMES = {
    "heart_rate": 0.35,
    "height": 0.2,
    "bmi": 0.25,
    "respiratory_rate": 0.2,
    "body_temperature": 0.25,
    "oxygen_saturation": 0.25,
    "pain_score": 0.15,
}
_EMERGENCY_TESTS = {"basic_metabolic_panel": 0.42, "complete_blood_count": 0.45}
_INPATIENT_TESTS = {"basic_metabolic_panel": 0.62, "complete_blood_count": 0.62, "comprehensive_metabolic_panel": 0.16}
_INPATIENT_DAYS = 6
_SMOKING_ASKED = 0.2
_SUMS = {"total_cholesterol": (("ldl", 1.0), ("hdl", 1.0), ("triglycerides", 0.2))}
"""A value that follows from others of the same sample: Friedewald 1972, in mg/dL."""

_WHITE_COAT_ROUNDED = 0.35
"""Share of blood pressures that are read to the nearest ten: digit preference, 30 to 50 % (literature range, R)."""


def write(world: World, streams: Streams, journal: Journal, life: Life, encounters: Encounters) -> None:
    """Write down all that is measured."""
    observer = Observer(world, life)
    _vital_signs(streams, journal, life, encounters, observer)
    panels = _panels(world, streams, life, encounters)
    for panel, at, time in sorted(panels, key=lambda taken: -len(measures_of(taken[0]))):
        _measure_panel(journal, life, encounters, observer, panel, at, time)
    _smoking(world, streams, journal, life, encounters)
    _merge_repeats(journal)


def _merge_repeats(journal: Journal) -> None:
    """What two panels of one sample have in common is measured once, for the larger; a panel without rest is none."""
    journal.keep_first(MEASUREMENT)
    reports = journal.rows(REPORT)
    told = np.isin(reports["id"], journal.rows(MEASUREMENT)["report"])
    journal.replace(REPORT, {name: values[told] for name, values in reports.items()})
    journal.keep_first(REPORT)


def _vital_signs(streams: Streams, journal: Journal, life: Life, encounters: Encounters, observer: Observer) -> None:
    visits = encounters.visits
    chance = streams.chance("observations:vital signs", visits.id)
    share = np.array([_VITALS_AT.get(key, 0.0) for key in visits.key])
    taken = np.flatnonzero(chance < share)
    for measure in (*_VITALS, *_SOMETIMES):
        at = taken
        if measure in _SOMETIMES:
            at = taken[streams.chance(f"observations:{measure}", visits.id[taken]) < _SOMETIMES[measure]]
        if measure in ("sbp", "dbp"):
            at = at[(visits.day[at] - life.people.birth[visits.person[at]]) > 3 * DAYS_A_YEAR]
        _measure(journal, life, encounters, observer, measure, at, visits.start[at] + 5, np.full(len(at), NULL))


def _measure(
    journal: Journal, life: Life, encounters: Encounters, observer: Observer, measure: str, at: Integers,
    time: Integers, report: Integers,
) -> None:  # fmt: skip
    """Measure one thing at these encounters, at these minutes."""
    if not len(at):
        return
    visits = encounters.visits
    ids = identify(f"measurement:{measure}", visits.id[at], time)
    if measure in _SUMS:
        parts = [weight * _values(encounters, observer, part, at, time) for part, weight in _SUMS[measure]]
        values = np.round(np.sum(parts, axis=0))
    else:
        values = _values(encounters, observer, measure, at, time)
    if measure in ("sbp", "dbp"):
        by_hand = (identify("by hand", visits.id[at]) % 1000) < 1000 * _WHITE_COAT_ROUNDED
        values = np.where(by_hand, np.round(values, -1), values)
    journal.add(MEASUREMENT, {
        "id": ids, "person": life.people.person[visits.person[at]], "encounter": visits.id[at],
        "measure_key": np.full(len(at), measure, dtype=object), "start_time": time.astype("datetime64[m]"),
        "value": values, "report": report, "in_ehr": encounters.in_ehr[at],
    })  # fmt: skip


def _values(encounters: Encounters, observer: Observer, measure: str, at: Integers, time: Integers) -> Floats:
    visits = encounters.visits
    ids = identify(f"measurement:{measure}", visits.id[at], time)
    return observer.values(measure, visits.person[at], time // 1440, visits.event[at], ids)


@cache
def measures_of(panel: str) -> tuple[str, ...]:
    """The measures of a panel, those of the panel that it includes too; of a single measure, itself."""
    if panel not in by_key("panels"):
        return (panel,)
    own = tuple(row["key"] for row in table("measures") if row["panel_key"] == panel)
    included = by_key("panels")[panel]["includes_panel_key"]
    return (*measures_of(included), *own) if included else own


def _panels(
    world: World, streams: Streams, life: Life, encounters: Encounters
) -> list[tuple[str, Integers, Integers]]:  # fmt: skip
    """Which panel is taken at which encounters and minutes."""
    visits = encounters.visits
    found = [*_monitoring(world, streams, life, encounters), *_screening(encounters)]
    for kind, tests in (("emergency", _EMERGENCY_TESTS), ("inpatient", _INPATIENT_TESTS)):
        at = np.flatnonzero(visits.key == kind)
        days = (visits.end[at] - visits.start[at]) // 1440 + 1
        which, nth = repeated(np.minimum(days, _INPATIENT_DAYS if kind == "inpatient" else 1))
        of = at[which]
        for panel, share in tests.items():
            chosen = streams.chance(f"observations:{kind}:{panel}", visits.id[of], nth) < share
            time = visits.start[of] + 60 + nth * 1440
            within = chosen & (time < visits.end[of])
            found.append((panel, of[within], time[within]))
    return found


def _monitoring(
    world: World, streams: Streams, life: Life, encounters: Encounters
) -> list[tuple[str, Integers, Integers]]:  # fmt: skip
    """Tests for what is known, at office visits; and tests for an acute condition, at the encounter about it."""
    visits = encounters.visits
    office = np.flatnonzero(
        np.isin(visits.key, _OFFICE) & (visits.day - life.people.birth[visits.person] > 18 * DAYS_A_YEAR)
    )
    years = (world.last_day - world.first_day) / DAYS_A_YEAR
    a_year = np.maximum(np.bincount(visits.person[office], minlength=len(life.people)) / years, 0.5)
    found = []
    by_panel: dict[str, list[Row]] = {}
    for row in table("monitoring"):
        by_panel.setdefault(row["panel_or_measure_key"], []).append(row)
    for panel, rows in by_panel.items():
        rate = np.zeros(len(office))
        for row in rows:
            due = _monitored(world, life, row["condition_key"], visits.person[office], visits.day[office])
            rate = np.maximum(rate, number(row, "times_per_year") * due)  # one sample serves several reasons
            acute = np.flatnonzero(
                (visits.event == row["condition_key"]) & np.isin(visits.key, ("emergency", "inpatient"))
            )
            if len(acute):
                wanted = streams.chance(f"observations:{panel}:{row['condition_key']}", visits.id[acute]) < number(
                    row, "times_per_year"
                )
                found.append((panel, acute[wanted], visits.start[acute[wanted]] + 45))
        share = np.minimum(rate / a_year[visits.person[office]], 0.95)
        taken = office[streams.chance(f"observations:{panel}", visits.id[office]) < share]
        found.append((panel, taken, visits.start[taken] + 15))
    return found


def _screening(encounters: Encounters) -> list[tuple[str, Integers, Integers]]:
    """The tests that screen for a cancer, at the visits for them."""
    visits, found = encounters.visits, []
    for row in table("screening"):
        if row["finds_key"] and row["panel_or_measure_key"]:
            at = np.flatnonzero(visits.reason == row["condition_key"])
            found.append((row["panel_or_measure_key"], at, visits.start[at] + 5))
    return found


def _monitored(world: World, life: Life, condition: str, persons: Integers, days: Integers) -> Floats:
    """Whether the row of knowledge/monitoring.csv is about the person on the day."""
    if not condition:
        return np.asarray(1.0 - (life.known[persons] <= days[:, None]).any(axis=1), dtype=np.float64)
    if condition in life.conditions:
        return np.asarray(life.known[persons, life.column(condition)] <= days, dtype=np.float64)
    if condition.startswith("drug:"):
        taken = on_drug(world, life, condition.removeprefix("drug:"))
        month = world.month_of(days)
        return np.asarray(taken[persons, month], dtype=np.float64)
    return np.zeros(len(persons))


def on_drug(world: World, life: Life, name: str) -> NDArray[np.bool_]:
    """Who takes a drug, or one of a class, in each month."""
    months = len(world.months) - 1
    found = np.zeros((len(life.people), months), dtype=bool)
    courses = life.courses
    for person, drug, start, end in zip(courses.person, courses.drug, courses.start, courses.end, strict=True):
        if name in (drug, by_key("drugs")[drug]["class"]):
            first, last = np.searchsorted(world.months, (start, min(end, world.last_day)), side="right") - 1
            found[person, max(first, 0) : last + 1] = True
    return found


def _measure_panel(
    journal: Journal, life: Life, encounters: Encounters, observer: Observer, panel: str, at: Integers, time: Integers
) -> None:
    if not len(at):
        return
    visits = encounters.visits
    report = np.full(len(at), NULL)
    if panel in by_key("panels"):
        report = identify(f"report:{panel}", visits.id[at], time)
        journal.add(REPORT, {
            "id": report, "person": life.people.person[visits.person[at]], "encounter": visits.id[at],
            "panel_key": np.full(len(at), panel, dtype=object), "start_time": time.astype("datetime64[m]"),
            "practitioner": encounters.practitioner[at], "in_ehr": encounters.in_ehr[at],
        })  # fmt: skip
    for measure in measures_of(panel):
        _measure(journal, life, encounters, observer, measure, at, time, report)


def _smoking(world: World, streams: Streams, journal: Journal, life: Life, encounters: Encounters) -> None:
    """Whether a person smokes, as it was asked at an office visit."""
    visits = encounters.visits
    adult = visits.day - life.people.birth[visits.person] > 18 * DAYS_A_YEAR
    asked = np.isin(visits.key, _OFFICE) & adult
    at = np.flatnonzero(asked & (streams.chance("observations:smoking", visits.id) < _SMOKING_ASKED))
    person, day = visits.person[at], visits.day[at]
    starts, stops = life.society.smoking_from[person], life.society.smoking_until[person]
    answer = np.where(starts > day, "never_smoker", np.where(stops <= day, "former_smoker", "current_smoker"))
    journal.add(MEASUREMENT, {
        "id": identify("measurement:smoking_status", visits.id[at]), "person": life.people.person[person],
        "encounter": visits.id[at], "measure_key": np.full(len(at), "smoking_status", dtype=object),
        "start_time": visits.start[at].astype("datetime64[m]"), "value_key": answer.astype(object),
        "report": np.full(len(at), NULL), "value": np.full(len(at), np.nan), "in_ehr": encounters.in_ehr[at],
    })  # fmt: skip
