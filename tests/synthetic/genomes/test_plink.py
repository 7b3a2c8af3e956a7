"""PLINK files, decoded here by the format's description."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lakehouse.synthetic.genomes.calls import MISSING, only, split_alternates
from lakehouse.synthetic.genomes.plink import plink_files
from lakehouse.synthetic.population.genome import ABSENT
from tests.synthetic.genomes.lab import called, genotypes, samples_of, sexes

COPIES = {0b00: 2, 0b01: None, 0b10: 1, 0b11: 0}
"""Copies of the first allele of the bim file, by the two bits of a genotype."""


def decoded(bed: bytes, variants: int, samples: int) -> list[list[int | None]]:
    assert bed[:3] == b"\x6c\x1b\x01"
    length = (samples + 3) // 4
    assert len(bed) == 3 + variants * length
    rows = [bed[3 + length * row : 3 + length * (row + 1)] for row in range(variants)]
    return [[COPIES[row[sample // 4] >> 2 * (sample % 4) & 3] for sample in range(samples)] for row in rows]


@pytest.mark.parametrize("chrom", ["chr2", "chrX"])
def test_what_is_written_is_read_back(tmp_path: Path, chrom: str) -> None:
    panel = genotypes(100, 30, chrom)
    samples, calls = samples_of(panel.persons), called(panel, quality=np.full(30, 0.15))
    with plink_files(tmp_path / chrom, samples.sample_id, sexes(samples)) as write:
        write(calls.take(slice(0, 40)))
        write(calls.take(slice(40, 100)))
    sites, rows, nth = split_alternates(calls.sites)
    split = only(calls.alleles[rows], nth)
    expected = [
        [None if one == MISSING else 2 * one if other == ABSENT else one + other for one, other in row]
        for row in split.tolist()
    ]
    assert decoded((tmp_path / f"{chrom}.bed").read_bytes(), len(rows), 30) == expected
    variants = [line.split("\t") for line in (tmp_path / f"{chrom}.bim").read_text().splitlines()]
    assert [(one[0], int(one[3]), one[4], one[5]) for one in variants] == [
        (chrom.removeprefix("chr"), position, alternate, reference)
        for position, (alternate,), reference in zip(sites.position, sites.alternate, sites.reference, strict=True)
    ]
    assert all(variant[1] != "." for variant in variants)
    persons = [line.split("\t") for line in (tmp_path / f"{chrom}.fam").read_text().splitlines()]
    assert [person[1] for person in persons] == samples.sample_id.tolist()
    assert [person[4] for person in persons] == ["2", "1"] * 15
