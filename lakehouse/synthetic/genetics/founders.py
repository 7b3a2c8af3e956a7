"""What the landed genomes are made of: the founder haplotypes that msprime simulated, at the sites that landed."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lakehouse.synthetic.genetics.landed import Landed, chosen_windows
from lakehouse.synthetic.genomes import panels
from lakehouse.synthetic.genomes.panel import HAPLOTYPES, Panel
from lakehouse.synthetic.genomes.windows import Window
from lakehouse.synthetic.population.genome import ANCESTRIES
from lakehouse.synthetic.streams import Floats, Integers
from lakehouse.synthetic.world import World


@dataclass(frozen=True, eq=False)
class Founders:
    """The founders at the sites that msprime simulated, in the order of the genome.

    place: of each site, its row in the landed ones. window, position: of each site, the number of its window, and
    where it is. haplotypes: site by haplotype, 1 for the alternate; HAPLOTYPES of each of ANCESTRIES in their order.
    """

    place: Integers
    window: Integers
    position: Integers
    haplotypes: NDArray[np.int8]

    @cached_property
    def frequency(self) -> Floats:
        """The frequency of the alternate allele: site by ancestry."""
        return np.asarray(self.haplotypes.reshape(-1, len(ANCESTRIES), HAPLOTYPES).mean(axis=2))

    def take(self, rows: NDArray[np.bool_]) -> Founders:
        """The founders at some of the sites."""
        return Founders(self.place[rows], self.window[rows], self.position[rows], self.haplotypes[rows])


def read(world: World, folder: str, landed: Landed) -> Founders:
    """The founders of a world at its landed sites.

    folder: where `panels.simulate` put them. The sites of known loci are left out: there people have the alleles of
    published frequency that were drawn for them, whatever founder they copy beside.
    """
    of_site = pd.MultiIndex.from_frame(landed.sites[["chrom", "position", "reference", "alternate"]])
    return _joined([
        _of_window(panels.read(folder, window), number, window, of_site)
        for number, window in enumerate(chosen_windows(world))
        if window.chrom != "chrX"
    ])  # fmt: skip


def _of_window(panel: Panel, number: int, window: Window, of_site: pd.MultiIndex) -> Founders:
    sites = panel.sites
    alternate = [letters[0] for letters in sites.alternate]
    names = zip([window.chrom] * len(alternate), sites.position.tolist(), sites.reference, alternate, strict=True)
    place = of_site.get_indexer(pd.MultiIndex.from_tuples(list(names)))
    kept = (place >= 0) & ~np.isin(sites.position, [site.position for site in window.known])
    return Founders(place, np.full(len(place), number), sites.position, panel.haplotypes).take(kept)


def _joined(parts: list[Founders]) -> Founders:
    return Founders(*(np.concatenate([getattr(part, one.name) for part in parts]) for one in fields(Founders)))
