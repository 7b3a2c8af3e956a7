"""The conditions that people live in: place and moves, education, income, language, habits, body mass.

Numbers without another source are estimates. Households move together: a child with the mother, a couple with each
other, and one that is born joins the household.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lakehouse.synthetic.knowledge import table
from lakehouse.synthetic.population.people import DAYS_A_YEAR, MALE, NOBODY, RACES, People
from lakehouse.synthetic.streams import Floats, Integers, Streams
from lakehouse.synthetic.world import World

NEVER = 1 << 30
"""A day that does not come."""

EDUCATION = ("less than high school", "high school", "some college", "bachelor or more")
_EDUCATION_SHARE = {
    "white": (0.06, 0.28, 0.29, 0.37), "black": (0.12, 0.33, 0.31, 0.24), "hispanic": (0.29, 0.31, 0.22, 0.18),
    "asian": (0.10, 0.15, 0.19, 0.56), "aian": (0.16, 0.34, 0.32, 0.18), "nhpi": (0.11, 0.37, 0.31, 0.21),
    "multiple": (0.08, 0.27, 0.34, 0.31),
}  # fmt: skip
"""Adults of 25 and older, American Community Survey 2019 (R)."""

_SEGREGATION = {
    "white": -0.25,
    "black": 0.75,
    "hispanic": 0.6,
    "asian": -0.15,
    "aian": 0.6,
    "nhpi": 0.3,
    "multiple": 0.1,
}
"""How much likelier a race is to live in a place one standard deviation more deprived, as a log odds."""

_SPEAKS_OTHER = {"hispanic": ("es", 0.32), "asian": ("zh", 0.22), "nhpi": ("en", 0.0)}
_MOVES_A_YEAR = 0.085
_LOG_INCOME_SD = 0.75
_SMOKING_AGE = 18


@dataclass(frozen=True)
class Society:
    """What surrounds a person, by the person's place in the block.

    household: the place of the household's head. place: person by month of the window, a row of knowledge/places.csv.
    moves: the places of heads, the day of each move, and the new place. deprivation: of the place at first, in
    standard deviations. income: household income as a ratio to the federal poverty level.
    smoking_from, smoking_until: days, or NEVER. log_bmi: of an adult, at 50, before weight drifts.
    adherence: inclination to take drugs as prescribed; seeking: to seek care; frailty: what is not recorded and makes
    ill; each standard normal but `seeking`, a factor around one. needs: who has each social need, whether or not told
    of it; the names are conditions of the group social.
    """

    household: Integers
    place: NDArray[np.int16]
    moves: tuple[Integers, Integers, Integers]
    deprivation: Floats
    rural: NDArray[np.bool_]
    education: Integers
    income: Floats
    language: NDArray[np.object_]
    smoking_from: Integers
    smoking_until: Integers
    homeless: NDArray[np.bool_]
    unemployed: NDArray[np.bool_]
    heavy_drinker: NDArray[np.bool_]
    inactive: NDArray[np.bool_]
    log_bmi: Floats
    adherence: Floats
    seeking: Floats
    frailty: Floats
    needs: Mapping[str, NDArray[np.bool_]]

    def smokes(self, day: int) -> NDArray[np.bool_]:
        """Who smokes on a day."""
        return np.asarray((self.smoking_from <= day) & (day < self.smoking_until))

    def smoked(self, day: int) -> NDArray[np.bool_]:
        """Who smoked, and stopped before a day."""
        return np.asarray(self.smoking_until <= day)


def draw(world: World, streams: Streams, people: People, bmi_liability: Floats) -> Society:
    """The society of the block. bmi_liability: genetic, in standard deviations."""
    household = _households(world, people)
    place, moves = _places(world, streams, people, household)
    rows = table("places")
    deprivation = np.array([float(row["deprivation"]) for row in rows])[place[:, 0]]
    rural = np.array([row["rural"] == "1" for row in rows])[place[:, 0]]
    education = _education(streams, people, deprivation)
    income = _income(streams, education, deprivation, household)
    adult = (people.age(world.first_day) >= 18) & (people.age(world.first_day) < 65)
    smoking_from, smoking_until = _smoking(streams, people, education, income)
    homeless = (income < 0.7) & (streams.uniform("society:homeless", len(people)) < 0.03)
    unemployed = adult & (streams.uniform("society:unemployed", len(people)) < np.where(income < 1.5, 0.12, 0.025))
    return Society(
        household, place, moves, deprivation, rural, education, income, _languages(streams, people),
        smoking_from, smoking_until,
        homeless=homeless,
        unemployed=unemployed,
        heavy_drinker=streams.uniform("society:alcohol", len(people)) < np.where(people.sex == MALE, 0.085, 0.045),
        inactive=streams.uniform("society:inactive", len(people)) < np.clip(0.27 + 0.05 * deprivation, 0.1, 0.5),
        log_bmi=_log_bmi(world, streams, people, deprivation, bmi_liability),
        adherence=streams.normal("society:adherence", len(people)),
        seeking=np.exp(0.35 * streams.normal("society:seeking", len(people)) - 0.35**2 / 2),
        frailty=streams.normal("society:frailty", len(people)),
        needs=_needs(streams, people, income, homeless, unemployed),
    )  # fmt: skip


def _needs(
    streams: Streams, people: People, income: Floats, homeless: NDArray[np.bool_], unemployed: NDArray[np.bool_]
) -> dict[str, NDArray[np.bool_]]:
    """Who lacks work, a home, money, food, transport or company; food and transport where there is little money."""
    poor = income < 1.0
    return {
        "unemployment": unemployed,
        "homelessness": homeless,
        "low_income": income < 0.6,
        "food_insecurity": poor & (streams.uniform("social:food", len(people)) < 0.45),
        "transportation_insecurity": poor & (streams.uniform("social:transport", len(people)) < 0.25),
        "living_alone": (people.partner == NOBODY) & (streams.uniform("social:alone", len(people)) < 0.3),
    }


def _households(world: World, people: People) -> Integers:
    """The head of each person's household: the mother for the young, the woman of a couple, or oneself."""
    alone = np.arange(len(people))
    couple = np.where((people.sex == MALE) & (people.partner != NOBODY), people.partner, alone)
    young = (people.age(world.first_day) < 19) & (people.mother != NOBODY)
    return np.asarray(np.where(young, couple[people.mother], couple))


