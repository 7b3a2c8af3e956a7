"""Two blocks of the default world, and a few windows with their panels."""

from __future__ import annotations

import pytest

from lakehouse.synthetic.genomes import lineage, panel
from lakehouse.synthetic.genomes.lineage import Lineage
from lakehouse.synthetic.genomes.panel import Panel
from lakehouse.synthetic.genomes.windows import Window, windows
from lakehouse.synthetic.population import people
from lakehouse.synthetic.population.genome import place_of
from lakehouse.synthetic.streams import Streams
from lakehouse.synthetic.world import World

WORLD = World()
KEYS = (
    "CYP2C19", "DPYD", "HLA-B", "APOE", "UGT1A1", "HFE:c.845G>A", "APC:c.3920T>A", "coronary_artery_disease:rs964184",
    "type_2_diabetes:rs4506565", "type_2_diabetes:rs10811660", "type_2_diabetes:rs7756992",
)  # fmt: skip


def lineage_of(world: World, block: int) -> Lineage:
    streams = Streams(world.seed, block)
    return lineage.draw(streams, people.draw(world, streams))


def window_of(key: str, sites: int = 20_000) -> Window:
    return next(window for window in windows(sites) if place_of()[key] in window.loci)


@pytest.fixture(scope="session")
def lineages() -> list[Lineage]:
    return [lineage_of(WORLD, block) for block in range(2)]


@pytest.fixture(scope="session")
def panels() -> dict[str, tuple[Window, Panel]]:
    """By a known locus in them; `G6PD` lies on chrX, `long` is a whole cell, `nothing` has no known locus."""
    chosen = {key: window_of(key) for key in (*KEYS, "G6PD")}
    chosen["long"] = window_of("type_2_diabetes:rs4506565", 1_000_000)
    chosen["nothing"] = next(window for window in windows() if not window.loci)
    return {key: (window, panel.simulate(WORLD.seed, window)) for key, window in chosen.items()}
