"""Whose insurance people have, month by month: Medicare, Medicaid, commercial plans, and gaps.

Shares after the Census Bureau's report on 2019-2021 and CMS's enrolment counts (R): of those under 65 about 10 % are
uninsured, 22 % in Medicaid, the rest in commercial plans; Medicare takes over at 65, or with a disability; managed
care has 37 % of Medicare in 2019 and 54 % in 2025.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lakehouse.synthetic.frames import COVERAGE
from lakehouse.synthetic.journal import Journal
from lakehouse.synthetic.population.people import DAYS_A_YEAR, People
from lakehouse.synthetic.population.society import Society
from lakehouse.synthetic.streams import Floats, Integers, Streams, identify
from lakehouse.synthetic.world import World

PAYERS = ("none", "medicare", "medicaid", "commercial")
PLANS = ("", "fee_for_service", "advantage", "managed", "ppo", "hdhp")
NONE, MEDICARE, MEDICAID, COMMERCIAL = range(4)

_REDRAWN_A_YEAR = 0.14
_GAPS_A_YEAR = 0.10
"""Loss and return within the year: about a tenth of Medicaid's members (R)."""


@dataclass(frozen=True)
class Insurance:
    """payer, plan: person by month, places in PAYERS and PLANS. disabled: entitled to Medicare before 65."""

    payer: NDArray[np.int8]
    plan: NDArray[np.int8]
    disabled: NDArray[np.bool_]
    dual: NDArray[np.bool_]
    part_d: NDArray[np.bool_]


def draw(world: World, streams: Streams, people: People, society: Society) -> Insurance:
    """The insurance of the block. Who is not born yet, or dead, is left for others to cut off."""
    months = world.months[:-1]
    age = (months[None, :] - people.birth[:, None]) / DAYS_A_YEAR
    disabled = streams.uniform("insurance:disabled", len(people)) < np.interp(
        people.age(world.first_day), (18, 30, 45, 60, 64), (0.0, 0.012, 0.03, 0.075, 0.09)
    )
    old = (age >= 65) | (disabled[:, None] & (age >= 20))
    payer = np.where(old, MEDICARE, _before_medicare(world, streams, people, society, age))
    uncovered = streams.uniform("insurance:outside medicare", len(people)) < 0.015
    payer = np.where(old & uncovered[:, None], NONE, payer).astype(np.int8)
    year = 1970 + months / DAYS_A_YEAR
    advantage = streams.uniform("insurance:advantage", len(people))[:, None] < np.interp(
        year, (2019, 2025.9), (0.37, 0.54)
    )
    hdhp = streams.uniform("insurance:high deductible", len(people))[:, None] < 0.3
    plan = np.select(
        [(payer == MEDICARE) & advantage, payer == MEDICARE, payer == MEDICAID, (payer == COMMERCIAL) & hdhp,
         payer == COMMERCIAL],
        [PLANS.index(name) for name in ("advantage", "fee_for_service", "managed", "hdhp", "ppo")], 0,
    ).astype(np.int8)  # fmt: skip
    dual = (society.income < 1.35) & (streams.uniform("insurance:dual", len(people)) < 0.6)
    part_d = streams.uniform("insurance:part d", len(people)) < np.where(dual, 1.0, 0.76)
    return Insurance(payer, plan, disabled, dual, part_d)


def _before_medicare(
    world: World, streams: Streams, people: People, society: Society, age: Floats
) -> Integers:  # fmt: skip
    """The payer of each month of the young: an inclination that lasts, drawn anew now and then, and short gaps."""
    persons, months = age.shape
    fresh = streams.uniform("insurance:inclination", persons, months)
    anew = streams.uniform("insurance:anew", persons, months) < _REDRAWN_A_YEAR / 12
    anew[:, 0] = True
    latest = np.maximum.accumulate(np.where(anew, np.arange(months), 0), axis=1)
    inclination = np.take_along_axis(fresh, latest, axis=1)[society.household]
    income = society.income[:, None]
    medicaid = np.where(age < 19, np.interp(income, (0.5, 1.4, 2.5, 4), (0.92, 0.8, 0.45, 0.03)),
                        np.interp(income, (0.3, 1.0, 1.38, 1.8, 3), (0.75, 0.62, 0.45, 0.12, 0.01)))  # fmt: skip
    uninsured = np.where(age < 19, 0.015, np.interp(income, (0.5, 1.4, 3, 6), (0.2, 0.21, 0.12, 0.04)))
    payer = np.select([inclination < medicaid, inclination > 1 - uninsured], [MEDICAID, NONE], COMMERCIAL)
    gap = streams.uniform("insurance:gap", persons, months) < _GAPS_A_YEAR / 12
    length = np.ceil(3 * streams.uniform("insurance:length of gap", persons, months)).astype(int)
    for back in range(3):
        shifted = np.zeros_like(gap)
        shifted[:, back:] = gap[:, : months - back] & (length[:, : months - back] > back)
        payer = np.where(shifted & (payer == MEDICAID), NONE, payer)
    return np.asarray(payer)


def write(
    world: World, journal: Journal, people: People, society: Society, insurance: Insurance, death: Integers
) -> None:
    """Write down spans of months with one payer and plan, from birth to death."""
    months, persons = len(world.months) - 1, len(people)
    alive = (world.months[1:] > people.birth[:, None]) & (world.months[:-1] <= death[:, None])
    state = np.where(alive, insurance.payer.astype(np.int64) * len(PLANS) + insurance.plan, 0)
    edge = np.ones((persons, months), dtype=bool)
    edge[:, 1:] = state[:, 1:] != state[:, :-1]
    person, first = np.nonzero(edge)
    last = np.append(first[1:], months)
    last = np.where(np.append(person[1:], -1) == person, last, months)
    covered = state[person, first] >= len(PLANS)
    person, first, last = person[covered], first[covered], last[covered]
    payer, plan = insurance.payer[person, first], insurance.plan[person, first]
    old = world.months[first] - people.birth[person] >= 65 * DAYS_A_YEAR - 31
    journal.add(COVERAGE, {
        "id": identify("coverage", people.person[person], world.months[first]), "person": people.person[person],
        "start_date": days(world.months[first]), "end_date": days(world.months[last] - 1),
        "payer": np.array(PAYERS, dtype=object)[payer], "plan": np.array(PLANS, dtype=object)[plan],
        "subscriber": people.person[np.where(payer == COMMERCIAL, society.household[person], person)],
        "entitlement": np.array([None, "1", "0"], dtype=object)[(payer == MEDICARE) * (1 + old)],
        "dual": insurance.dual[person] & (payer == MEDICARE), "part_d": insurance.part_d[person] & (payer == MEDICARE),
    })  # fmt: skip


def days(numbers: Integers) -> NDArray[np.datetime64]:
    """Days since 1970 as dates."""
    return np.asarray(numbers).astype("datetime64[D]")
