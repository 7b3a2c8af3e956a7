"""Which drugs people take for what they have: started as guidelines say, imperfectly, changed, and stopped.

The lines of knowledge/treatments.csv: a line starts when the condition is known (the first, or one without a target),
or when a line before it does not reach its target; among the drugs of a line one is chosen by weight.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

import numpy as np
from numpy.typing import NDArray

from lakehouse.synthetic.knowledge import Row, by_key, number, table
from lakehouse.synthetic.population.people import RACES, People
from lakehouse.synthetic.population.physiology import drug_effects
from lakehouse.synthetic.population.society import NEVER, Society
from lakehouse.synthetic.streams import Floats, Integers, Streams
from lakehouse.synthetic.world import World

INERTIA_A_MONTH = 0.11
"""How likely a doctor adds the next line in a month in which the target is missed (clinical inertia)."""

_SOON_DAYS = 120

UNDER_TREATED = ("black", "hispanic")
_LESS_STARTED, _LESS_INTENSIFIED = 0.18, 0.30


@dataclass(frozen=True)
class Line:
    """One line of the treatment of one condition."""

    condition: str
    number: int
    drugs: tuple[str, ...]
    weights: tuple[float, ...]
    start_share: float
    adherence: float
    stop_per_year: float
    target: str
    target_value: float
    duration_days: int


@cache
def lines() -> tuple[Line, ...]:
    """Every line, in the order of knowledge/treatments.csv."""
    grouped: dict[tuple[str, str], list[Row]] = {}
    for row in table("treatments"):
        grouped.setdefault((row["condition_key"], row["line"]), []).append(row)
    return tuple(
        Line(
            condition, int(line), tuple(row["drug_key"] for row in rows), tuple(number(row, "weight") for row in rows),
            number(rows[0], "start_share"), number(rows[0], "adherence_mean"), number(rows[0], "stop_per_year"),
            rows[0]["target_measure"], number(rows[0], "target_value"), int(number(rows[0], "duration_days")),
        )
        for (condition, line), rows in grouped.items()
    )  # fmt: skip


@cache
def chronic_lines() -> tuple[Line, ...]:
    """The lines that go on until they are stopped, or for more than two months."""
    return tuple(line for line in lines() if not line.duration_days or line.duration_days > 60)


@cache
def short_lines() -> dict[str, tuple[Line, ...]]:
    """The lines of short courses, by condition."""
    found: dict[str, tuple[Line, ...]] = {}
    for line in lines():
        if line not in chronic_lines():
            found[line.condition] = (*found.get(line.condition, ()), line)
    return found


@dataclass
class Courses:
    """Courses of drugs as they were taken, one entry each: places of persons, drugs, days, reason, adherence."""

    person: list[int] = field(default_factory=list)
    drug: list[str] = field(default_factory=list)
    start: list[int] = field(default_factory=list)
    end: list[int] = field(default_factory=list)
    reason: list[str] = field(default_factory=list)
    adherence: list[float] = field(default_factory=list)

    def add(self, person: int, drug: str, start: int, end: int, reason: str, adherence: float) -> int:
        """Write one down. Returns its number."""
        for values, value in zip(vars(self).values(), (person, drug, start, end, reason, adherence), strict=True):
            values.append(value)
        return len(self.person) - 1


class Therapy:
    """What everybody of a block takes now, and took before.

    exposure: person by drug class, how much of the days are covered (0 to 1). shift: person by measure, what drugs
    add on the measure's scale.
    """

    def __init__(
        self, world: World, streams: Streams, people: People, society: Society, measures: tuple[str, ...]
    ) -> None:
        persons = len(people)
        self.world, self.streams, self.people, self.society = world, streams, people, society
        self.classes = tuple(sorted({row["class"] for row in table("drugs")}))
        self.measures = measures
        self.exposure = np.zeros((persons, len(self.classes)))
        self.shift = np.zeros((persons, len(measures)))
        self.courses = Courses()
        self._short: list[tuple[int, str, float]] = []
        self._short_before = 0
        self._drugs = tuple(row["key"] for row in table("drugs"))
        self._of_drug = np.zeros((persons, len(self._drugs)))
        self._course = np.full((persons, len(chronic_lines())), -1)
        self._tried = np.zeros((persons, len(chronic_lines())), dtype=bool)
        less = world.planted.under_treatment * np.isin(people.race, [RACES.index(race) for race in UNDER_TREATED])
        self._starts, self._intensifies = 1 - _LESS_STARTED * less, 1 - _LESS_INTENSIFIED * less
        months = len(world.months) - 1
        self._chance = {
            what: {
                line: streams.uniform(_purpose(what, line), persons, *shape).astype(np.float32)
                for line in chronic_lines()
            }
            for what, shape in (("start", ()), ("drug", ()), ("add", (months,)), ("stop", (months,)))
        }
        self._own_adherence = {
            line: _adherence(line, society.adherence, streams.normal(_purpose("adherence", line), persons))
            for line in chronic_lines()
        }

    def takes(self, drug_class: str) -> Floats:
        """How much of the days of each person drugs of the class cover."""
        return self.exposure[:, self.classes.index(drug_class)]

    def treat(self, person: int, condition: str, day: int) -> None:
        """Short courses for an event that somebody saw. They count as taken until the month after."""
        for line in short_lines().get(condition, ()):
            stream = self.streams.of(f"course:{condition}:{line.number}:{person}:{day}")
            if stream.random() < line.start_share:
                total = np.cumsum(line.weights)
                drug = line.drugs[int(np.searchsorted(total, stream.random() * total[-1], side="right"))]
                self.courses.add(person, drug, day, day + line.duration_days, condition, line.adherence)
                amount = min(1.0, line.duration_days / 30) * line.adherence
                self._account(person, drug, amount)
                self._short.append((person, drug, amount))

    def users(self, drugs: tuple[str, ...]) -> Floats:
        """How much of the days of each person courses of any of these drugs cover."""
        return np.asarray(np.minimum(self._of_drug[:, [self._drugs.index(drug) for drug in drugs]].sum(axis=1), 1))

    def step(self, month: int, known: dict[str, Integers], values: dict[str, Floats], alive: NDArray[np.bool_]) -> None:
        """One month: stop what is stopped, start what is indicated. known: since when a condition is known.

        values: of each measure that a line aims at, as it is read. Courses of a fixed length begin soon after the
        condition is found, or never.
        """
        day = int(self.world.months[month])
        for person, drug, amount in self._short[: self._short_before]:
            self._account(person, drug, -amount)
        self._short = self._short[self._short_before :]
        self._short_before = len(self._short)
        for place, line in enumerate(chronic_lines()):
            if line.condition not in known:
                continue
            on = self._course[:, place] >= 0
            self._stop(month, day, place, line, on, alive)
            since = known[line.condition]
            indicated = (since <= day) & ~self._tried[:, place] & alive
            if line.duration_days:
                indicated &= day - since < _SOON_DAYS
            if indicated.any():
                self._start(month, day, place, line, indicated, values)

    def _stop(
        self, month: int, day: int, place: int, line: Line, on: NDArray[np.bool_], alive: NDArray[np.bool_]
    ) -> None:
        ends = on & (self._chance["stop"][line][:, month] < line.stop_per_year / 12)
        if line.duration_days:
            for person in np.flatnonzero(on).tolist():
                ends[person] |= day - self.courses.start[self._course[person, place]] > line.duration_days
        for person in np.flatnonzero(ends | (on & ~alive)).tolist():
            course = self._course[person, place]
            self.courses.end[course] = day
            self._account(person, self.courses.drug[course], -self.courses.adherence[course])
            self._course[person, place] = -1

    def _start(
        self, month: int, day: int, place: int, line: Line, indicated: NDArray[np.bool_], values: dict[str, Floats]
    ) -> None:
        """Start a line in those for whom it is due; who is not given it now may be when the target is missed."""
        first_month = month == 0
        if line.target and line.number > 1:
            missed = values[line.target] > line.target_value
            chance = 1.0 if first_month else INERTIA_A_MONTH * self._intensifies
            due = (
                indicated & missed & (self._chance["add"][line][:, month] < chance) & self._on_line_before(place, line)
            )
        else:
            due = indicated
        self._tried[:, place] |= due
        given = due & (self._chance["start"][line] < line.start_share * self._starts)
        for person in np.flatnonzero(given).tolist():
            drug = self._choose(line, person, day)
            if self.exposure[person, self.classes.index(by_key("drugs")[drug]["class"])] > 0:
                continue  # nobody takes two drugs of a class
            adherence = float(self._own_adherence[line][person])
            start = day - int(900 * self._chance["drug"][line][person]) if first_month else day
            start = max(start, int(self.people.birth[person]))
            self._course[person, place] = self.courses.add(person, drug, start, NEVER, line.condition, adherence)
            self._account(person, drug, adherence)

    def _on_line_before(self, place: int, line: Line) -> NDArray[np.bool_]:
        before = [
            other for other, line_before in enumerate(chronic_lines())
            if line_before.condition == line.condition and line_before.number == line.number - 1
        ]  # fmt: skip
        return np.asarray((self._course[:, before] >= 0).any(axis=1))

    def _choose(self, line: Line, person: int, day: int) -> str:
        """A drug of the line by weight; where a comparison is planted, the healthier are given the newer drug."""
        weights = np.array(line.weights)
        for comparison in table("comparisons"):
            if (comparison["condition_key"], int(comparison["line"])) == (line.condition, line.number):
                tilt = number(comparison, "tilt_per_sd_frailty") * self.society.frailty[person]
                tilt += number(comparison, "tilt_per_decade") * (self.people.age(day)[person] - 60) / 10
                newer = np.isin(line.drugs, comparison["new_drug_keys"].split(";"))
                weights = weights * np.exp(self.world.planted.confounding * tilt * newer)
        total = np.cumsum(weights)
        return line.drugs[int(np.searchsorted(total, self._chance["drug"][line][person] * total[-1], side="right"))]

    def _account(self, person: int, drug: str, amount: float) -> None:
        """Add a course to what the person is exposed to, or take it away."""
        self.exposure[person, self.classes.index(by_key("drugs")[drug]["class"])] += amount
        self._of_drug[person, self._drugs.index(drug)] += amount
        for measure, effect in drug_effects_by_drug()[drug].items():
            if measure in self.measures:
                self.shift[person, self.measures.index(measure)] += amount * effect * self.world.planted.treatment


def _purpose(what: str, line: Line) -> str:
    return f"therapy:{what}:{line.condition}:{line.number}"


@cache
def drug_effects_by_drug() -> dict[str, dict[str, float]]:
    """What each drug adds to measures."""
    return {row["key"]: drug_effects(row["key"]) for row in table("drugs")}


def _adherence(line: Line, own: Floats, drawn: Floats) -> Floats:
    """The share of days covered: around the line's mean, half of it the person's own inclination."""
    centre = np.log(line.adherence / (1 - min(line.adherence, 0.98)))
    return np.asarray(1 / (1 + np.exp(-(centre + 0.75 * own + 0.6 * drawn))))
