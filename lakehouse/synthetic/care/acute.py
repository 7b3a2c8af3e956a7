"""Contacts that the simulation itself tells of: stays, what follows them, acute events, infusions, hospice."""

from __future__ import annotations

import numpy as np

from lakehouse.synthetic.care.visits import Visits, make, objects
from lakehouse.synthetic.knowledge import by_key, number
from lakehouse.synthetic.population.life import Life
from lakehouse.synthetic.population.people import DAYS_A_YEAR
from lakehouse.synthetic.population.society import NEVER
from lakehouse.synthetic.streams import Streams, identify, numbers_of

_URGENT_CARE_SHARE = 0.22
_HOSPICE_SHARE = 0.6


def draw(streams: Streams, life: Life) -> list[Visits]:
    """The contacts of the block, source by source."""
    return [*_stays(life), _events(streams, life), _follow_ups(life), _infusions(life), _hospice(streams, life)]


def _stays(life: Life) -> list[Visits]:
    """Stays, and the care in a nursing facility or at home that follows some of them."""
    stays = life.stays
    number_ = np.arange(len(stays))
    person = np.array([stay.person for stay in stays], dtype=np.int64)
    start, end = (np.array([getattr(stay, name) for stay in stays], dtype=np.int64) for name in ("start", "end"))
    cause = objects([stay.cause for stay in stays])
    at = 60 * (6 + identify("hour of admission", life.people.person[person], start) % 17)
    hospital = make(
        "stay", life, person, start, "inpatient", cause, minutes=at, lasts=np.maximum(end - start, 1) * 1440 - at + 660,
        stay=number_, event=cause,
    )  # fmt: skip
    after = [hospital]
    for key in ("skilled_nursing", "home_health"):
        places = np.array([i for i, stay in enumerate(stays) if stay.discharge == key], dtype=np.int64)
        days = np.array([stays[i].facility_days for i in places], dtype=np.int64)
        until = np.minimum(end[places] + days, life.death[person[places]])
        lasts = np.maximum(until - end[places], 1) * 1440 - 120
        after.append(make(key, life, person[places], end[places], key, cause[places], minutes=np.full(len(places), 780),
                           lasts=lasts, stay=places))  # fmt: skip
    return after


def _events(streams: Streams, life: Life) -> Visits:
    """Visits for acute events, where somebody saw them."""
    seen = [event for event in life.events if event.setting in ("emergency", "office")]
    person = np.array([event.person for event in seen], dtype=np.int64)
    day = np.array([event.day for event in seen], dtype=np.int64)
    condition = objects([event.condition for event in seen])
    which = (life.people.person[person], day, numbers_of(condition))
    urgent = streams.chance("visits:urgent care", *which) < _URGENT_CARE_SHARE
    key = objects([
        "emergency" if event.setting == "emergency" else "urgent_care" if hurry else "primary_care_visit"
        for event, hurry in zip(seen, urgent, strict=True)
    ])  # fmt: skip
    hour = streams.chance("visits:hour", *which)
    at = np.where(key == "emergency", hour * 1200, 480 + 15 * np.floor(36 * hour)).astype(np.int64)
    return make("event", life, person, day, key, condition, minutes=at, event=condition, also=which[2])


def _follow_ups(life: Life) -> Visits:
    followed = [stay for stay in life.stays if stay.follow_up is not None]
    person = np.array([stay.person for stay in followed], dtype=np.int64)
    day = np.array([stay.follow_up for stay in followed], dtype=np.int64)
    return make("follow up", life, person, day, "primary_care_visit", objects([stay.cause for stay in followed]), "11")


def _infusions(life: Life) -> Visits:
    """Visits at which drugs are given that are not taken at home, once for each days of supply of a long course."""
    courses, visits = life.courses, []
    for person, drug, start, end, reason in zip(
        courses.person, courses.drug, courses.start, courses.end, courses.reason, strict=True
    ):
        row = by_key("drugs")[drug]
        every = max(int(number(row, "days_supply")), 14)
        if row["setting"] != "home" and min(end, start + 4000) - start > 20 and reason != "end_stage_renal_disease":
            first = max(start, int(life.people.birth[person]))
            visits += [(person, day, reason) for day in range(first, min(end, first + 4000), every)]
    unique = sorted({(person, day): reason for person, day, reason in visits}.items())
    who, when = (np.array([key[i] for key, _ in unique], dtype=np.int64) for i in (0, 1))
    return make("infusion", life, who, when, "infusion", objects([reason for _, reason in unique]), "83")


def _hospice(streams: Streams, life: Life) -> Visits:
    """Hospice until death, for half of the old who die of a disease (MedPAC 2023, R): mostly for weeks."""
    days = np.ceil(streams.of("visits:hospice days").gamma(0.7, 85.0, len(life.people))).astype(np.int64)
    dies = np.array([cause in life.conditions for cause in life.death_cause], dtype=bool)
    old = (life.death < NEVER) & ((life.death - life.people.birth) / DAYS_A_YEAR >= 65)
    enrolled = dies & old & (streams.uniform("visits:hospice", len(life.people)) < _HOSPICE_SHARE)
    last_stay = np.full(len(life.people), -NEVER)
    for stay in life.stays:
        last_stay[stay.person] = max(last_stay[stay.person], stay.end)
    person = np.flatnonzero(enrolled & (life.death - np.maximum(life.death - days, last_stay + 1) > 0))
    start = np.maximum(life.death - days, last_stay + 1)[person]
    lasts = np.maximum(life.death[person] - start, 1) * 1440 - 600
    return make("hospice", life, person, start, "hospice", life.death_cause[person], "17", lasts=lasts)
