"""What a genome is here: places of a window, and the haplotypes of persons at them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lakehouse.synthetic.streams import Integers, identify, numbers_of


@dataclass(frozen=True)
class Sites:
    """Places of a window, in the order of the genome."""

    chrom: str
    position: NDArray[np.int64]  # n sites, 1-based GRCh38, ascending (equal positions allowed)
    reference: NDArray[np.str_]  # object or unicode array, REF bases
    alternate: tuple[tuple[str, ...], ...]  # ALT alleles by site, one or more
    name: NDArray[np.str_]  # rsid, or "." where there is none
    key: NDArray[np.int64]  # an id of the site that depends on nothing else but the site

    @property
    def alternates(self) -> Integers:
        """How many alternate alleles each site has."""
        return np.array([len(letters) for letters in self.alternate], dtype=np.int64)


@dataclass(frozen=True)
class Genotypes:
    """Haplotypes of some persons at the sites of a window."""

    sites: Sites
    persons: NDArray[np.int64]  # n persons (global number = block*1000 + row)
    alleles: NDArray[np.int8]  # site by person by 2 (maternal, paternal): 0 reference, n the nth alternate; or ABSENT


def site_keys(
    chrom: str, position: Integers, reference: NDArray[np.str_], alternate: tuple[tuple[str, ...], ...]
) -> Integers:  # fmt: skip
    """An id for each site, a hash of where it is and of its alleles."""
    letters = [f"{ref}>{','.join(alts)}" for ref, alts in zip(reference, alternate, strict=True)]
    return identify(f"site:{chrom}", position, numbers_of(np.array(letters, dtype=object)))
