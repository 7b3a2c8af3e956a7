"""Who the people of a block are: age, sex, race, and the families that they form.

Ages and sexes follow the resident population of the United States (knowledge/ages.csv), races its shares by age
(knowledge/races.csv). Families are formed within the block: a child's mother is a woman of it of fitting age, so that
siblings, twins and up to four generations arise as they do among neighbours; who has no parent in the block has
parents elsewhere. Twin births are 31 in 1,000 (NCHS 2021), a third of the pairs identical.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lakehouse.synthetic.knowledge import table
from lakehouse.synthetic.streams import Floats, Integers, Streams
from lakehouse.synthetic.world import BLOCK, World

NOBODY = -1
"""In columns of places within the block: a person who is not in it."""

FEMALE, MALE = 0, 1
RACES = ("white", "black", "hispanic", "asian", "aian", "nhpi", "multiple")
DAYS_A_YEAR = 365.2425

_TWIN_SHARE = 0.0156
_IDENTICAL_SHARE = 1 / 3
_SAME_RACE_SHARE = 0.85
_PARTNERED_SHARE = 0.62
_FATHER_KNOWN_SHARE = 0.85
_AGE_AT_BIRTH_MEAN, _AGE_AT_BIRTH_SD = 28.5, 5.8
_YEARS_BETWEEN_BIRTHS = 1.1
_MOTHER_HERE = ((-10, 18, 30, 45, 60, 75), (0.95, 0.93, 0.75, 0.5, 0.25, 0.0))
"""Ages, and the share of persons of that age whose mother lives in the block."""


@dataclass(frozen=True)
class People:
    """The persons of a block, by their place in it. Mother, father, partner and twin are places too.

    person: number in the whole population. birth: days since 1970. race: place in RACES.
    """

    person: Integers
    sex: Integers
    birth: Integers
    race: Integers
    mother: Integers
    father: Integers
    partner: Integers
    twin: Integers
    identical: NDArray[np.bool_]
    family: Integers

    def __len__(self) -> int:
        return len(self.person)

    def age(self, day: Any) -> Floats:
        """Ages in years on a day, or on one day for each; negative before birth."""
        return np.asarray((day - self.birth) / DAYS_A_YEAR)

    def age_of(self, person: int, day: int) -> float:
        """The age of one person on a day, in years."""
        return float(day - self.birth[person]) / DAYS_A_YEAR


def draw(world: World, streams: Streams) -> People:
    """The people of the block of these streams."""
    age = _ages(world, streams)
    sex = np.where(streams.uniform("people:sex", BLOCK) < _male_share(np.floor(np.maximum(age, 0))), MALE, FEMALE)
    race = _races(streams, age)
    birth = np.floor(world.first_day - age * DAYS_A_YEAR).astype(np.int64)
    twin, identical = _twins(streams, birth, sex, race)
    partner = _partners(streams, world, birth, sex, race, twin)
    mother, father = _parents(streams, world, birth, sex, race, twin, partner)
    person = streams.block * BLOCK + np.arange(BLOCK, dtype=np.int64)
    family = person[_connected(mother, father, partner)]
    return People(person, sex, birth, race, mother, father, partner, twin, identical, family)


def _ages(world: World, streams: Streams) -> Floats:
    """Ages at the first day: of those alive, and, below zero, of those who are born until the last."""
    rows = table("ages")
    shares = np.array([float(row["share_female"]) + float(row["share_male"]) for row in rows])
    years = (world.last_day - world.first_day) / DAYS_A_YEAR
    unborn = np.append(np.full(int(years), shares[0]), shares[0] * (years - int(years)))
    weights = np.concatenate([unborn[::-1], shares])
    place = np.searchsorted(np.cumsum(weights) / weights.sum(), streams.uniform("people:age", BLOCK))
    within = streams.uniform("people:age within year", BLOCK)
    return np.maximum(place - len(unborn) + within, -years)


def _male_share(age: Floats) -> Floats:
    rows = table("ages")
    male = np.array(
        [float(row["share_male"]) / (float(row["share_female"]) + float(row["share_male"])) for row in rows]
    )
    return np.asarray(male[np.minimum(age, len(male) - 1).astype(int)])


def _races(streams: Streams, age: Floats) -> Integers:
    rows = table("races")
    shares = np.cumsum([[float(row[race]) for race in RACES] for row in rows], axis=1)
    band = np.searchsorted([float(row["from_age"]) for row in rows], np.maximum(age, 0), side="right") - 1
    drawn = streams.uniform("people:race", len(age))
    return np.asarray(np.minimum((drawn[:, None] > shares[band]).sum(axis=1), len(RACES) - 1))


def _twins(
    streams: Streams, birth: Integers, sex: Integers, race: Integers
) -> tuple[Integers, NDArray[np.bool_]]:  # fmt: skip
    """Make the next person some persons' twin, born on the same day. Changes birth, sex and race in place."""
    twin = np.full(BLOCK, NOBODY)
    identical = np.zeros(BLOCK, dtype=bool)
    chance = streams.uniform("people:twin", BLOCK)
    alike = streams.uniform("people:identical twin", BLOCK) < _IDENTICAL_SHARE
    for one in np.flatnonzero(chance < _TWIN_SHARE / 2):
        other = one + 1
        if other == BLOCK or twin[one] != NOBODY:
            continue
        twin[one], twin[other] = other, one
        birth[other], race[other] = birth[one], race[one]
        if alike[one]:
            identical[[one, other]] = True
            sex[other] = sex[one]
    return twin, identical


