"""Arithmetic on rows that lie in groups, without a loop over the groups."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lakehouse.synthetic.streams import Floats, Integers, Streams, identify

Booleans = NDArray[np.bool_]
Texts = NDArray[Any]

_UNIT = float(1 << 62)


def chance(streams: Streams, purpose: str, *things: Integers | int) -> Floats:
    """Uniform on [0, 1), one for each thing: it depends on the seed, the purpose and the thing's id alone.

    What happens to a claim so stays as it is when other claims come into the world.
    """
    return identify(f"chance:{purpose}", streams.seed, *things) / _UNIT


def days_of(times: NDArray[Any]) -> Integers:
    """Days since 1970-01-01 of dates or times; not for missing ones."""
    return times.astype("datetime64[D]").astype(np.int64)


def dates_of(days: Integers) -> NDArray[Any]:
    """Dates of days since 1970-01-01."""
    return days.astype("datetime64[D]")


def is_missing(texts: Texts) -> Booleans:
    """Whether there is None in the place of a text."""
    return np.fromiter((text is None for text in texts.tolist()), dtype=bool, count=len(texts))


def year_of(days: Integers) -> Integers:
    """The calendar years of days."""
    years: Integers = days.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970
    return years


def find(ids: Integers, wanted: Integers) -> Integers:
    """The row in which each wanted id stands; -1 where it does not."""
    if not len(ids):
        return np.full(len(wanted), -1)
    order, wanted = np.argsort(ids, kind="stable"), wanted.astype(np.int64)
    places = order[np.minimum(np.searchsorted(ids, wanted, sorter=order), len(ids) - 1)]
    return np.where(ids[places] == wanted, places, -1)


def lookup(texts: Texts, rows: dict[str, int]) -> Integers:
    """The row of a table that each text names; -1 where there is none."""
    return np.fromiter((rows.get(text, -1) for text in texts.tolist()), dtype=np.int64, count=len(texts))


def repeated(counts: Integers) -> tuple[Integers, Integers]:
    """For things that each happen `counts` times: which thing, and the how-many-th time of it, from 0."""
    things = np.repeat(np.arange(len(counts)), counts)
    return things, np.arange(len(things)) - np.repeat(np.cumsum(counts) - counts, counts)


def starts_of(groups: Integers) -> Booleans:
    """Whether a row is the first of its group; the rows of a group lie together."""
    first = np.ones(len(groups), dtype=bool)
    first[1:] = groups[1:] != groups[:-1]
    return first


def before(amounts: NDArray[Any], groups: Integers) -> NDArray[Any]:
    """The sum of the amounts of the earlier rows of the same group; the rows of a group lie together."""
    total = np.cumsum(amounts) - amounts
    first = starts_of(groups)
    return np.asarray(total - total[first][np.cumsum(first) - 1])


def sum_by(groups: Integers, amounts: Integers, count: int) -> Integers:
    """The sum of the amounts of each of `count` groups; exact up to 2^53."""
    return np.bincount(groups, weights=amounts, minlength=count).astype(np.int64)


def apportion(totals: Integers, weights: Integers, groups: Integers) -> Integers:
    """Divide the total of each group among its rows in proportion to their weights; the parts add up exactly.

    No row gets more than its weight where the total is no more than the sum of the weights. The rows of a group
    lie together, and `totals` has one value for each group number. Without any weight the first row gets all.
    """
    first = starts_of(groups)
    sums = sum_by(groups, weights, len(totals))[groups]
    weights = np.where(sums > 0, weights, first.astype(np.int64))
    sums = np.where(sums > 0, sums, 1)
    done = before(weights, groups)
    share = totals[groups]
    return np.asarray(share * (done + weights) // sums - share * done // sums)


def where_kept(kept: Booleans, values: Texts) -> Texts:
    """The values in their rows where they are kept, and None elsewhere."""
    result = np.full(len(kept), None, dtype=object)
    result[kept] = values[kept]
    return result


def either(chosen: Booleans, these: Texts, others: Texts) -> Texts:
    """These values where they are chosen, the others elsewhere; values may be lists."""
    result = others.copy()
    result[chosen] = these[chosen]
    return result


def with_none(values: Texts) -> Texts:
    """The values and, as the last one, None: the row that an index of -1 reaches."""
    result = np.full(len(values) + 1, None, dtype=object)
    result[:-1] = values
    return result
