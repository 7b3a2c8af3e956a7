"""Windows hold the sites that are asked for, each known locus in one of them."""

from __future__ import annotations

from itertools import pairwise

import pytest

from lakehouse.errors import UsageError
from lakehouse.synthetic.genomes.known import extents, known_sites
from lakehouse.synthetic.genomes.windows import CELL, windows
from lakehouse.synthetic.knowledge import table
from lakehouse.synthetic.population.genome import loci

SIZES = (1_500, 20_000, 300_000, 3_000_000)


@pytest.mark.parametrize("sites", SIZES)
def test_there_are_as_many_sites_as_asked_for(sites: int) -> None:
    assert abs(sum(window.sites for window in windows(sites)) - sites) <= 0.01 * sites
    assert sum(len(window.known) for window in windows(sites)) == len(known_sites())


@pytest.mark.parametrize("sites", SIZES)
def test_windows_are_apart_and_in_order(sites: int) -> None:
    chroms = list(dict.fromkeys(window.chrom for window in windows(sites)))
    assert chroms == [f"chr{number}" for number in [*range(1, 23), "X"]]
    for one, other in pairwise(windows(sites)):
        assert one.chrom != other.chrom or one.end < other.start
        assert one.start < one.end


@pytest.mark.parametrize("sites", SIZES)
def test_each_known_locus_lies_in_one_window_with_all_its_sites(sites: int) -> None:
    assert sorted(place for window in windows(sites) for place in window.loci) == list(range(len(loci())))
    for window in windows(sites):
        for place in window.loci:
            assert window.chrom == loci()[place].chrom
            assert window.start <= extents()[place, 0] <= extents()[place, 1] <= window.end


def test_windows_grow_until_they_cover_the_cells() -> None:
    spans = {row["chrom"]: (int(row["first_base"]), int(row["last_base"])) for row in table("chromosome_spans")}
    total = sum(last - first + 1 for first, last in spans.values())
    covered = [sum(window.end - window.start + 1 for window in windows(sites)) / total for sites in SIZES]
    assert covered[0] < 0.04
    assert covered[1] < 0.05
    assert covered[3] == 1
    assert max(window.end - window.start for window in windows(SIZES[3])) < 1.1 * CELL


@pytest.mark.parametrize("sites", SIZES)
def test_none_lies_in_a_pseudoautosomal_region(sites: int) -> None:
    on_x = [window for window in windows(sites) if window.chrom == "chrX"]
    assert min(window.start for window in on_x) > 2_781_479
    assert max(window.end for window in on_x) < 155_701_383


def test_fewer_sites_than_are_known_is_an_error() -> None:
    with pytest.raises(UsageError, match="known sites"):
        windows(500)
