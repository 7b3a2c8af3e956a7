"""Seasons, waves and outbreaks: how much likelier an infection is in a month, for whoever lives in a place.

Seasons and their amplitude stand in knowledge/acute.csv, waves of single years in knowledge/waves.csv. Outbreaks are
planted: a county, a few weeks, a multiple of the usual risk; where, when and how large is exported as truth.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lakehouse.synthetic.knowledge import number, table
from lakehouse.synthetic.streams import Floats, Streams
from lakehouse.synthetic.world import World

OUTBREAKS_A_YEAR = 3.0
_LARGEST, _SMALLEST = 12.0, 4.0
_INFECTIONS = ("influenza", "covid", "upper_respiratory_infection", "pneumonia", "clostridium_difficile")


@dataclass(frozen=True)
class Outbreak:
    """An outbreak of one infection in one county: its months, and the multiple of the usual risk in each."""

    name: str
    condition: str
    county: str
    first_month: int
    multiples: tuple[float, ...]


def outbreaks(world: World) -> tuple[Outbreak, ...]:
    """The outbreaks of the world: the same whoever lives in it."""
    stream = Streams(world.seed).of("epidemics:outbreaks")
    months = len(world.months) - 1
    count = int(stream.poisson(OUTBREAKS_A_YEAR * months / 12)) if world.planted.outbreaks else 0
    counties = sorted({row["county_fips"] for row in table("places")})
    found = []
    for number_ in range(count):
        condition = _INFECTIONS[int(stream.integers(len(_INFECTIONS)))]
        county = counties[int(stream.integers(len(counties)))]
        first = int(stream.integers(1, max(2, months - 1)))
        peak = 1 + world.planted.outbreaks * (_SMALLEST + (_LARGEST - _SMALLEST) * float(stream.random()) - 1)
        found.append(Outbreak(f"outbreak-{number_ + 1}", condition, county, first, (peak, 1 + (peak - 1) / 3)))
    return tuple(found)


def intensity(world: World, acute: tuple[str, ...]) -> Floats:
    """The multiple of the usual rate by month of the window, place and acute event; 1 where nothing is special."""
    months = world.months[:-1].astype("datetime64[D]").astype("datetime64[M]")
    of_year = months.astype(int) % 12
    counties = np.array([row["county_fips"] for row in table("places")])
    found = np.ones((len(months), len(counties), len(acute)))
    by_key = {row["key"]: row for row in table("acute")}
    for place, key in enumerate(acute):
        row = by_key[key]
        if row["season_peak_month"]:
            phase = 2 * np.pi * (of_year - (number(row, "season_peak_month") - 1)) / 12
            found[:, :, place] *= (1 + number(row, "season_amplitude") * np.cos(phase))[:, None]
    for row in table("waves"):
        if row["condition_key"] in acute:
            during = (months >= np.datetime64(row["from_month"])) & (months <= np.datetime64(row["to_month"]))
            found[during, :, acute.index(row["condition_key"])] *= number(row, "multiple")
    for outbreak in outbreaks(world):
        for later, multiple in enumerate(outbreak.multiples):
            if outbreak.condition in acute and outbreak.first_month + later < len(months):
                here = (outbreak.first_month + later, counties == outbreak.county, acute.index(outbreak.condition))
                found[here] *= multiple
    return found
