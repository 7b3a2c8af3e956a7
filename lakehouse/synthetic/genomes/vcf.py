"""VCF 4.2 on GRCh38, bgzip-compressed, with its tabix index.

The text is put together from tables of pieces of eight bytes, padded with zeros, which are then dropped: a genotype
costs one look-up for its alleles, and one for its quality and depth. One file is written by one writer that takes the
windows of a chromosome in their order: a batch has few hundred samples, so a chromosome is seconds of work, and no
fragments have to be kept, put in order and joined.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lakehouse.errors import UsageError
from lakehouse.synthetic.genomes.calls import (
    MISSING,
    NO_PROBABILITY,
    THOUSANDTHS,
    Calls,
    allele_counts,
)
from lakehouse.synthetic.genomes.draws import parts
from lakehouse.synthetic.genomes.laboratory import ARRAY, EXOME, GENOME, IMPUTED
from lakehouse.synthetic.knowledge import table
from lakehouse.synthetic.population.genome import ABSENT

Pieces = NDArray[np.uint64]

FIELDS = {GENOME: "GT:GQ:DP", EXOME: "GT:GQ:DP", ARRAY: "GT:GQ", IMPUTED: "GT:DS:GP"}
"""FORMAT by platform."""

_DESCRIPTIONS = {
    "GT": 'Number=1,Type=String,Description="Genotype"',
    "GQ": 'Number=1,Type=Integer,Description="Genotype quality"',
    "DP": 'Number=1,Type=Integer,Description="Read depth"',
    "DS": 'Number=A,Type=Float,Description="Expected number of alternate alleles"',
    "GP": 'Number=G,Type=Float,Description="Posterior probabilities of the genotypes"',
}

_COMPRESSION = "wb1"
"""Level 1 is six times as fast as the default, and its files are a third larger."""

_PIECE = 8
"""The length of a piece in bytes, so that one is a number of 64 bits."""

_MOST_ALLELES = 16
"""How many alternates a site may have: two numbers of two digits still fit a piece."""


@contextmanager
def vcf_file(path: Path, platform: str, labels: NDArray[Any]) -> Iterator[Callable[[Calls], None]]:
    """A VCF file of one chromosome; gives what adds the calls of a window behind those of the windows before it.

    Once it has ended well, the file is complete and has its index beside it (`<path>.tbi`). Raises UsageError where
    pysam is not installed.
    """
    pysam = _pysam()
    with pysam.BGZFile(str(path), _COMPRESSION) as file:
        file.write(header(platform, labels).encode())

        def write(calls: Calls) -> None:
            for text in lines(calls):
                file.write(text)

        yield write
    pysam.tabix_index(str(path), preset="vcf", force=True)


def header(platform: str, labels: NDArray[Any]) -> str:
    """All lines before the first site."""
    accuracy = '##INFO=<ID=R2,Number=1,Type=Float,Description="Estimated squared correlation of dosage and genotype">'
    return "\n".join([
        "##fileformat=VCFv4.2",
        "##reference=GRCh38",
        '##FILTER=<ID=PASS,Description="All filters passed">',
        '##FILTER=<ID=LowQual,Description="Few reads, or clusters that overlap">',
        '##INFO=<ID=AC,Number=A,Type=Integer,Description="Allele count in called genotypes">',
        '##INFO=<ID=AF,Number=A,Type=Float,Description="Allele frequency in called genotypes">',
        '##INFO=<ID=AN,Number=1,Type=Integer,Description="Number of alleles in called genotypes">',
        *([accuracy] if platform == IMPUTED else []),
        *(f"##FORMAT=<ID={name},{_DESCRIPTIONS[name]}>" for name in FIELDS[platform].split(":")),
        *(f"##contig=<ID={row['chrom']},length={row['length']},assembly=GRCh38>" for row in table("chromosomes")),
        "\t".join(["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT", *labels]),
        "",
    ])  # fmt: skip


def lines(calls: Calls) -> Iterator[bytes]:
    """The text of the sites, in parts. Raises ValueError for a site of more than 16 alternate alleles."""
    for rows in parts(*calls.alleles.shape[:2]):
        part = calls.take(rows)
        pieces = np.hstack([_beginnings(part), _genotypes(part), np.tile(_pieces(["\n"]), (len(part.low_quality), 1))])
        yield pieces.tobytes().translate(None, b"\0")


def _beginnings(calls: Calls) -> Pieces:
    """What stands before the genotypes of each line: site by piece."""
    sites = calls.sites
    most = int(sites.alternates.max())
    if most > _MOST_ALLELES:
        raise ValueError(f"{most} alternate alleles at one site of {sites.chrom}")
    called, counts = allele_counts(calls.alleles, most)
    accuracy = [""] * len(called) if calls.accuracy is None else [f";R2={value:.3f}" for value in calls.accuracy]
    fields = _fields(calls)
    texts = []
    for position, name, reference, alternates, poor, number, of_site, end in zip(
        sites.position.tolist(), sites.name.tolist(), sites.reference.tolist(), sites.alternate,
        calls.low_quality.tolist(), called.tolist(), counts.tolist(), accuracy, strict=True,
    ):  # fmt: skip
        told = of_site[: len(alternates)]
        shares = ",".join(f"{count / number:.5g}" for count in told) if number else ",".join("." for _ in told)
        texts.append(
            f"{sites.chrom}\t{position}\t{name}\t{reference}\t{','.join(alternates)}\t.\t"
            f"{'LowQual' if poor else 'PASS'}\tAC={','.join(map(str, told))};AF={shares};AN={number}{end}\t{fields}"
        )
    longest = max(map(len, texts))
    return _pieces(texts, -(-longest // _PIECE) * _PIECE).reshape(len(texts), -1)


def _fields(calls: Calls) -> str:
    """FORMAT, by what is told."""
    if calls.probability is not None:
        return FIELDS[IMPUTED]
    return FIELDS[ARRAY if calls.depth is None else GENOME]


def _genotypes(calls: Calls) -> Pieces:
    """The genotypes of each line, each after its tabulator: site by piece."""
    of_alleles = _allele_pieces(calls.phased).take(np.ascontiguousarray(calls.alleles).view("<u2")[:, :, 0])
    pieces = [of_alleles, *(_probabilities(calls) if calls.probability is not None else _qualities(calls))]
    return np.stack(pieces, axis=2).reshape(len(of_alleles), -1)


def _qualities(calls: Calls) -> list[Pieces]:
    assert calls.quality is not None
    if calls.depth is None:
        return [_number_pieces().take(calls.quality)]
    return [_quality_pieces().take(calls.quality.astype(np.uint16) << 8 | calls.depth)]


def _probabilities(calls: Calls) -> list[Pieces]:
    """Dosage, and the probabilities of the genotypes; a haploid one has two."""
    assert calls.probability is not None
    none, one, both = (calls.probability[:, :, copies] for copies in range(3))
    haploid = both == NO_PROBABILITY
    dosage = one + np.where(haploid, np.uint16(0), 2 * both)
    last = np.where(haploid, THOUSANDTHS + 1, np.uint16(0)).astype(np.uint16)
    return [
        _share_pieces(2 * THOUSANDTHS, ":").take(dosage), _share_pieces(THOUSANDTHS, ",").take(none),
        np.concatenate([_share_pieces(THOUSANDTHS, ","), _share_pieces(THOUSANDTHS, "")]).take(one + last),
        np.append(_share_pieces(THOUSANDTHS, ""), np.uint64(0)).take(both),
    ]  # fmt: skip


def _pieces(texts: list[str], width: int = _PIECE) -> Pieces:
    """The bytes of texts, padded with zeros, as numbers."""
    return np.array([text.encode() for text in texts], dtype=f"S{width}").view(np.uint64)


@cache
def _allele_pieces(phased: bool) -> Pieces:
    """GT by the two bytes that are a genotype. Alleles of an unphased one come in order."""
    table_of_pieces = np.zeros((256, 256), dtype=np.uint64)
    known = [MISSING, *range(_MOST_ALLELES + 1)]
    for first in known:
        one = "." if first == MISSING else str(first)
        table_of_pieces[ABSENT, first] = _pieces([f"\t{one}:"])[0]
        for second in known:
            other = "." if second == MISSING else str(second)
            ordered = (one, other) if phased or first <= second else (other, one)
            table_of_pieces[second, first] = _pieces([f"\t{('|' if phased else '/').join(ordered)}:"])[0]
    return table_of_pieces.ravel()


@cache
def _quality_pieces() -> Pieces:
    """GQ and DP by the two bytes that they are."""
    return _pieces([f"{quality}:{depth}" for quality in range(256) for depth in range(256)])


@cache
def _number_pieces() -> Pieces:
    return _pieces([str(number) for number in range(256)])


@cache
def _share_pieces(most: int, end: str) -> Pieces:
    """Thousandths as decimals."""
    return _pieces([f"{thousandths / THOUSANDTHS:.4g}{end}" for thousandths in range(most + 1)])


def _pysam() -> ModuleType:
    try:
        import pysam
    except ImportError:
        raise UsageError("VCF files are written by pysam: install the extra `synthetic`") from None
    module: ModuleType = pysam
    return module
