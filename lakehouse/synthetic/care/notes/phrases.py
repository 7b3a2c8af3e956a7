"""The sentences that notes are made of (knowledge/phrases.csv)."""

from __future__ import annotations

from bisect import bisect_right
from functools import cache
from itertools import accumulate

from lakehouse.synthetic.knowledge import number, table
from lakehouse.synthetic.streams import Floats


def draw(slot: str, keys: list[str], uniform: Floats) -> list[str]:
    """A sentence for each key, by the weights of the sentences; fields in braces are still to be filled."""
    chosen = []
    for key, chance in zip(keys, uniform.tolist(), strict=True):
        sentences, bounds = _sentences(slot, key)
        chosen.append(sentences[bisect_right(bounds, chance)])
    return chosen


@cache
def _sentences(slot: str, key: str) -> tuple[list[str], list[float]]:
    """The sentences of a place in the note, and the upper bounds of their shares, less the last."""
    rows = [row for row in table("phrases") if row["slot"] == slot and row["key"] == key]
    *bounds, total = accumulate(number(row, "weight") for row in rows)
    return [row["text"] for row in rows], [bound / total for bound in bounds]
