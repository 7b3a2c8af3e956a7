"""Where each contact with care takes place and with whom, and how stays begin and end: the frame ENCOUNTER."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lakehouse.synthetic.care.visits import Visits
from lakehouse.synthetic.directory import Directory
from lakehouse.synthetic.frames import ENCOUNTER, NULL, TRUE_WAIT
from lakehouse.synthetic.journal import Journal
from lakehouse.synthetic.knowledge import by_key
from lakehouse.synthetic.population.life import Life
from lakehouse.synthetic.population.people import DAYS_A_YEAR
from lakehouse.synthetic.population.stays import Stay, admissions
from lakehouse.synthetic.streams import Integers, Streams
from lakehouse.synthetic.world import World

_TELEHEALTH = ((2019.0, 2020.2, 2020.3, 2021.0, 2023.0, 2026.0), (0.004, 0.004, 0.35, 0.16, 0.09, 0.08))
"""Times, and the share of office visits that are held by video: a few before March 2020, a third at once after (E)."""

DISCHARGE_STATUS = {"home": "01", "skilled_nursing": "03", "home_health": "06", "against_advice": "07", "died": "20"}
"""CMS discharge status codes of how stays end."""

_SPECIALTIES = {"inpatient": "C6", "emergency": "93", "urgent_care": "50", "infusion": "83", "hospice": "17"}
"""Who sees the patient where the visit itself does not say."""


@dataclass(frozen=True)
class Encounters:
    """Visits with their places: facility, practitioner, and whether they are in the EHR that is exported."""

    visits: Visits
    facility: Integers
    practitioner: Integers
    in_ehr: NDArray[np.bool_]


def write(
    world: World, streams: Streams, journal: Journal, life: Life, directory: Directory, visits: Visits
) -> Encounters:
    """Give each visit its place, write the encounters down, and return them."""
    visits = replace(visits, key=_by_video(streams, visits))
    facility = facilities_of(world, streams, life, directory, visits)
    specialty = visits.specialty.copy()
    for key, one in _SPECIALTIES.items():
        specialty[visits.key == key] = one
    who = streams.uniform("encounters:practitioner", len(life.people))[visits.person]
    practitioner = np.full(len(visits), NULL)
    for one in sorted(set(specialty)):
        of_one = specialty == one
        practitioner[of_one] = directory.practitioner_of(facility[of_one], who[of_one], one)
    in_ehr = directory.facilities["in_ehr"][facility - 1].astype(bool)
    journal.add(ENCOUNTER, {
        "id": visits.id, "person": life.people.person[visits.person], "encounter_key": visits.key,
        "start_time": visits.start.astype("datetime64[m]"), "end_time": visits.end.astype("datetime64[m]"),
        "facility": facility, "practitioner": practitioner, "reason_key": visits.reason, "in_ehr": in_ehr,
        **_of_stays(life, visits),
    })  # fmt: skip
    _tell_waits(journal, life, visits)
    return Encounters(visits, facility, practitioner, in_ehr)


def _tell_waits(journal: Journal, life: Life, visits: Visits) -> None:
    """The truth about appointments: when each was asked for, and when it was."""
    waited = visits.asked != NULL
    journal.add(TRUE_WAIT, {
        "person": life.people.person[visits.person[waited]], "encounter": visits.id[waited],
        "asked_date": visits.asked[waited].astype("datetime64[D]"),
        "start_date": visits.day[waited].astype("datetime64[D]"),
    })  # fmt: skip


def _by_video(streams: Streams, visits: Visits) -> NDArray[Any]:
    """Some office visits are held by video, from 2020 on many."""
    year = 1970 + visits.day / DAYS_A_YEAR
    share = np.interp(year, *_TELEHEALTH)
    office = np.isin(visits.key, ("primary_care_visit", "mental_health_visit"))
    key = visits.key.copy()
    chance = (visits.id % 10_007) / 10_007
    key[office & (chance < share)] = "telehealth_visit"
    return key


def facilities_of(world: World, streams: Streams, life: Life, directory: Directory, visits: Visits) -> Integers:
    """The facility of each visit: a person keeps to one of each kind until he moves."""
    month = world.month_of(visits.day)
    place = life.society.place[visits.person, month].astype(np.int64)
    facility = np.zeros(len(visits), dtype=np.int64)
    kind_of = {key: row["facility_kind"] for key, row in by_key("encounters").items()}
    kinds = np.array([kind_of[key] for key in visits.key], dtype=object)
    for kind in sorted(set(kinds)):
        habit = streams.uniform(f"encounters:{kind}", len(life.people))
        for specialty in sorted(set(visits.specialty[kinds == kind])) if kind == "specialist_group" else [""]:
            these = (kinds == kind) & ((visits.specialty == specialty) if kind == "specialist_group" else True)
            facility[these] = directory.nearest(kind, place[these], habit[visits.person[these]], specialty)
    return facility


def _of_stays(life: Life, visits: Visits) -> dict[str, NDArray[Any]]:
    """Admission, discharge, DRG and the like of the inpatient encounters; null elsewhere."""
    count = len(visits)
    found: dict[str, NDArray[Any]] = {
        name: np.full(count, None, dtype=object)
        for name in ("admission_type", "admission_source", "discharge_status", "drg")
    }
    found |= {"icu_days": np.full(count, NULL), "planned": np.zeros(count, dtype=bool)}
    found |= {"readmission_of": np.full(count, NULL), "from_encounter": np.full(count, NULL)}
    encounter_of = {int(stay): place for place, stay in enumerate(visits.stay) if visits.key[place] == "inpatient"}
    for place in np.flatnonzero(visits.stay != NULL):
        stay = life.stays[visits.stay[place]]
        if visits.key[place] != "inpatient":
            hospital = encounter_of.get(int(visits.stay[place]))
            found["from_encounter"][place] = NULL if hospital is None else visits.id[hospital]
            continue
        found["admission_type"][place], found["admission_source"][place] = _admission(stay)
        found["discharge_status"][place] = DISCHARGE_STATUS[stay.discharge]
        found["drg"][place] = _group(life, stay)
        found["icu_days"][place], found["planned"][place] = stay.icu_days, stay.planned
        index = encounter_of.get(stay.readmission_of) if stay.readmission_of is not None else None
        found["readmission_of"][place] = NULL if index is None else visits.id[index]
    return found


def _admission(stay: Stay) -> tuple[str, str]:
    """CMS codes of type and source: newborns 4 and 5, elective 3, the rest emergency 1 or urgent 2 by severity."""
    if stay.cause in ("liveborn", "preterm_newborn"):
        return "4", "5"
    if stay.planned or stay.cause in ("normal_delivery", "cesarean_delivery"):
        return "3", "1"
    return ("1", "1") if stay.severity > 0.2 else ("2", "2")


def _group(life: Life, stay: Stay) -> str:
    """The MS-DRG of the cause: with a major complication, with one, or without, by severity and chronic diseases."""
    row = admissions()[stay.cause]
    burden = int((life.known[stay.person] <= stay.start).sum())
    weight = stay.severity + 0.035 * burden
    name = "drg_mcc" if weight > 0.95 else "drg_cc" if weight > 0.5 else "drg_none"
    return row[name] or row["drg_none"]
