"""The conditions that last: which there are, when they begin in whom, and when they are found."""

from __future__ import annotations

from functools import cache

import numpy as np

from lakehouse.synthetic.knowledge import Row, number, table
from lakehouse.synthetic.population import baseline, screening
from lakehouse.synthetic.population.hazards import hazards
from lakehouse.synthetic.population.life import Life
from lakehouse.synthetic.population.society import NEVER
from lakehouse.synthetic.streams import Floats, Integers, Streams
from lakehouse.synthetic.world import World

ANY, SCREENING = "any", "screening"

_STAGES = (0.45, 0.2, 0.2, 0.15)
"""Shares of the stages of a cancer when it is found, where knowledge/cancer_stages.csv does not have it (E)."""

_STAGE_LOG_HAZARD = (-2.2, -1.2, 0.0, 1.5)
"""How the stage moves what a cancer adds to the hazard of death, but for a constant."""


@cache
def conditions() -> tuple[str, ...]:
    """Every condition that lasts, in a fixed order: chronic diseases, then what follows from them and from habits."""
    derived = [row["condition_key"] for name in ("progressions", "history") for row in table(name)]
    return tuple(dict.fromkeys((*hazards().chronic, *derived, "obesity", "tobacco_use")))


@cache
def cancers() -> tuple[str, ...]:
    """The conditions that are cancers."""
    return tuple(row["key"] for row in table("conditions") if row["group"] == "cancer" and row["key"] in conditions())


@cache
def stages(cancer: str) -> tuple[Floats, Floats]:
    """The shares of the stages I to IV of a cancer that symptoms lead to, and of one that screening finds.

    Together they are the published shares of all cases, by the share of them that screening finds.
    """
    every, screened = _stage_shares(cancer, ANY), _stage_shares(cancer, SCREENING)
    row = _stage_row(cancer, SCREENING)
    share = number(row, "share") if row else 0.0
    return (every - share * screened) / (1 - share), screened


@cache
def hazard_ratios(cancer: str) -> Floats:
    """How many times likelier who has the cancer dies, by stage; on the mean of all cases as in knowledge/risks.csv."""
    relative = np.exp(_STAGE_LOG_HAZARD)
    excess = _average_ratio(cancer) - 1
    return np.asarray(1 + excess * relative / (_stage_shares(cancer, ANY) @ relative))


def _average_ratio(cancer: str) -> float:
    return float(np.exp(hazards().of_conditions[hazards().chronic.index(cancer), -1]))


def _stage_shares(cancer: str, found_by: str) -> Floats:
    row = _stage_row(cancer, found_by)
    return np.array([number(row, f"stage_{stage}") for stage in (1, 2, 3, 4)] if row else _STAGES)


def _stage_row(cancer: str, found_by: str) -> Row | None:
    rows = (row for row in table("cancer_stages") if (row["condition_key"], row["found_by"]) == (cancer, found_by))
    return next(rows, None)


class Diseases:
    """When conditions begin in the people of a block, and when they are found."""

    def __init__(self, world: World, streams: Streams, life: Life, months: int) -> None:
        persons = len(life.people)
        self.streams, self.life = streams, life
        rates = dict(zip(life.conditions, baseline.detection_rates(life.conditions), strict=True))
        self._waits = {
            name: baseline.days_to_find(streams, name, life.society.seeking, rates[name]) for name in life.conditions
        }
        self._stages = {name: streams.uniform(f"stage:{name}", persons) for name in cancers()}
        self._tests = {name: screening.telling_tests(world, streams, life, name) for name in cancers()}
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
        """Settle when the condition of these persons is found, and how and at which stage if it is a cancer."""
        place = self.life.column(condition)
        onset = np.maximum(self.life.onset[persons, place], self.life.people.birth[persons])
        self.life.known[persons, place] = np.minimum(onset + self._waits[condition][persons], NEVER)
        if condition in self._stages:
            self._find_cancer(condition, persons, onset)

    def _find_cancer(self, cancer: str, persons: Integers, onset: Integers) -> None:
        """Let the first test after the onset find the cancer before symptoms do, and then at an earlier stage."""
        life, place = self.life, self.life.column(cancer)
        tests = self._tests[cancer][persons]
        tested = np.where(tests >= onset[:, None], tests, NEVER).min(axis=1)
        screened = tested < life.known[persons, place]
        life.known[persons, place] = np.where(screened, tested, life.known[persons, place])
        life.screened[persons, place] = screened
        bounds = np.cumsum(np.stack(stages(cancer)), axis=1)[screened.astype(int), :3]
        life.stage[persons, place] = (bounds < self._stages[cancer][persons][:, None]).sum(axis=1)

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

    def cancer_mortality(self, day: int) -> Floats:
        """What cancers make of the hazard of death that has the mean of all stages: nothing until they are found."""
        found = np.ones(len(self.life.people))
        for name in cancers():
            place = self.life.column(name)
            ratio = np.where(self.life.known[:, place] <= day, hazard_ratios(name)[self.life.stage[:, place]], 1)
            found *= np.where(self.life.onset[:, place] <= day, ratio / _average_ratio(name), 1)
        return found

    def cause_of_death(self, person: int, day: int) -> str | None:
        """The chronic disease that weighs most on a person's risk of dying; None where there is none."""
        active = self.life.onset[person, : len(hazards().chronic)] <= day
        weights = np.where(active, hazards().of_conditions[:, -1], 0.0)
        for name in cancers():
            place = self.life.column(name)
            if active[place]:
                ratio = hazard_ratios(name)[self.life.stage[person, place]]
                weights[place] = np.log(ratio) * (self.life.known[person, place] <= day)
        return hazards().chronic[int(weights.argmax())] if weights.max() > 0 else None


def _purpose(condition: str, cause: str) -> str:
    return f"progression:{condition}:{cause}"
