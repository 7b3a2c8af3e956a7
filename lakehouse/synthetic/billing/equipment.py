"""Durable medical equipment: what suppliers bill for persons with certain conditions or drugs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lakehouse.synthetic.arrays import chance, days_of, repeated
from lakehouse.synthetic.billing.drafts import Claims, Drafts, Lines
from lakehouse.synthetic.billing.fees import fee_schedule
from lakehouse.synthetic.billing.forms import EQUIPMENT, PARTS, forms
from lakehouse.synthetic.billing.plans import Coverage, plans
from lakehouse.synthetic.directory import Directory
from lakehouse.synthetic.frames import CONDITION, DISPENSING, NULL, PERSON
from lakehouse.synthetic.journal import Journal
from lakehouse.synthetic.knowledge import Row, by_key, number, table
from lakehouse.synthetic.streams import Integers, Streams, identify
from lakehouse.synthetic.world import World

_WITHOUT_END = 10_000
"""More deliveries than a life has room for."""


@dataclass(frozen=True)
class Needs:
    """Who needs an item, from which day to which, and by whose order."""

    person: Integers
    start: Integers
    end: Integers
    practitioner: Integers


def equipment_claims(
    world: World, streams: Streams, journal: Journal, coverage: Coverage, directory: Directory
) -> Drafts:
    """A claim for each delivery of each item while it is needed and a plan covers the person."""
    last = _last_days(journal, world)
    drafts = []
    for place, row in enumerate(table("equipment")):
        needs = _needs(row, journal, last, world)
        wanting = chance(streams, f"billing:equipment:{row['key']}", needs.person) < number(row, "share")
        drafts.append(_deliveries(place, row, needs, np.flatnonzero(wanting), coverage, directory, world))
    return Drafts.join(drafts)


def _last_days(journal: Journal, world: World) -> tuple[Integers, Integers]:
    """Persons in order, and the last day on which each can be delivered to."""
    rows = journal.rows(PERSON)
    person = rows["person"].astype(np.int64)
    died = rows["death_date"].astype("datetime64[D]")
    last = np.where(np.isnat(died), world.last_day, died.astype(np.int64))
    order = np.argsort(person)
    return person[order], np.minimum(last, world.last_day)[order]


def _needs(row: Row, journal: Journal, last: tuple[Integers, Integers], world: World) -> Needs:
    """The first need of each person who has one: by a drug where the item goes with drugs, or by a condition."""
    rows = journal.rows(DISPENSING if row["drug_class"] else CONDITION)
    if row["drug_class"]:
        drugs = [key for key, drug in by_key("drugs").items() if drug["class"] == row["drug_class"]]
        chosen = np.isin(rows["drug_key"].astype(str), drugs)
        start, practitioner = rows["start_date"][chosen], rows["practitioner"][chosen].astype(np.int64)
        end = np.full(len(start), world.last_day)
    else:
        chosen = rows["condition_key"] == row["condition_key"]
        start, ends = rows["recorded_date"][chosen], rows["end_date"][chosen].astype("datetime64[D]")
        end = np.where(np.isnat(ends), world.last_day, ends.astype(np.int64))
        practitioner = np.full(len(start), NULL)
    return _firsts(rows["person"][chosen].astype(np.int64), days_of(start), end, practitioner, last)


def _firsts(
    person: Integers, start: Integers, end: Integers, practitioner: Integers, last: tuple[Integers, Integers]
) -> Needs:
    """The earliest of each person; nobody needs anything after death."""
    order = np.lexsort((start, person))
    _, first = np.unique(person[order], return_index=True)
    rows = order[first]
    people, days = last
    limit = days[np.searchsorted(people, person[rows])]
    return Needs(person[rows], start[rows], np.minimum(end[rows], limit), practitioner[rows])


def _deliveries(
    place: int, row: Row, needs: Needs, chosen: Integers, coverage: Coverage, directory: Directory, world: World
) -> Drafts:
    """The claims of one item."""
    interval = max(int(number(row, "interval_days")), 1)
    begin = needs.start[chosen] + int(number(row, "delay_days"))
    count = np.clip((needs.end[chosen] - begin) // interval + 1, 0, number(row, "times", _WITHOUT_END)).astype(np.int64)
    need, period = repeated(count)
    day, who = begin[need] + period * interval, chosen[need]
    span = coverage.on(needs.person[who], day)
    told = (span >= 0) & (day >= world.first_day)
    told[told] = ~plans().is_advantage[coverage.plan[span[told]]]
    who, day, period, span = who[told], day[told], period[told], span[told]
    person = needs.person[who]
    claims = Claims(
        source=identify("equipment", person, place),
        part=np.full(len(who), len(PARTS)),
        person=person,
        encounter=np.full(len(who), -1),
        form=np.full(len(who), len(forms().key) - 1),
        period=period,
        periods=period + 1,
        start=day,
        end=day,
        facility=_supplier_of(person, directory),
        practitioner=needs.practitioner[who],
        span=span,
    )
    return Drafts.of(claims, [_line(row, day)])


def _line(row: Row, day: Integers) -> Lines:
    fee = fee_schedule().rows[EQUIPMENT][row["key"]]
    count = len(day)
    return Lines(
        claim=np.arange(count),
        day=day,
        fee=np.full(count, fee),
        units=np.ones(count, dtype=np.int64),
        value=np.full(count, fee_schedule().price[fee]),
        center=np.full(count, "", dtype=object),
        diagnosis=np.full(count, row["condition_key"], dtype=object),
    )


def _supplier_of(person: Integers, directory: Directory) -> Integers:
    """A person keeps to one supplier."""
    suppliers = directory.facilities["id"][directory.facilities["kind"] == "dme_supplier"].astype(np.int64)
    return np.asarray(suppliers[person % len(suppliers)])
