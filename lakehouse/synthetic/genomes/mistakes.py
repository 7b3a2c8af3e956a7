"""Wrong and missing calls, whatever the platform."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lakehouse.synthetic.genomes.calls import MISSING
from lakehouse.synthetic.population.genome import ABSENT

Alleles = NDArray[np.int8]
Places = tuple[NDArray[np.intp], ...]
"""Row and column of each of some genotypes."""


def heterozygous(alleles: NDArray[Any]) -> NDArray[np.bool_]:
    """Which genotypes have two unlike alleles."""
    return np.asarray((alleles[..., 0] != alleles[..., 1]) & (alleles[..., 1] >= 0))


def make_wrong(alleles: Alleles, places: Places, alternates: NDArray[np.int8], bits: NDArray[Any]) -> None:
    """Change genotypes: one of two unlike alleles is overlooked, or an allele is seen that is not there.

    alternates: how many there are at each site. bits: of each place, random.
    """
    true, number = alleles[places].astype(np.int64), alternates[places[0]].astype(np.int64)
    other = (true[:, 0] + 1 + bits % number) % (number + 1)
    seen = true[np.arange(len(true)), bits % 2]
    changed = np.where(
        heterozygous(true)[:, None], seen[:, None],
        np.where((true[:, 1] == ABSENT)[:, None], np.stack([other, true[:, 1]], 1), np.stack([true[:, 0], other], 1)),
    )  # fmt: skip
    alleles[places] = changed


def make_missing(alleles: Alleles, places: Places) -> None:
    """Let genotypes be missing; a haploid one stays haploid."""
    haploid = alleles[places][:, 1] == ABSENT
    alleles[places] = np.where(haploid[:, None], (MISSING, ABSENT), MISSING)
