"""What people already have on the first day: drawn so that it fits their age, their risks and the published shares."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakehouse.synthetic.knowledge import number, table
from lakehouse.synthetic.population.hazards import AGES, Hazards
from lakehouse.synthetic.population.people import DAYS_A_YEAR, People
from lakehouse.synthetic.population.society import NEVER
from lakehouse.synthetic.streams import Floats, Integers, Streams


def onsets(
    streams: Streams, hazards: Hazards, people: People, first_day: int, factors: Floats, conditions: tuple[str, ...]
) -> Integers:  # fmt: skip
    """Day of onset of each condition in each person, NEVER where it did not begin before the first day.

    Diseases are drawn in the order of knowledge/prevalence.csv, each with what was drawn before among its causes.
    """
    found = np.full((len(people), len(conditions)), NEVER, dtype=np.int64)
    age = people.age(first_day)
    chronic = np.zeros((len(people), len(hazards.chronic)), dtype=bool)
    for place, condition in enumerate(hazards.chronic):
        ratio = hazards.log_ratio(place, chronic, factors)
        chance = streams.uniform(f"baseline:{condition}", len(people))
        began = _age_at_onset(hazards, place, people.sex, age, ratio, chance)
        has = began < age
        chronic[:, place] = has
        found[has, conditions.index(condition)] = (people.birth[has] + began[has] * DAYS_A_YEAR).astype(np.int64)
    _add_history(streams, people, first_day, age, found, conditions)
    _add_progressions(streams, people, first_day, found, conditions)
    return found


def _age_at_onset(
    hazards: Hazards, place: int, sex: Integers, age: Floats, log_ratio: Floats, chance: Floats
) -> Floats:
    """The age at which the cumulative hazard of each person comes to what chance gives; infinite where it does not."""
    needed = -np.log1p(-chance)
    found = np.full(len(age), np.inf)
    for one in (0, 1):
        of_sex = sex == one
        curve = hazards.cumulative[one, place]
        centre = np.interp(age[of_sex], AGES, hazards.centre[:, place])
        target = needed[of_sex] / np.exp(log_ratio[of_sex] - centre)
        reached = np.interp(target, curve, AGES, right=np.inf)
        found[of_sex] = np.where(target > 0, np.maximum(reached, 0.01), np.inf)
    return found


def _add_history(
    streams: Streams, people: People, first_day: int, age: Floats, found: Integers, conditions: tuple[str, ...]
) -> None:
    """What remains of events before the first day (knowledge/history.csv): a share, or one among who has its cause."""
    for condition in dict.fromkeys(row["condition_key"] for row in table("history")):
        rows = [row for row in table("history") if row["condition_key"] == condition]
        share = np.interp(age, [number(row, "age") for row in rows], [number(row, "prevalence") for row in rows])
        cause = rows[0]["cause_key"]
        since = np.where(age > 0, people.birth + 0.6 * (first_day - people.birth), NEVER)
        if cause:
            onset = found[:, conditions.index(cause)]
            share = np.where(onset < NEVER, share / max(float(np.mean(onset[age > 18] < NEVER)), 0.01), 0)
            since = np.where(onset < NEVER, (onset + first_day) / 2, NEVER)
        has = streams.uniform(f"baseline:{condition}", len(people)) < np.minimum(share, 0.9)
        found[has, conditions.index(condition)] = since.astype(np.int64)[has]


def _add_progressions(
    streams: Streams, people: People, first_day: int, found: Integers, conditions: tuple[str, ...]
) -> None:
    """Complications that set in at a yearly rate since their cause began."""
    for row in table("progressions"):
        if not row["per_year"] or row["cause_key"] not in conditions:
            continue
        onset, place = found[:, conditions.index(row["cause_key"])], conditions.index(row["condition_key"])
        years = streams.of(f"baseline:{row['condition_key']}:{row['cause_key']}").standard_exponential(len(people))
        begins = onset + (years / number(row, "per_year") * DAYS_A_YEAR).astype(np.int64)
        found[:, place] = np.minimum(found[:, place], np.where(begins < first_day, begins, NEVER))


def days_to_find(streams: Streams, condition: str, seeking: Floats, rate: float) -> Integers:
    """How long after its onset each person's condition is found: shorter for who seeks care.

    rate: how often a year it would be found.
    """
    waited = streams.of(f"found:{condition}").standard_exponential(len(seeking)) / (rate * seeking) * DAYS_A_YEAR
    return np.asarray(np.minimum(waited, NEVER / 4).astype(np.int64))


def detection_rates(conditions: tuple[str, ...], default: float = 6.0) -> NDArray[np.float64]:
    """How often a year each condition is found in who has it (knowledge/detection.csv); others within weeks."""
    rates = {row["condition_key"]: number(row, "per_year") for row in table("detection")}
    return np.array([rates.get(condition, default) for condition in conditions])
