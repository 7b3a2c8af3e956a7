"""The hospital of a block: who is admitted, how stays end, and who comes back."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable

import numpy as np

from lakehouse.synthetic.knowledge import number, table
from lakehouse.synthetic.population import insurance, stays
from lakehouse.synthetic.population.hazards import hazards
from lakehouse.synthetic.population.life import Event, Life, Risk
from lakehouse.synthetic.population.people import NOBODY
from lakehouse.synthetic.population.settings import EMERGENCY, INPATIENT, NOWHERE, inpatient_shares
from lakehouse.synthetic.population.society import NEVER
from lakehouse.synthetic.population.stays import Stay
from lakehouse.synthetic.streams import Floats, Streams
from lakehouse.synthetic.world import World

NO_INDEX = -1
"""The index stay of a stay that is no return from another."""

NEWBORN = ("liveborn", "preterm_newborn")
_FOLLOWED_UP_SHARE = 0.55
_PRIOR_DAYS = 365


class Hospital:
    """Takes events in the order of their days. followed is told of each event that somebody saw, with its day."""

    def __init__(self, world: World, streams: Streams, life: Life, followed: Callable[[int, str, int], None]) -> None:
        self.world, self.streams, self.life, self._followed = world, streams, life, followed
        persons, months = len(life.people), len(world.months) - 1
        self._busy_until = np.full(persons, -NEVER)
        self._prior: list[list[int]] = [[] for _ in range(persons)]
        self._due: list[tuple[int, int, str, int, str, str]] = []
        self._planned = [
            (row, streams.uniform(f"planned:{row['cause_key']}", persons, months).astype(np.float32))
            for row in table("admissions")
            if row["per_1000_among"] and row["cause_key"] in life.conditions
        ]

    def step(self, month: int, start: int, end: int, events: Iterable[Event], hazard: Floats) -> None:
        """Take a month's events in the order of their days; stays lead to others, and to death.

        hazard: person by outcome, in this month. Nothing happens to who is in hospital, dead or not yet born.
        """
        for event in [*events, *self._elective(month, start, end), *self._births(start, end)]:
            self._await(event)
        while self._due and self._due[0][0] < end:
            day, person, condition, index, setting, reaction = heapq.heappop(self._due)
            lives = self.life.people.birth[person] <= day <= self.life.death[person]
            if not lives or (day <= self._busy_until[person] and condition not in NEWBORN):
                continue
            if reaction or setting != INPATIENT:
                self.life.events.append(Event(person, condition, day, setting, reaction or None))
            if setting == INPATIENT:
                self._admit(month, day, person, condition, index, hazard)
            elif setting != NOWHERE:
                self._followed(person, condition, day)

    def _await(self, event: Event, index: int = NO_INDEX) -> None:
        waits = (event.day, event.person, event.condition, index, event.setting, event.reaction or "")
        heapq.heappush(self._due, waits)

    def _admit(self, month: int, day: int, person: int, cause: str, index: int, hazard: Floats) -> None:
        life = self.life
        planned = stays.admissions()[cause]["planned"] == "1" and index == NO_INDEX
        frailty = float(life.society.frailty[person])
        stay = stays.course(self.streams, person, cause, day, life.people.age_of(person, day), frailty, planned)
        stay.end = min(stay.end, int(life.death[person]))
        stay.readmission_of = index if index != NO_INDEX else None
        self._busy_until[person] = stay.end
        life.stays.append(stay)
        self._followed(person, cause, day)
        if stay.died or stay.end == life.death[person]:
            stay.discharge = "died"
            life.death[person], life.death_cause[person] = stay.end, cause
        else:
            self._discharge(month, stay, len(life.stays) - 1, hazard)
        self._prior[person].append(stay.end)

    def _discharge(self, month: int, stay: Stay, index: int, hazard: Floats) -> None:
        """What follows a discharge: a visit soon after, and perhaps a return."""
        person = stay.person
        stream = self.streams.of(f"follow up:{person}:{stay.start}")
        if stream.random() < min(0.9, _FOLLOWED_UP_SHARE * float(self.life.society.seeking[person])):
            stay.follow_up = stay.end + 2 + int(stream.integers(0, 13))
        if stay.cause in NEWBORN:
            return
        stay.risk = stays.readmission_risk(stay, self._facts(month, stay), self.world.planted.readmission)
        self.life.risks.append(Risk(person, "readmission", stay.end, stays.READMISSION_DAYS, stay.risk, index))
        acute = slice(len(hazards().chronic), -1)
        weights = hazard[person, acute] * inpatient_shares(self.life.people.age_of(person, stay.end))
        back = stays.returns(self.streams, stay, stay.risk, weights, hazards().acute)
        if back:
            self._await(Event(person, back[1], back[0], INPATIENT), index)

    def _facts(self, month: int, stay: Stay) -> dict[str, float]:
        """The value of each factor of knowledge/readmission.csv."""
        life, person = self.life, stay.person
        soon = stay.follow_up is not None and stay.follow_up - stay.end <= 7
        prior = sum(stay.start - _PRIOR_DAYS <= end < stay.start for end in self._prior[person])
        facts = {
            "age_per_decade": max(life.people.age_of(person, stay.end) - 60, -40) / 10,
            "frailty_per_sd": float(life.society.frailty[person]),
            "deprivation_per_sd": float(life.society.deprivation[person]),
            "prior_stay": float(min(prior, 5)),
            "long_stay": float(stay.end - stay.start >= 7),
            "follow_up_within_7_days": float(soon),
            "against_medical_advice": float(stay.discharge == "against_advice"),
            "medicaid": float(life.insurance.payer[person, month] == insurance.MEDICAID),
        }
        active = {name: float(life.onset[person, place] <= stay.end) for place, name in enumerate(life.conditions)}
        return facts | {name: active[name] for name in stays.log_odds() if name in active}

    def _elective(self, month: int, start: int, end: int) -> list[Event]:
        """Stays that follow from a disease at a yearly rate: elective surgery, and the courses of cancers."""
        found = []
        for row, chances in self._planned:
            known = self.life.known[:, self.life.column(row["cause_key"])]
            risk, chance = number(row, "per_1000_among") / 12_000, chances[:, month]
            for person in np.flatnonzero((known <= start) & (chance < risk)).tolist():
                day = start + int(chance[person] / risk * (end - start))
                found.append(Event(person, row["cause_key"], day, INPATIENT))
        return found

    def _births(self, start: int, end: int) -> list[Event]:
        """Deliveries and newborns of the month, and pregnancies that are lost."""
        found = []
        for pregnancy in self.life.pregnancies:
            if not start <= pregnancy.end < end:
                continue
            if pregnancy.child is None:
                found.append(Event(pregnancy.mother, "miscarriage", pregnancy.end, EMERGENCY))
                continue
            cause = "cesarean_delivery" if pregnancy.cesarean else "normal_delivery"
            found.append(Event(pregnancy.mother, cause, pregnancy.end, INPATIENT))
            newborn = "preterm_newborn" if pregnancy.complication == "preterm_labor" else "liveborn"
            children = [pregnancy.child, int(self.life.people.twin[pregnancy.child])]
            found += [Event(child, newborn, pregnancy.end, INPATIENT) for child in children if child != NOBODY]
        return found
