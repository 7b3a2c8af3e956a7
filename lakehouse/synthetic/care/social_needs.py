"""Social needs as patients tell of them: answers to a questionnaire, and few coded problems; MEASUREMENT, CONDITION.

Who has a need tells of it or not, always the same; whom a code is written down for is among those who tell.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lakehouse.synthetic.care.encounters import Encounters
from lakehouse.synthetic.frames import CONDITION, MEASUREMENT, NULL
from lakehouse.synthetic.journal import Journal
from lakehouse.synthetic.knowledge import Row, number, table
from lakehouse.synthetic.population.life import Life
from lakehouse.synthetic.population.people import DAYS_A_YEAR
from lakehouse.synthetic.streams import Floats, Integers, Streams, identify

_CODED_SHARE = 0.18
"""Few social needs are coded: 1 to 3 % of patients have a Z code (CMS 2021, R)."""

_ASSESSMENT = "social_needs_assessment"
_ASKED_AT = ("wellness_visit", "primary_care_visit")
_ASKED = ((2019.0, 2022.5, 2023.5, 2026.0), (0.07, 0.07, 0.16, 0.20))
"""Times, and the share of other preventive visits at which the questionnaire is filled in: about a third of adults who
come to primary care in a year, more since payers measure and pay for it (HEDIS 2023, Medicare 2024; shares E)."""


def write(streams: Streams, journal: Journal, life: Life, encounters: Encounters) -> None:
    """Write down the answers, and the needs that stand on problem lists."""
    asked = _asked(streams, life, encounters)
    for row in table("social_questions"):
        _answer(streams, journal, life, encounters, row, asked)
    _code(streams, journal, life, encounters)


def _asked(streams: Streams, life: Life, encounters: Encounters) -> Integers:
    """The places of the encounters at which adults fill in the questionnaire."""
    visits = encounters.visits
    share = np.interp(1970 + visits.day / DAYS_A_YEAR, *_ASKED) * np.isin(visits.key, _ASKED_AT)
    share[visits.procedure == _ASSESSMENT] = 1.0
    adult = visits.day - life.people.birth[visits.person] > 18 * DAYS_A_YEAR
    return np.flatnonzero(adult & (streams.chance("social needs:asked", visits.id) < share))


def _answer(
    streams: Streams, journal: Journal, life: Life, encounters: Encounters, row: Row, asked: Integers
) -> None:  # fmt: skip
    """The answers to one question: of those with the need and without it, who decline, and who leave it blank."""
    visits, question = encounters.visits, f"social needs:{row['measure_key']}"
    age = (visits.day[asked] - life.people.birth[visits.person[asked]]) / DAYS_A_YEAR
    at = asked[(age >= number(row, "from_age")) & (age < number(row, "to_age"))]
    at = at[streams.chance(f"{question}:blank", visits.id[at]) >= number(row, "blank_share")]
    if not len(at):
        return
    person, has = life.people.person[visits.person[at]], life.society.needs[row["condition_key"]][visits.person[at]]
    tells = has & (_openness(streams, row["condition_key"], person) < number(row, "told_share"))
    tells |= ~has & (streams.chance(f"{question}:false", visits.id[at]) < number(row, "false_share"))
    which = streams.chance(f"{question}:answer", person)
    answer = np.where(tells, _pick(row["answers_with"], which), _pick(row["answers_without"], which))
    declines = streams.chance(f"{question}:declined", visits.id[at]) < number(row, "declined_share")
    answer[declines] = row["declined_answer_key"]
    journal.add(MEASUREMENT, {
        "id": identify(f"measurement:{row['measure_key']}", visits.id[at]), "person": person,
        "encounter": visits.id[at], "measure_key": np.full(len(at), row["measure_key"], dtype=object),
        "start_time": visits.start[at].astype("datetime64[m]"), "value_key": answer,
        "report": np.full(len(at), NULL), "value": np.full(len(at), np.nan), "in_ehr": encounters.in_ehr[at],
    })  # fmt: skip


def _openness(streams: Streams, need: str, persons: Integers) -> Floats:
    """Uniform on [0, 1) for each person: the lower, the more readily the need is told of."""
    return streams.chance(f"social:{need}", persons)


def _pick(answers: str, chance: Floats) -> NDArray[Any]:
    """One of the answers, written as `key weight;key weight`, by weight."""
    keys, weights = zip(*(answer.split() for answer in answers.split(";")), strict=True)
    total = np.cumsum([float(weight) for weight in weights])
    return np.asarray(np.array(keys, dtype=object)[np.searchsorted(total, chance * total[-1], side="right")])


def _code(streams: Streams, journal: Journal, life: Life, encounters: Encounters) -> None:
    """Needs that stand on the problem list, from the first preventive visit on."""
    visits = encounters.visits
    seen = np.flatnonzero(encounters.in_ehr & np.isin(visits.key, _ASKED_AT))
    adult = (visits.day[seen] - life.people.birth[visits.person[seen]]) > 18 * DAYS_A_YEAR
    seen_first = visits.first_of_each(seen[adult])
    first = visits.person[seen_first]
    for condition, has in life.society.needs.items():
        told = has[first] & (_openness(streams, condition, life.people.person[first]) < _CODED_SHARE)
        at = seen_first[told]
        if not len(at):
            continue
        day = visits.day[at].astype("datetime64[D]")
        person = life.people.person[visits.person[at]]
        journal.add(CONDITION, {
            "id": identify(f"condition:{condition}", person), "person": person, "encounter": visits.id[at],
            "condition_key": np.full(len(at), condition, dtype=object), "onset_date": day, "recorded_date": day,
            "end_date": np.full(len(at), np.datetime64("NaT"), dtype="datetime64[D]"), "in_ehr": encounters.in_ehr[at],
        })  # fmt: skip
