"""Who the people are to others: names, places where they live, insurance; the frames PERSON, ADDRESS and COVERAGE."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lakehouse.synthetic.frames import ADDRESS, NULL, PERSON
from lakehouse.synthetic.identity import identify_people
from lakehouse.synthetic.journal import Journal, Rows
from lakehouse.synthetic.names import given_names, surnames
from lakehouse.synthetic.places import places, street_lines
from lakehouse.synthetic.population import insurance
from lakehouse.synthetic.population.life import Life
from lakehouse.synthetic.population.people import DAYS_A_YEAR, FEMALE, MALE, NOBODY, RACES, People
from lakehouse.synthetic.population.society import EDUCATION
from lakehouse.synthetic.streams import Integers, Streams
from lakehouse.synthetic.world import World

_TAKES_PARTNERS_NAME = 0.7
_NAMED_AFTER_FATHER = 0.04
_MARRIED_OF_COUPLES = 0.82
_OMB_RACE = {"hispanic": "white", "multiple": "other"}
"""The race of a person whose record says Hispanic ethnicity, or more than one race."""


def write(world: World, streams: Streams, journal: Journal, life: Life) -> None:
    """Write down the persons of the block, their addresses and their insurance."""
    people, society = life.people, life.society
    names = _names(streams, people)
    race = np.array(RACES, dtype=object)[people.race]
    told_race = np.array([_OMB_RACE.get(name, name) for name in race], dtype=object)
    dead = life.death <= world.last_day
    rows: Rows = {
        "person": people.person, "family": people.family,
        **{name: _numbers(people, getattr(people, name)) for name in ("mother", "father", "twin")},
        "sex": np.where(people.sex == FEMALE, "female", "male").astype(object),
        "birth_date": people.birth.astype("datetime64[D]"),
        "death_date": np.where(dead, life.death.astype("datetime64[D]"), np.datetime64("NaT")),
        "death_cause_key": _unless(~dead, life.death_cause), "race": told_race,
        "ethnicity": np.where(race == "hispanic", "hispanic", "not_hispanic").astype(object),
        "language": society.language, **names, "marital_status": _marital(world, streams, people),
        "education": np.array(EDUCATION, dtype=object)[society.education], "income_to_poverty": society.income.round(2),
    }  # fmt: skip
    journal.add(PERSON, rows | identify_people(streams, rows))
    _addresses(world, streams, journal, life)
    insurance.write(world, journal, people, society, life.insurance, life.death)


def _unless(absent: NDArray[Any], values: NDArray[Any]) -> NDArray[Any]:
    """The values, None where they are absent."""
    found = values.copy()
    found[absent] = None
    return found


def _numbers(people: People, place: Integers) -> Integers:
    return np.where(place == NOBODY, NULL, people.person[place])


def _names(streams: Streams, people: People) -> Rows:
    """Names: surnames pass from father or mother to child and, mostly, from husband to wife."""
    count = len(people)
    race = np.array(RACES, dtype=object)[people.race]
    year = (1970 + people.birth / DAYS_A_YEAR).astype(np.int64)
    given = given_names(people.sex == FEMALE, year, race, streams.uniform("persons:given name", count))
    middle = given_names(people.sex == FEMALE, year, race, streams.uniform("persons:middle name", count))
    middle[streams.uniform("persons:no middle name", count) < 0.2] = None
    birth_name = surnames(race, streams.uniform("persons:surname", count))
    for person in np.argsort(people.birth, kind="stable"):
        parent = people.father[person] if people.father[person] != NOBODY else people.mother[person]
        if parent != NOBODY:
            birth_name[person] = birth_name[parent]
    family = birth_name.copy()
    takes = (people.sex == FEMALE) & (people.partner != NOBODY)
    takes &= streams.uniform("persons:takes name", count) < _TAKES_PARTNERS_NAME
    family[takes] = birth_name[people.partner[takes]]
    suffix = np.full(count, None, dtype=object)
    after = (people.father != NOBODY) & (people.sex == MALE)
    after &= streams.uniform("persons:named after father", count) < _NAMED_AFTER_FATHER
    given[after] = given[people.father[after]]
    suffix[after], suffix[people.father[after]] = "Jr", "Sr"
    changed = _unless(family == birth_name, birth_name)
    return {
        "given_name": given, "middle_name": middle, "family_name": family, "birth_name": changed, "name_suffix": suffix,
    }  # fmt: skip


def _marital(world: World, streams: Streams, people: People) -> NDArray[Any]:
    """Marital status by age and partner."""
    age, chance = people.age(world.last_day), streams.uniform("persons:marital status", len(people))
    with_partner = people.partner != NOBODY
    widowed = ~with_partner & (chance < np.interp(age, (60, 90), (0.08, 0.75)))
    divorced = ~with_partner & (chance < np.interp(age, (25, 60), (0.0, 0.6)))
    married = with_partner & (chance < _MARRIED_OF_COUPLES)
    kinds = ["never_married", "married", "widowed", "divorced"]
    status = np.select([age < 18, married, widowed, divorced], kinds, "never_married")
    return np.asarray(status.astype(object))


def _addresses(world: World, streams: Streams, journal: Journal, life: Life) -> None:
    """A span for each place that a person lived in; a line of its own for each household and move."""
    people, society = life.people, life.society
    heads, days, new_places = society.moves
    first = np.arange(len(people))
    owner = np.concatenate([first, heads])
    start = np.concatenate([np.minimum(people.birth, world.first_day), days])
    place = np.concatenate([society.place[:, 0].astype(np.int64), new_places])
    draws = streams.uniform("persons:street", len(people), 3), streams.uniform("persons:new street", len(people), 3)
    moved = np.modf(draws[1][heads] + (days[:, None] % 997) / 997)[0]
    lines = np.concatenate([street_lines(draws[0]), street_lines(moved) if len(heads) else np.empty(0, dtype=object)])
    by_head: dict[int, list[int]] = {}
    for number in np.lexsort((start, owner)):
        by_head.setdefault(int(owner[number]), []).append(int(number))
    person = np.repeat(first, [len(by_head[int(head)]) for head in society.household])
    span = np.concatenate([by_head[int(head)] for head in society.household])
    begins = np.maximum(start[span], people.birth[person])
    last = np.append(person[1:] != person[:-1], True)
    ends = np.where(last, NULL, np.append(start[span][1:], 0) - 1)
    kept = last | (ends >= people.birth[person])
    ends_on = np.where(last, np.datetime64("NaT"), ends.astype("datetime64[D]"))
    journal.add(ADDRESS, {
        "person": people.person[person][kept], "start_date": begins.astype("datetime64[D]")[kept],
        "end_date": ends_on[kept], "line": lines[span][kept], "place_key": places().key[place[span]][kept],
    })  # fmt: skip