def _partners(
    streams: Streams, world: World, birth: Integers, sex: Integers, race: Integers, twin: Integers
) -> Integers:  # fmt: skip
    """Couples of a woman and a man of about the same age, mostly of the same race."""
    partner = np.full(BLOCK, NOBODY)
    adult = world.first_day - birth >= 20 * DAYS_A_YEAR
    men = np.flatnonzero((sex == MALE) & adult)
    women = np.flatnonzero((sex == FEMALE) & adult & (streams.uniform("people:has partner", BLOCK) < _PARTNERED_SHARE))
    gap = streams.normal("people:age gap of partners", BLOCK) * 4 + 2
    same_race = streams.uniform("people:partner of same race", BLOCK) < _SAME_RACE_SHARE
    for woman in women:
        years_older = (birth[woman] - birth[men]) / DAYS_A_YEAR
        fits = (partner[men] == NOBODY) & (np.abs(years_older) < 14) & (men != twin[woman])
        if same_race[woman]:
            fits &= race[men] == race[woman]
        if fits.any():
            man = men[np.where(fits, np.abs(years_older - gap[woman]), np.inf).argmin()]
            partner[woman], partner[man] = man, woman
    return partner


def _parents(
    streams: Streams, world: World, birth: Integers, sex: Integers, race: Integers, twin: Integers, partner: Integers
) -> tuple[Integers, Integers]:
    """A mother for each child who has one in the block, and the father, most often the mother's partner."""
    mother, father = np.full(BLOCK, NOBODY), np.full(BLOCK, NOBODY)
    age = (world.first_day - birth) / DAYS_A_YEAR
    here = streams.uniform("people:mother here", BLOCK) < np.interp(age, *_MOTHER_HERE)
    chance = streams.uniform("people:which mother", BLOCK)
    known = streams.uniform("people:father known", BLOCK) < _FATHER_KNOWN_SHARE
    women = np.flatnonzero(sex == FEMALE)
    children: dict[int, list[int]] = {woman: [] for woman in women.tolist()}
    for child in np.argsort(chance, kind="stable"):
        if not here[child] or mother[child] != NOBODY:
            continue
        spouses = [partner[born] for born in (child, twin[child]) if born != NOBODY and partner[born] != NOBODY]
        weights = _as_mothers(child, women, birth, race, partner, mother[spouses], children)
        total = np.cumsum(weights)
        if total[-1] <= 0:
            continue
        chosen = int(women[np.searchsorted(total, chance[child] * total[-1], side="right")])
        for born in (child, twin[child]) if twin[child] != NOBODY else (child,):
            mother[born] = chosen
            children[chosen].append(int(birth[born]))
            if known[child] and partner[chosen] != NOBODY and birth[born] - birth[partner[chosen]] > 16 * DAYS_A_YEAR:
                father[born] = partner[chosen]
    return mother, father


def _as_mothers(
    child: int, women: Integers, birth: Integers, race: Integers, partner: Integers, mothers_in_law: Integers,
    children: dict[int, list[int]],
) -> Floats:  # fmt: skip
    """How well each woman fits as the mother of the child: by her age at the birth, and the children she has."""
    age = (birth[child] - birth[women]) / DAYS_A_YEAR
    weights = np.exp(-0.5 * ((age - _AGE_AT_BIRTH_MEAN) / _AGE_AT_BIRTH_SD) ** 2) * ((age > 15) & (age < 46))
    if RACES[race[child]] != "multiple":
        weights = weights * (race[women] == race[child])
    weights = weights * np.where(partner[women] == NOBODY, 0.5, 1.0)
    weights = weights * ~np.isin(women, mothers_in_law)
    for place in np.flatnonzero(weights):
        born = children[int(women[place])]
        if any(abs(birth[child] - other) < _YEARS_BETWEEN_BIRTHS * DAYS_A_YEAR for other in born):
            weights[place] = 0
    return np.asarray(weights)


def _connected(*links: Integers) -> Integers:
    """For each person the least place among all to whom links lead, directly or through others."""
    least = np.arange(BLOCK)
    pairs = [(np.flatnonzero(link != NOBODY), link[link != NOBODY]) for link in links]
    while True:
        before = least.copy()
        for ones, others in pairs:
            smaller = np.minimum(least[ones], least[others])
            np.minimum.at(least, ones, smaller)
            np.minimum.at(least, others, smaller)
        if np.array_equal(before, least):
            return least
