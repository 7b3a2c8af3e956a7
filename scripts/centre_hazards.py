"""Find the centres of the hazards: what the factors of everybody add on average at an age.

With them the simulated population has the published frequencies: prevalence of chronic diseases, rates of acute
events, the life table. Run it when a table of knowledge/ changes that risks depend on; it rewrites
lakehouse/synthetic/knowledge/centres.csv. Usage: .venv/bin/python scripts/centre_hazards.py [--blocks 16] [--rounds 4]
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: one process a core, one thread each

import argparse
import csv
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from lakehouse.synthetic import knowledge
from lakehouse.synthetic.population import hazards as hazards_of
from lakehouse.synthetic.population.hazards import CENTRE_AGES, hazards
from lakehouse.synthetic.population.simulation import Simulation
from lakehouse.synthetic.streams import Streams
from lakehouse.synthetic.world import World

TARGET = Path(knowledge.__file__).parent / "centres.csv"
EDGES = np.array([0.0, 20.0, 37.5, 52.5, 67.5, 82.5])
SMALLEST_EXPECTED = 12.0
FIRST_BLOCK = 1_000_000
"""Blocks far from any that a population has: the centres are not fitted to the people that they are used for."""


class Counting(Simulation):
    """A simulation that counts what happens, and what the published frequencies expect, by age and outcome."""

    def __init__(self, block: int) -> None:
        shape = (len(EDGES), len(hazards().outcomes))
        self.observed, self.expected = np.zeros(shape), np.zeros(shape)
        world = World()
        super().__init__(world, Streams(world.seed, block))

    def _hazards(self, month: int, day: int, active: Any, factors: Any) -> Any:
        found = super()._hazards(month, day, active, factors)
        alive = (self.people.birth < day) & (self.life.death >= day)
        age = self.people.age(day)
        band = np.clip(np.searchsorted(EDGES, age, side="right") - 1, 0, None)
        first, last = len(self.hazards.chronic), len(self.hazards.outcomes)
        baseline = self.hazards.baseline[self.people.sex, np.clip(age, 0, 110).astype(int)] / 12
        baseline[:, first:-1] *= self.intensity[month, self.life.society.place[:, month]]
        for place, row in enumerate(knowledge.table("acute")):
            if row["among"]:
                baseline[:, first + place] *= active[:, self.life.column(row["among"])]
        for one in range(len(EDGES)):
            of_band = alive & (band == one)
            self.observed[one, first:last] += found[of_band, first:last].sum(axis=0)
            self.expected[one, first:last] += baseline[of_band, first:last].sum(axis=0)
            if month in (0, 60):
                share = 1 - np.exp(-self.hazards.cumulative[self.people.sex, :, np.clip(age, 0, 110).astype(int)])
                self.observed[one, :first] += active[of_band, :first].sum(axis=0)
                self.expected[one, :first] += share[of_band].sum(axis=0)
        return found

    def count(self) -> tuple[Any, Any]:
        """Live, and add the deaths in hospital to those that the hazard of death brings."""
        life = self.run()
        for stay in life.stays:
            if stay.died:
                age = self.people.age_of(stay.person, stay.end)
                self.observed[max(0, int(np.searchsorted(EDGES, age, side="right")) - 1), -1] += 1
        return self.observed, self.expected


def _count(block: int) -> tuple[Any, Any]:
    return Counting(block).count()


def main() -> None:
    """Count, correct, and count again."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--blocks", type=int, default=16, help="blocks of 1,000 persons to count in")
    parser.add_argument("--rounds", type=int, default=4)
    options = parser.parse_args()
    for number in range(options.rounds):
        with ProcessPoolExecutor(os.cpu_count()) as pool:
            counts = list(pool.map(_count, range(FIRST_BLOCK, FIRST_BLOCK + options.blocks)))
        observed, expected = (np.sum([count[side] for count in counts], axis=0) for side in (0, 1))
        correct(observed, expected)
        total = np.log(observed.sum(axis=0) / np.maximum(expected.sum(axis=0), 1e-9))
        worst = np.argsort(-np.abs(np.nan_to_num(total, neginf=0)))[:8]
        print(f"round {number + 1}:", ", ".join(f"{hazards().outcomes[i]} {np.exp(total[i]):.2f}" for i in worst))
        knowledge.table.cache_clear()
        hazards_of.hazards.cache_clear()


def correct(observed: Any, expected: Any) -> None:
    """Move each centre by the log of how many times too frequent its outcome is at that age."""
    year = np.array(CENTRE_AGES).astype(int)
    centres = hazards().centre[year]
    overall = np.log(np.maximum(observed.sum(axis=0), 0.5) / np.maximum(expected.sum(axis=0), 0.5))
    ratio = np.log(np.maximum(observed, 0.5) / np.maximum(expected, 0.5))
    step = np.where(expected >= SMALLEST_EXPECTED, ratio, overall[None, :])
    step = np.where(expected.sum(axis=0)[None, :] < SMALLEST_EXPECTED / 4, 0, np.clip(step, -1.5, 1.5))
    with TARGET.open("w", encoding="utf-8", newline="") as text:
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["outcome_key", *(f"age_{age:g}" for age in CENTRE_AGES)])
        for place, name in enumerate(hazards().outcomes):
            writer.writerow([name, *(round(float(value), 4) for value in centres[:, place] + 0.85 * step[:, place])])


if __name__ == "__main__":
    main()
