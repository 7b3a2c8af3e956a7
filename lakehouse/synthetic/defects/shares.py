"""Which lines of files get a defect: drawn by a hash of what names the line."""

from __future__ import annotations

from pyspark.sql import Column

from lakehouse.synthetic.ehr.lags import draw
from lakehouse.synthetic.knowledge import by_key, number
from lakehouse.synthetic.world import World


def share(world: World, key: str) -> float:
    """How often the defect happens in this world, of what it can happen to."""
    return number(by_key("defects")[key], "rate") * world.planted.defects


def happens(world: World, key: str, id_: Column) -> Column:
    """Whether the defect happens to the line of that id."""
    return draw(f"defect:{key}:{world.seed}", id_) < share(world, key)