def _places(
    world: World, streams: Streams, people: People, household: Integers
) -> tuple[NDArray[np.int16], tuple[Integers, Integers, Integers]]:  # fmt: skip
    """Where everybody lives in each month, and the moves of the heads of households."""
    months = len(world.months) - 1
    first = _choose_place(streams.uniform("society:place", len(people)), people)
    moves = streams.uniform("society:moves", len(people), months) < _MOVES_A_YEAR / 12
    others = _choose_place(streams.uniform("society:new place", len(people), months), people)
    place = np.where(moves, others, -1)
    place[:, 0] = first
    latest = np.maximum.accumulate(np.where(place >= 0, np.arange(months), 0), axis=1)
    place = np.take_along_axis(place, latest, axis=1)
    heads, month = np.nonzero(moves[:, 1:])
    is_head = household[heads] == heads
    heads, month = heads[is_head], month[is_head] + 1
    moved = (heads, world.months[month], place[heads, month])
    return place[household].astype(np.int16), moved


def _choose_place(chance: Floats, people: People) -> Integers:
    """A place for each chance of each person, by how many live there and who."""
    rows = table("places")
    weight = np.array([float(row["weight"]) for row in rows])
    deprivation = np.array([float(row["deprivation"]) for row in rows])
    chosen = np.zeros(chance.shape, dtype=np.int64)
    for number, race in enumerate(RACES):
        total = np.cumsum(weight * np.exp(_SEGREGATION[race] * deprivation))
        of_race = people.race == number
        chosen[of_race] = np.searchsorted(total / total[-1], chance[of_race], side="right")
    return np.minimum(chosen, len(rows) - 1)


