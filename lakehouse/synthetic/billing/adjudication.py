"""What the payer decides on a claim, in which versions, and when.

A claim is paid, denied for good, denied first and paid after another look, paid and adjusted, or paid and taken
back. Each decision is a version; the last one stands. Some claims are sent twice: the second is denied.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lakehouse.synthetic.arrays import Booleans, Texts, chance, where_kept
from lakehouse.synthetic.frames import NULL
from lakehouse.synthetic.knowledge import number, table
from lakehouse.synthetic.streams import Floats, Integers, Streams

FINALLY_PAID = 0.57
"""The share of denials that are paid in the end (R)."""

ADJUSTED, VOIDED = 0.05, 0.01
"""The shares of claims that are adjusted, and that are taken back (E)."""

SENT_TWICE = 0.007
"""The share of claims that are sent a second time (E: 0.5 to 2 of 100)."""

DUPLICATE = "duplicate"

_LAG = ((0.0, 8), (0.75, 30), (0.95, 91), (0.985, 182), (0.998, 365), (1.0, 420))
_STAY_LAG = ((0.0, 12), (0.45, 30), (0.90, 91), (0.975, 182), (0.997, 365), (1.0, 420))
"""Shares of claims that are processed within so many days after the service (actuarial completion factors; E)."""

_NEXT_VERSION_DAYS = (21, 150)
_SECOND_SENDING_DAYS = (7, 60)
_WEEK, _FRIDAY = 7, 1


class Outcome(IntEnum):
    """What becomes of a claim."""

    PAID = 0
    DENIED = 1
    PAID_LATER = 2
    ADJUSTED = 3
    VOIDED = 4


class State(IntEnum):
    """How the amounts of a version come from what the claim is worth."""

    FULL = 0
    NOTHING = 1
    PART = 2
    TAKEN_BACK = 3


ACTIONS = ("original", "adjustment", "void")


@dataclass(frozen=True)
class Versions:
    """Versions of claims, one a row.

    claim: row of the claim. number: 1 for the first. action: place in ACTIONS. denial: key of knowledge/denials.csv
    or None. processed: day. second: whether it belongs to the second sending of the claim.
    """

    claim: Integers
    number: Integers
    action: Integers
    state: Integers
    denial: Texts
    processed: Integers
    is_final: Booleans
    second: Integers

    @property
    def superseded(self) -> Integers:
        """The day on which the next version of each was processed; NULL for the last one."""
        found = np.full(len(self.claim), NULL)
        follows = (self.claim[1:] == self.claim[:-1]) & (self.second[1:] == self.second[:-1])
        found[:-1][follows] = self.processed[1:][follows]
        return found


def outcomes(streams: Streams, source: Integers, denial_rate: Floats) -> Integers:
    """The outcome of each claim."""
    draw = chance(streams, "billing:outcome", source)
    for_good = denial_rate * (1 - FINALLY_PAID)
    bounds = [for_good, denial_rate, denial_rate + ADJUSTED, denial_rate + ADJUSTED + VOIDED]
    reached = [draw < bound for bound in bounds]
    return np.select(reached, [Outcome.DENIED, Outcome.PAID_LATER, Outcome.ADJUSTED, Outcome.VOIDED], Outcome.PAID)


def counts_toward_limits(outcome: Integers) -> Booleans:
    """Whether what the patient owes on a claim counts toward deductibles and maxima: not if it comes to nothing."""
    return np.asarray((outcome != Outcome.DENIED) & (outcome != Outcome.VOIDED))


def versions(streams: Streams, source: Integers, outcome: Integers, first: Integers, twice: Integers) -> Versions:
    """All versions of all claims, a claim's own together.

    source: ids that tell the claims apart. first: the day on which each is first processed. twice: the claims that
    are sent a second time.
    """
    parts = [_originals(streams, source, outcome, first), _changes(streams, source, outcome, first)]
    again = first[twice] + _drawn_days(streams, "billing:second_sending", source[twice], _SECOND_SENDING_DAYS)
    denial = np.full(len(twice), DUPLICATE, dtype=object)
    parts.append(_rows(twice, 1, 0, State.NOTHING, denial, on_friday(again), True, 1))
    joined = {name: np.concatenate([getattr(part, name) for part in parts]) for name in vars(parts[0])}
    order = np.lexsort((joined["number"], joined["second"], joined["claim"]))
    return Versions(**{name: column[order] for name, column in joined.items()})


def sent_twice(streams: Streams, source: Integers) -> Integers:
    """The rows of the claims that are sent a second time."""
    return np.flatnonzero(chance(streams, "billing:twice", source) < SENT_TWICE)


def first_processed(streams: Streams, source: Integers, end: Integers, is_stay: Booleans) -> Integers:
    """The day on which each claim is first processed."""
    draw = chance(streams, "billing:lag", source)
    lag, stay_lag = _quantile(draw, _LAG), _quantile(draw, _STAY_LAG)
    return on_friday(end + np.where(is_stay, stay_lag, lag).astype(np.int64))


def _quantile(draw: Floats, knots: tuple[tuple[float, int], ...]) -> Floats:
    shares, days = zip(*knots, strict=True)
    return np.asarray(np.interp(draw, np.array(shares), np.array(days)))


def on_friday(days: Integers) -> Integers:
    """The last Friday until that day: the National Claims History is loaded by weeks that end so."""
    return days - (days - _FRIDAY) % _WEEK


def _originals(streams: Streams, source: Integers, outcome: Integers, first: Integers) -> Versions:
    denied = (outcome == Outcome.DENIED) | (outcome == Outcome.PAID_LATER)
    state = np.select([denied, outcome == Outcome.ADJUSTED], [State.NOTHING, State.PART], State.FULL)
    denial = where_kept(denied, _reasons(chance(streams, "billing:denial", source)))
    return _rows(np.arange(len(source)), 1, 0, state, denial, first, ~_has_second(outcome))


def _changes(streams: Streams, source: Integers, outcome: Integers, first: Integers) -> Versions:
    """The second versions: payments after a denial, adjustments, and voids."""
    changed = np.flatnonzero(_has_second(outcome))
    later = first[changed] + _drawn_days(streams, "billing:next_version", source[changed], _NEXT_VERSION_DAYS)
    is_void = outcome[changed] == Outcome.VOIDED
    action = np.where(is_void, ACTIONS.index("void"), ACTIONS.index("adjustment"))
    state = np.where(is_void, State.TAKEN_BACK, State.FULL)
    return _rows(changed, 2, action, state, np.full(len(changed), None, dtype=object), on_friday(later), True)


def _has_second(outcome: Integers) -> Booleans:
    return np.isin(outcome, [Outcome.PAID_LATER, Outcome.ADJUSTED, Outcome.VOIDED])


def _drawn_days(streams: Streams, purpose: str, source: Integers, between: tuple[int, int]) -> Integers:
    first, last = between
    days: Integers = (first + chance(streams, purpose, source) * (last - first)).astype(np.int64)
    return days


@cache
def _denials() -> tuple[Texts, Floats]:
    rows = [row for row in table("denials") if row["key"] != DUPLICATE]
    return np.array([row["key"] for row in rows], object), np.cumsum([number(row, "share") for row in rows])


def _reasons(draw: Floats) -> Texts:
    keys, bounds = _denials()
    return np.asarray(keys[np.minimum(np.searchsorted(bounds, draw, side="right"), len(keys) - 1)])


def _rows(
    claim: Integers,
    number_: int,
    action: Integers | int,
    state: Integers | int,
    denial: Texts,
    processed: Integers,
    is_final: Booleans | bool,
    second: int = 0,
) -> Versions:
    def column(values: Any) -> NDArray[Any]:
        return np.broadcast_to(np.asarray(values), claim.shape)

    return Versions(
        claim, column(number_), column(action), column(state), denial, processed, column(is_final), column(second)
    )
