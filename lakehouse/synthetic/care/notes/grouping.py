"""Putting rows of frames together by the note that they belong to."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import numpy as np

from lakehouse.synthetic.streams import Integers


def listed(groups: Integers, values: Iterable[str], count: int) -> list[list[str]]:
    """The values of each of `count` groups; the rows of a group lie together, and groups are in order."""
    found, bounds = list(values), np.searchsorted(groups, np.arange(count + 1)).tolist()
    return [found[first:last] for first, last in pairwise(bounds)]


def enumerated(words: list[str], conjunction: str) -> str:
    """`a, b and c`; empty for no words."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {conjunction} {words[-1]}"


def us_dates(days: Integers) -> list[str]:
    """Days since 1970 as dates the American way: 03/14/1952."""
    unique, place = np.unique(days, return_inverse=True)
    texts = [f"{day:%m/%d/%Y}" for day in unique.astype("datetime64[D]").astype(object)]
    return [texts[one] for one in place.tolist()]
