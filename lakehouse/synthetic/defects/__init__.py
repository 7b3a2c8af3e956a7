"""Defects of data quality, planted row by row: in what a block's persons leave behind, and in the lines of files.

Kinds and rates stand in knowledge/defects.csv. Each defect is a row of TRUE_DEFECT: where it is, what was true, and
what stands there. What only looks like a defect is left as it is: people of a hundred years, twins, two admissions on
a day, claims that were adjusted or denied.
"""

from __future__ import annotations

from lakehouse.synthetic.defects import (
    amounts,
    claim_codes,
    claim_dates,
    codes,
    dates,
    duplicate_claims,
    identifiers,
    references,
    units,
    values,
)
from lakehouse.synthetic.defects.fields import spoil_fields
from lakehouse.synthetic.defects.lines import spoil_lines
from lakehouse.synthetic.defects.planting import Planting
from lakehouse.synthetic.journal import Journal
from lakehouse.synthetic.streams import Streams
from lakehouse.synthetic.world import World

__all__ = ["plant", "spoil_fields", "spoil_lines"]

_FAMILIES = (
    units, values, dates, codes, references, identifiers, claim_dates, claim_codes, amounts, duplicate_claims
)  # fmt: skip
"""Repetitions last: they repeat what is there."""


def plant(world: World, streams: Streams, journal: Journal) -> None:
    """Plant the defects of a block in the rows of its journal, and write them down in TRUE_DEFECT."""
    if not world.planted.defects:
        return
    planting = Planting(world, streams, journal)
    for family in _FAMILIES:
        family.plant(planting)
