"""What is written down as wrong: problem lists and the diagnoses of encounters; CONDITION and DIAGNOSIS."""

from __future__ import annotations

import numpy as np

from lakehouse.synthetic.care.encounters import Encounters
from lakehouse.synthetic.frames import CARE_PLAN, CONDITION, DIAGNOSIS
from lakehouse.synthetic.journal import Journal
from lakehouse.synthetic.population.conditions import cancers
from lakehouse.synthetic.population.life import Life
from lakehouse.synthetic.streams import Streams, identify, numbers_of
from lakehouse.synthetic.world import World

STAGES = ("I", "II", "III", "IV")

_CARRIED = {"inpatient": 0.9, "skilled_nursing": 0.6, "emergency": 0.25, "home_health": 0.4}
_CARRIED_ELSEWHERE = 0.13
"""How likely a chronic condition that is known is coded as a further diagnosis, by kind of encounter (E)."""

_MOST = 24
_NOT_CODED = ("prediabetes", "obesity")
_LESS_OFTEN = 0.35
_PROBLEM_LIST_SHARE = 0.86
"""How much of what is known stands on the problem list: Wright 2015, 60 to 99 % (R)."""

_CARE_PLANS = ("type_2_diabetes", "heart_failure", "hypertension", "copd", "chronic_kidney_disease", "asthma")
_CARE_PLAN_SHARE = 0.3


def write(world: World, streams: Streams, journal: Journal, life: Life, encounters: Encounters) -> None:
    """Write down the diagnoses of every encounter, the problem lists, and plans of care."""
    _of_encounters(streams, journal, life, encounters)
    _problem_lists(world, streams, journal, life, encounters)


def _of_encounters(streams: Streams, journal: Journal, life: Life, encounters: Encounters) -> None:
    """The reason first, then some of what else is known."""
    visits = encounters.visits
    person = life.people.person[visits.person]
    journal.add(DIAGNOSIS, {
        "encounter": visits.id, "person": person, "rank": np.ones(len(visits), dtype=np.int64),
        "condition_key": visits.reason, "present_on_admission": np.ones(len(visits), dtype=bool),
    })  # fmt: skip
    share = np.array([_CARRIED.get(key, _CARRIED_ELSEWHERE) for key in visits.key])
    chance = streams.chance(
        "diagnoses:carried", visits.id[:, None], numbers_of(np.array(life.conditions, dtype=object))
    )
    known = life.known[visits.person] <= visits.day[:, None]
    rare = np.where(np.isin(life.conditions, _NOT_CODED), _LESS_OFTEN, 1.0)
    coded = known & (chance < share[:, None] * rare)
    coded &= visits.reason[:, None] != np.array(life.conditions, dtype=object)
    coded &= np.cumsum(coded, axis=1) <= _MOST
    encounter, condition = np.nonzero(coded)
    journal.add(DIAGNOSIS, {
        "encounter": visits.id[encounter], "person": person[encounter],
        "rank": 1 + np.cumsum(coded, axis=1)[encounter, condition],
        "condition_key": np.array(life.conditions, dtype=object)[condition],
        "present_on_admission": np.ones(len(encounter), dtype=bool),
    })  # fmt: skip


def _problem_lists(world: World, streams: Streams, journal: Journal, life: Life, encounters: Encounters) -> None:
    """What was found, from its onset: recorded at the first encounter after it was found, if it is put on the list."""
    visits = encounters.visits
    order = visits.in_order()
    first = np.searchsorted(visits.person[order], np.arange(len(life.people) + 1))
    for place, condition in enumerate(life.conditions):
        chance = streams.uniform(f"diagnoses:list:{condition}", len(life.people))
        listed = np.flatnonzero((life.known[:, place] <= world.last_day) & (chance < _PROBLEM_LIST_SHARE))
        rows = []
        for person in listed:
            mine = order[first[person] : first[person + 1]]
            mine = mine[(visits.day[mine] >= life.known[person, place]) & encounters.in_ehr[mine]]
            if len(mine) and life.onset[person, place] <= life.death[person]:
                rows.append((person, mine[0]))
        if not rows:
            continue
        who, at = (np.array(column, dtype=np.int64) for column in zip(*rows, strict=True))
        _list(journal, life, encounters, condition, who, at)


def _list(
    journal: Journal, life: Life, encounters: Encounters, condition: str, who: np.ndarray, at: np.ndarray
) -> None:
    place, visits = life.column(condition), encounters.visits
    person = life.people.person[who]
    stage = np.full(len(who), None, dtype=object)
    if condition in cancers():
        stage = np.array(STAGES, dtype=object)[life.stage[who, place]]
    recorded = visits.day[at].astype("datetime64[D]")
    onset = np.maximum(np.minimum(life.onset[who, place], visits.day[at]), life.people.birth[who])
    rows = {
        "id": identify(f"condition:{condition}", person), "person": person, "encounter": visits.id[at],
        "condition_key": np.full(len(who), condition, dtype=object), "onset_date": onset.astype("datetime64[D]"),
        "recorded_date": recorded, "stage": stage, "in_ehr": np.ones(len(who), dtype=bool),
        "end_date": np.full(len(who), np.datetime64("NaT"), dtype="datetime64[D]"),
    }  # fmt: skip
    journal.add(CONDITION, rows)
    planned = (identify(f"plan:{condition}", person) % 100) < 100 * _CARE_PLAN_SHARE
    if condition in _CARE_PLANS and planned.any():
        same = ("person", "encounter", "condition_key", "in_ehr", "end_date")
        journal.add(CARE_PLAN, {
            **{name: rows[name][planned] for name in same}, "start_date": recorded[planned],
            "id": identify(f"care plan:{condition}", person[planned]),
        })  # fmt: skip
