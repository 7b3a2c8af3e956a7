"""What persons have at the sites of a window of the genome: what the genomes hand to the laboratory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Sites:
    """Places of a window, in the order of the genome."""

    chrom: str
    position: NDArray[np.int64]  # n sites, 1-based GRCh38, ascending (equal positions allowed)
    reference: NDArray[np.str_]  # REF bases (object or unicode array)
    alternate: tuple[tuple[str, ...], ...]  # ALT alleles by site, one or more
    name: NDArray[np.str_]  # rsid, or "."
    key: NDArray[np.int64]  # an id of the site that depends on nothing else but the site


@dataclass(frozen=True)
class Genotypes:
    """Haplotypes of some persons at the sites of a window."""

    sites: Sites
    persons: NDArray[np.int64]  # n persons (global number = block*1000 + row)
    alleles: NDArray[np.int8]  # site by person by 2 (maternal, paternal): 0 reference, n the nth alternate;
    # ABSENT (-1) for the paternal allele of a man on chrX
