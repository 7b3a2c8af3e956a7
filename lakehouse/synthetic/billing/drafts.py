"""Claims on their way: what is billed, before anybody priced it, shared it out or decided on it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace

import numpy as np

from lakehouse.synthetic.arrays import Texts, starts_of, sum_by
from lakehouse.synthetic.streams import Integers


@dataclass(frozen=True)
class Claims:
    """Claims, one a row.

    source: the id of what it is for (an encounter, or a person's equipment). part: tells the claims of one source
    apart. encounter: row in the block's encounters, -1 for none. form: row of the billing forms. period: which of
    the `periods` claims of a stay it is, from 0. start, end: days. facility, practitioner: ids of the directory.
    span: row of the coverage that pays.
    """

    source: Integers
    part: Integers
    person: Integers
    encounter: Integers
    form: Integers
    period: Integers
    periods: Integers
    start: Integers
    end: Integers
    facility: Integers
    practitioner: Integers
    span: Integers

    def __len__(self) -> int:
        return len(self.source)

    @property
    def nights(self) -> Integers:
        """Days of care, the day of discharge not counted; one at least."""
        is_last = self.period == self.periods - 1
        return np.asarray(np.maximum(self.end - self.start + ~is_last, 1))

    def take(self, rows: Integers) -> Claims:
        """These claims only, in this order."""
        return Claims(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})


@dataclass(frozen=True)
class Lines:
    """Lines of claims, those of a claim together and in order.

    claim: row of the claim. fee: row of the fee schedule. value: cents that the fee schedule gives for all units.
    center: revenue center. diagnosis: key of the condition that it is for.
    """

    claim: Integers
    day: Integers
    fee: Integers
    units: Integers
    value: Integers
    center: Texts
    diagnosis: Texts

    def __len__(self) -> int:
        return len(self.claim)

    def take(self, rows: Integers) -> Lines:
        """These lines only, in this order."""
        return Lines(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})


@dataclass(frozen=True)
class Drafts:
    """Claims with their lines."""

    claims: Claims
    lines: Lines

    @staticmethod
    def of(claims: Claims, lines: Iterable[Lines]) -> Drafts:
        """Put the lines of each claim together, the same service once; claims without lines are left out."""
        every = _summed(joined_lines(lines))
        used, renumbered = np.unique(every.claim, return_inverse=True)
        every = replace(every, claim=renumbered)
        return Drafts(claims.take(used), every.take(np.lexsort((every.fee, every.day, every.claim))))

    @staticmethod
    def join(parts: Iterable[Drafts]) -> Drafts:
        """All of these, one after another."""
        drafts = list(parts)
        firsts = np.cumsum([0, *(len(draft.claims) for draft in drafts)])
        lines = [
            replace(draft.lines, claim=draft.lines.claim + first) for draft, first in zip(drafts, firsts, strict=False)
        ]
        return Drafts(
            Claims(**{f.name: np.concatenate([getattr(d.claims, f.name) for d in drafts]) for f in fields(Claims)}),
            joined_lines(lines),
        )


def joined_lines(parts: Iterable[Lines]) -> Lines:
    """All of these lines, one after another."""
    lines = list(parts)
    return Lines(**{f.name: np.concatenate([getattr(part, f.name) for part in lines]) for f in fields(Lines)})


def _summed(lines: Lines) -> Lines:
    """One line for all times that a claim has the same service, dated by the first."""
    ordered = lines.take(np.lexsort((lines.day, lines.fee, lines.claim)))
    first = starts_of(ordered.claim) | starts_of(ordered.fee)
    group, count = np.cumsum(first) - 1, int(first.sum())
    units, value = sum_by(group, ordered.units, count), sum_by(group, ordered.value, count)
    return replace(ordered.take(np.flatnonzero(first)), units=units, value=value)
