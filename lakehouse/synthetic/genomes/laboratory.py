"""What a laboratory may be: its platforms, a form of its files, and how often it errs."""

from __future__ import annotations

from lakehouse.synthetic.knowledge import by_key, number
from lakehouse.synthetic.world import World

GENOME, EXOME, ARRAY, IMPUTED = "genome", "exome", "array", "imputed"

PLINK = "plink"
"""The form of the files beside VCF."""


def rate(world: World, error: str) -> float:
    """How often the error happens, of what it can happen to."""
    return min(1.0, number(by_key("lab_errors")[error], "rate") * world.planted.lab_errors)
