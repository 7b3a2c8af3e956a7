"""What a laboratory reports of its samples at the sites of a window, whatever its platform."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lakehouse.synthetic.arrays import repeated
from lakehouse.synthetic.genomes.genotypes import Genotypes, Sites
from lakehouse.synthetic.streams import Floats, Integers, identify

MISSING = -2
"""The allele of a genotype that was not called. A haploid one has ABSENT for its second allele all the same."""

THOUSANDTHS = 1_000
NO_PROBABILITY = THOUSANDTHS + 1
"""What stands for the third probability of a haploid genotype."""

Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class Calls:
    """The calls of samples at sites, both in the order of the file.

    alleles: site by sample by 2, as in Genotypes, or MISSING. Only phased ones tell the parents apart.
    quality, depth: site by sample, 0 to 99 (Phred) and 0 to 250 (reads); None where the platform does not tell them.
    probability: site by sample by 3, of no, one and two alternate alleles in thousandths; None where not told. Of
    a haploid genotype the third is NO_PROBABILITY.
    accuracy: of each site, the squared correlation of dosage and truth that imputation expects; None where not told.
    low_quality: the sites that the laboratory itself warns of.
    """

    sites: Sites
    alleles: NDArray[np.int8]
    low_quality: NDArray[np.bool_]
    quality: Bytes | None = None
    depth: Bytes | None = None
    probability: NDArray[np.uint16] | None = None
    accuracy: Floats | None = None
    phased: bool = False

    def take(self, rows: Integers | slice) -> Calls:
        """The calls at some sites, in that order."""
        return replace(
            self, sites=take_sites(self.sites, rows), alleles=self.alleles[rows], low_quality=self.low_quality[rows],
            **{
                name: values[rows]
                for name in ("quality", "depth", "probability", "accuracy")
                if (values := getattr(self, name)) is not None
            },
        )  # fmt: skip


def take_sites(sites: Sites, rows: Integers | slice) -> Sites:
    """Some of the sites, in that order."""
    chosen = np.arange(len(sites.position))[rows].tolist()
    return Sites(
        sites.chrom, sites.position[rows], sites.reference[rows], tuple(sites.alternate[row] for row in chosen),
        sites.name[rows], sites.key[rows],
    )  # fmt: skip


def split_alternates(sites: Sites) -> tuple[Sites, Integers, NDArray[np.int8]]:
    """One site per alternate allele; of each, the row of the site that it was, and the number of its alternate.

    A site that had one alternate keeps its key.
    """
    counts = sites.alternates
    rows, nth = repeated(counts)
    nth += 1
    whole = take_sites(sites, rows)
    alternate = tuple((told[n - 1],) for told, n in zip(whole.alternate, nth.tolist(), strict=True))
    key = np.where(counts[rows] > 1, identify("alternate allele", whole.key, nth), whole.key)
    return Sites(sites.chrom, whole.position, whole.reference, alternate, whole.name, key), rows, nth.astype(np.int8)


def only(alleles: NDArray[np.int8], nth: NDArray[np.int8]) -> NDArray[np.int8]:
    """Alleles of split sites: 1 for the alternate of the row, 0 for all others; ABSENT and MISSING stay."""
    of_row = nth[:, None, None]
    return np.where(alleles < 0, alleles, (alleles == of_row).astype(np.int8))


def biallelic(genotypes: Genotypes) -> Genotypes:
    """The genotypes at sites of one alternate allele each."""
    if (genotypes.sites.alternates == 1).all():
        return genotypes
    sites, rows, nth = split_alternates(genotypes.sites)
    return Genotypes(sites, genotypes.persons, only(genotypes.alleles[rows], nth))


def allele_counts(alleles: NDArray[np.int8], alternates: int) -> tuple[Integers, Integers]:
    """Called alleles of each site, and how many of them are each alternate: site, and site by alternate."""
    flat = alleles.reshape(len(alleles), -1)
    called = np.count_nonzero(flat >= 0, axis=1)
    counts = [np.count_nonzero(flat == nth, axis=1) for nth in range(1, alternates + 1)]
    return called, np.stack(counts, axis=1) if counts else np.zeros((len(alleles), 0), dtype=np.int64)


def frequencies(panel: Genotypes) -> Floats:
    """The frequency of each alternate allele in a panel: site by alternate, zero beyond the last of a site."""
    most = int(panel.sites.alternates.max(initial=1))
    called, counts = allele_counts(panel.alleles, most)
    return np.asarray(counts / np.maximum(called, 1)[:, None])
