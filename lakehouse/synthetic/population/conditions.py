"""The conditions that last: which there are, when they begin in whom, and when they are found."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from lakehouse.synthetic.knowledge import number, table
from lakehouse.synthetic.population import baseline
from lakehouse.synthetic.population.hazards import hazards
from lakehouse.synthetic.population.life import Life
from lakehouse.synthetic.population.society import NEVER
from lakehouse.synthetic.streams import Floats, Integers, Streams

STAGES = (0.45, 0.65, 0.85)
"""Cumulative shares of stages I to III of a cancer when it is found; the rest is stage IV."""

STAGE_LOG_HAZARD = (-2.2, -1.2, 0.0, 1.5)
"""How the stage moves the hazard of death by a cancer."""


@cache
def conditions() -> tuple[str, ...]:
    """Every condition that lasts, in a fixed order: chronic diseases, then what follows from them and from habits."""
    derived = [row["condition_key"] for name in ("progressions", "history") for row in table(name)]
    return tuple(dict.fromkeys((*hazards().chronic, *derived, "obesity", "tobacco_use")))


@cache
def cancers() -> tuple[str, ...]:
    """The conditions that are cancers."""
    return tuple(row["key"] for row in table("conditions") if row["group"] == "cancer" and row["key"] in conditions())


class Diseases:
    """When conditions begin in the people of a block, and when they are found."""

    def __init__(self, streams: Streams, life: Life, months: int) -> None:
        persons = len(life.people)
        self.streams, self.life = streams, life
        rates = dict(zip(life.conditions, baseline.detection_rates(life.conditions), strict=True))
        self._waits = {
            name: baseline.days_to_find(streams, name, life.society.seeking, rates[name]) for name in life.conditions
        }
        self._stages = {
            name: np.searchsorted(STAGES, streams.uniform(f"stage:{name}", persons)).astype(np.int8)
            for name in cancers()
        }
        self._chance = {
            name: streams.uniform(f"hazard:{name}", persons, months).astype(np.float32) for name in hazards().chronic
        }
        self._progressions = [
            (row, streams.uniform(_purpose(row["condition_key"], row["cause_key"]), persons, months).astype(np.float32))
            for row in table("progressions")
            if row["per_year"]
        ]

    def begin(self, condition: str, persons: Integers, days: Integers) -> None:
        """Let the condition begin in these persons on these days, unless it did before."""
        place = self.life.column(condition)
        self.life.onset[persons, place] = np.minimum(self.life.onset[persons, place], days)
        self.find(condition, persons)

    def find(self, condition: str, persons: Integers) -> None:
        """Settle when the condition of these persons is found, and at which stage if it is a cancer."""
        place = self.life.column(condition)
        onset = np.maximum(self.life.onset[persons, place], self.life.people.birth[persons])
        self.life.known[persons, place] = np.minimum(onset + self._waits[condition][persons], NEVER)
        if condition in self._stages:
            self.life.stage[persons, place] = self._stages[condition][persons]

    def step(self, month: int, start: int, end: int, hazard: Floats) -> None:
        """What begins in a month, by its own hazard (person by outcome) or as a complication of another."""
        for place, condition in enumerate(hazards().chronic):
            risk = 1 - np.exp(-hazard[:, place])
            chance = self._chance[condition][:, month]
            begins = np.flatnonzero(chance < risk)
            self.begin(condition, begins, start + (chance[begins] / risk[begins] * (end - start)).astype(np.int64))
        onset = self.life.onset
        for row, chances in self._progressions:
            has = (onset[:, self.life.column(row["cause_key"])] <= start) & (self.life.death >= start)
            free = onset[:, self.life.column(row["condition_key"])] == NEVER
            begins = np.flatnonzero(has & free & (chances[:, month] < number(row, "per_year") / 12))
            self.begin(row["condition_key"], begins, np.full(len(begins), start))

    def follow(self, person: int, event: str, day: int) -> None:
        """What an acute event turns into or leaves behind (knowledge/progressions.csv)."""
        if event in self.life.conditions:
            self.begin(event, np.array([person]), np.array([day]))
        for row in table("progressions"):
            if row["cause_key"] == event and row["share"]:
                stream = self.streams.of(f"leaves:{event}:{row['condition_key']}:{person}:{day}")
                if stream.random() < number(row, "share"):
                    self.begin(row["condition_key"], np.array([person]), np.array([day]))

    def cancer_mortality(self, active: NDArray[np.bool_]) -> Floats:
        """What the stages of the cancers that are active make of the hazard of death."""
        places = [self.life.column(name) for name in cancers()]
        log_ratio = np.array(STAGE_LOG_HAZARD)[self.life.stage[:, places]] * active[:, places]
        return np.asarray(np.exp(log_ratio.sum(axis=1)))

    def cause_of_death(self, person: int, day: int) -> str | None:
        """The chronic disease that weighs most on a person's risk of dying; None where there is none."""
        active = self.life.onset[person, : len(hazards().chronic)] <= day
        weights = np.where(active, hazards().of_conditions[:, -1], 0.0)
        stages = {name: STAGE_LOG_HAZARD[self.life.stage[person, self.life.column(name)]] for name in cancers()}
        weights += [stages.get(name, 0.0) * has for name, has in zip(hazards().chronic, active, strict=True)]
        return hazards().chronic[int(weights.argmax())] if weights.max() > 0 else None


def _purpose(condition: str, cause: str) -> str:
    return f"progression:{condition}:{cause}"
