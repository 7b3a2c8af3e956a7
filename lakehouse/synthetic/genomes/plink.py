"""PLINK 1 binary genotypes (bed, bim, fam): where VCF is too heavy. They tell no quality, depth or phase.

A site of several alternate alleles becomes one variant for each. The format, after PLINK 1.9's reference of file
formats: three bytes that name it and its order, then for each variant two bits a sample, four samples a byte from the
lowest bits up: 0 two alternate alleles, 1 missing, 2 heterozygous, 3 two reference alleles.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lakehouse.synthetic.genomes.calls import Calls, only, split_alternates
from lakehouse.synthetic.genomes.genotypes import Sites
from lakehouse.synthetic.population.genome import ABSENT

_VARIANT_MAJOR = bytes((0x6C, 0x1B, 0x01))
_TWO_ALTERNATES, _MISSING, _HETEROZYGOUS, _TWO_REFERENCES = range(4)
_SAMPLES_A_BYTE = 4


@contextmanager
def plink_files(path: Path, labels: NDArray[Any], sex: NDArray[Any]) -> Iterator[Callable[[Calls], None]]:
    """The three files of a chromosome; gives what adds the calls of a window behind those of the windows before it.

    path: what the three names begin with. labels: sample ids. sex: of each, male or female, as registered.
    """
    bed, bim, fam = (path.with_name(f"{path.name}.{kind}") for kind in ("bed", "bim", "fam"))
    numbers = {"male": 1, "female": 2}
    rows = zip(labels.tolist(), sex.tolist(), strict=True)
    fam.write_text("".join(f"{label}\t{label}\t0\t0\t{numbers.get(told, 0)}\t-9\n" for label, told in rows))
    with bed.open("wb") as genotypes, bim.open("w") as variants:
        genotypes.write(_VARIANT_MAJOR)

        def write(calls: Calls) -> None:
            sites, rows, nth = split_alternates(calls.sites)
            alleles = calls.alleles if len(rows) == len(calls.alleles) else only(calls.alleles[rows], nth)
            genotypes.write(packed(alleles))
            variants.writelines(_variants(sites))

        yield write


def _variants(sites: Sites) -> Iterator[str]:
    """The lines of the bim file for sites of one alternate allele each."""
    chrom = sites.chrom.removeprefix("chr")
    told = zip(sites.position.tolist(), sites.name.tolist(), sites.reference.tolist(), sites.alternate, strict=True)
    for position, name, reference, (alternate,) in told:
        variant = f"{sites.chrom}:{position}:{reference}:{alternate}" if name == "." else name
        yield f"{chrom}\t{variant}\t0\t{position}\t{alternate}\t{reference}\n"


def packed(alleles: NDArray[np.int8]) -> bytes:
    """Genotypes of one alternate allele, site by sample by 2, as they stand in a bed file."""
    codes = _codes().take(np.ascontiguousarray(alleles).view("<u2")[:, :, 0])
    padded = np.zeros((len(codes), -(-codes.shape[1] // _SAMPLES_A_BYTE) * _SAMPLES_A_BYTE), dtype=np.uint8)
    padded[:, : codes.shape[1]] = codes
    first, second, third, fourth = (padded[:, start::_SAMPLES_A_BYTE] for start in range(_SAMPLES_A_BYTE))
    quartets: NDArray[np.uint8] = first | second << 2 | third << 4 | fourth << 6
    return quartets.tobytes()


@cache
def _codes() -> NDArray[np.uint8]:
    """The two bits by the two bytes that are a genotype. A haploid genotype is told as a homozygous one."""
    codes = np.full((256, 256), _MISSING, dtype=np.uint8)
    codes[0, 0] = codes[ABSENT, 0] = _TWO_REFERENCES
    codes[1, 1] = codes[ABSENT, 1] = _TWO_ALTERNATES
    codes[0, 1] = codes[1, 0] = _HETEROZYGOUS
    return codes.ravel()
