"""How much of the care that is due people take up: who seeks care more, who is insured, and of whom less is seen."""

from __future__ import annotations

import numpy as np

from lakehouse.synthetic.population.insurance import MEDICAID, NONE
from lakehouse.synthetic.population.life import Life
from lakehouse.synthetic.population.people import RACES
from lakehouse.synthetic.population.therapy import UNDER_TREATED
from lakehouse.synthetic.streams import Floats, Integers
from lakehouse.synthetic.world import World

LESS_SEEN = 0.2
"""How many fewer routine visits the under-treated group has for the same need."""


def attendance_of(world: World, life: Life) -> Floats:
    """How many of the routine visits that a need calls for each person makes, by month."""
    insured = np.where(life.insurance.payer == NONE, 0.45, np.where(life.insurance.payer == MEDICAID, 0.9, 1.05))
    group = np.isin(life.people.race, [RACES.index(race) for race in UNDER_TREATED])
    less = 1 - LESS_SEEN * world.planted.under_treatment * group
    return np.asarray(life.society.seeking[:, None] * insured * less[:, None])


def attendance_on(world: World, life: Life, days: Integers) -> Floats:
    """The same on days of each person, person by day."""
    return np.asarray(np.take_along_axis(attendance_of(world, life), world.month_of(days), axis=1))
