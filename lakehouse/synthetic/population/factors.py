"""The factors that risks depend on, as numbers: one column for each factor of knowledge/risks.csv."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from lakehouse.synthetic.population.genome import Genome, loci, place_of
from lakehouse.synthetic.population.people import FEMALE, RACES, People
from lakehouse.synthetic.population.society import Society
from lakehouse.synthetic.streams import Floats
from lakehouse.synthetic.world import World

_MEASURES: dict[str, tuple[str, float, float]] = {
    "sbp_per_20": ("sbp", 120.0, 20.0),
    "ldl_per_39": ("ldl", 116.0, 38.67),
    "a1c_per_1": ("hba1c", 5.5, 1.0),
    "egfr_per_-15": ("egfr", 75.0, -15.0),
}
"""Measure, the value from which it counts, and its unit step; beyond that value on the harmless side it is zero."""

_NOT_ADHERENT_BELOW = -0.84
"""The fifth of persons who are least inclined to take what is prescribed."""

Numbers = Callable[[str], Floats | None]


class Factors:
    """The matrix of persons by factors. What does not change is filled in once, the rest month by month."""

    def __init__(
        self, world: World, names: tuple[str, ...], people: People, society: Society, genome: Genome,
        liabilities: Mapping[str, Floats], carriers: Mapping[str, NDArray[np.bool_]],
    ) -> None:  # fmt: skip
        self.names = names
        self.values = np.zeros((len(people), len(names)))
        self._changing = [name for name in names if self._fixed(name) is None]
        genetics = world.planted.genetics
        e4 = genome.count(place_of()["APOE"], loci()[place_of()["APOE"]].alleles.index("e4"))
        fixed: dict[str, Floats | NDArray[np.bool_]] = {
            "apoe_e4_count": np.asarray(e4 * genetics, dtype=np.float64),
            "black": people.race == RACES.index("black"), "hispanic": people.race == RACES.index("hispanic"),
            "asian": people.race == RACES.index("asian"), "female": people.sex == FEMALE, "rural": society.rural,
            "deprivation_per_sd": society.deprivation, "alcohol_heavy": society.heavy_drinker,
            "inactive": society.inactive, "nonadherence": society.adherence < _NOT_ADHERENT_BELOW,
            "homelessness": society.homeless, "unemployment": society.unemployed,
        }  # fmt: skip
        for place, name in enumerate(names):
            kind, _, rest = name.partition(":")
            if kind == "liability":
                self.values[:, place] = liabilities[rest] * np.sqrt(genetics)
            elif kind == "carrier":
                self.values[:, place] = carriers[rest] * genetics
            elif name in fixed:
                self.values[:, place] = fixed[name]

    @staticmethod
    def _fixed(name: str) -> str | None:
        fixed = ("apoe_e4_count", "black", "hispanic", "asian", "female", "rural", "deprivation_per_sd")
        habits = ("alcohol_heavy", "inactive", "nonadherence", "homelessness", "unemployment")
        return name if name.partition(":")[0] in ("liability", "carrier", *fixed, *habits) else None

    def update(
        self, changing: Mapping[str, Floats], measures: Mapping[str, Floats], drug: Numbers
    ) -> NDArray[np.float64]:
        """Fill in what changes. changing: factors by name; measures: as they are read; drug: exposure to a class.

        Raises KeyError for a factor of no known kind.
        """
        for name in self._changing:
            place = self.names.index(name)
            if name in _MEASURES:
                measure, start, step = _MEASURES[name]
                self.values[:, place] = np.maximum((measures[measure] - start) / step, 0)
            elif name.startswith("drug:"):
                exposure = drug(name.removeprefix("drug:"))
                self.values[:, place] = 0 if exposure is None else np.minimum(exposure, 1)
            else:
                self.values[:, place] = changing[name]
        return self.values