def _education(streams: Streams, people: People, deprivation: Floats) -> Integers:
    """The highest degree that a person reaches: lower in deprived places."""
    chance = _rank(0.8 * streams.normal("society:education", len(people)) - 0.5 * deprivation, 0.95)
    shares = np.cumsum([_EDUCATION_SHARE[race] for race in RACES], axis=1)[people.race]
    return np.asarray(np.minimum((chance[:, None] > shares).sum(axis=1), len(EDUCATION) - 1))


def _rank(values: Floats, spread: float) -> Floats:
    """Values that are normal around zero as uniform ones (logistic approximation of the normal distribution)."""
    return np.asarray(1 / (1 + np.exp(-1.702 * values / spread)))


def _income(streams: Streams, education: Integers, deprivation: Floats, household: Integers) -> Floats:
    """Income of the household as a ratio to the poverty level; about 11 % lie below 1 (Census 2021, R)."""
    centre = np.log(np.array([1.7, 2.6, 3.2, 5.2]))[education] - 0.22 * deprivation
    own = np.exp(centre + _LOG_INCOME_SD * streams.normal("society:income", len(education)))
    return np.asarray(np.clip(own, 0.05, 25.0)[household])


def _languages(streams: Streams, people: People) -> NDArray[np.object_]:
    language = np.full(len(people), "en", dtype=object)
    chance = streams.uniform("society:language", len(people))
    for race, (other, share) in _SPEAKS_OTHER.items():
        language[(people.race == RACES.index(race)) & (chance < share)] = other
    return language


def _smoking(streams: Streams, people: People, education: Integers, income: Floats) -> tuple[Integers, Integers]:
    """First and last day of smoking. Shares by birth cohort and education after NHIS 2019 (R)."""
    cohort = np.interp(
        1970 + people.birth / DAYS_A_YEAR, (1920, 1945, 1965, 1985, 2005), (0.50, 0.52, 0.42, 0.36, 0.14)
    )
    odds = np.log(cohort / (1 - cohort)) + np.array([0.35, 0.3, 0.1, -0.75])[education] - 0.12 * (income > 4)
    odds = (
        odds + np.where(people.sex == MALE, 0.18, -0.18) + np.array([0, -0.1, -0.5, -0.7, 0.5, 0.1, 0.2])[people.race]
    )
    ever = streams.uniform("society:ever smoked", len(people)) < 1 / (1 + np.exp(-odds))
    start = people.birth + np.round(
        (_SMOKING_AGE + 2 * streams.normal("society:smoking age", len(people))) * DAYS_A_YEAR
    )
    yearly = np.array([0.020, 0.024, 0.032, 0.055])[education]
    years = streams.of("society:stopped smoking").standard_exponential(len(people)) / yearly
    stop = start + np.round(np.minimum(years, 100) * DAYS_A_YEAR)
    return (
        np.where(ever, start, NEVER).astype(np.int64),
        np.where(ever, stop, NEVER).astype(np.int64),
    )


def _log_bmi(world: World, streams: Streams, people: People, deprivation: Floats, liability: Floats) -> Floats:
    """Log of the adult body mass index. Centre and spread by race after NHANES 2015-2020 (C)."""
    by_race = np.array([0.0, 0.045, 0.03, -0.14, 0.06, 0.08, 0.02])[people.race]
    by_race = by_race + np.where((people.sex != MALE) & (people.race == RACES.index("black")), 0.06, 0.0)
    spread = np.where(people.sex == MALE, 0.20, 0.235)
    heritable = 0.25 * world.planted.genetics
    own = np.sqrt(heritable) * liability + np.sqrt(1 - heritable) * streams.normal("society:bmi", len(people))
    return np.asarray(np.log(28.4) + by_race + 0.018 * deprivation + spread * own)
