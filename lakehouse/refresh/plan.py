"""What to do with a table: a pure decision from what its last commit and its inputs say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Literal

from lakehouse.buckets import Buckets
from lakehouse.storage import Commit

Mode = Literal["skip", "incremental", "full"]


@dataclass(frozen=True)
class InputChange:
    """What an input of a table is now, beside what the table was built from.

    built_from: the version that the table records; None where it is of a log that is gone.
    now: the last version that changed the input's rows.
    buckets: which buckets of the table's own scope that touches; None where it cannot be told.
    untold: why it cannot be told.
    """

    built_from: int | None
    now: int
    buckets: Buckets | None = None
    untold: str = ""

    @property
    def changed(self) -> bool:
        """Whether the input's rows changed since the table was built."""
        return self.built_from != self.now


@dataclass(frozen=True)
class Decision:
    """What to do with a table and why.

    buckets: which to recompute; None for all.
    is_open: it is skipped unless what it reads changes in the same refresh.
    """

    mode: Mode
    reason: str
    buckets: Buckets | None = None
    is_open: bool = False


def named(inputs: Sequence[str], word: str) -> str:
    """Inputs by their names, or how many where there are many."""
    return f" {word} ".join(inputs) if len(inputs) < 4 else f"{len(inputs)} inputs"


def decide(
    *,
    last: Commit | None,
    fingerprint: str,
    inputs: Mapping[str, InputChange],
    rebuild: bool = False,
    full_above: float = 0.5,
    key: str = "",
) -> Decision:
    """Skip a table, recompute the changed buckets of its scope, or rebuild it.

    key: the name of the key that its ids are to be made with.
    """
    if last is None:
        return Decision("full", "never built")
    if rebuild:
        return Decision("full", "asked for")
    if last.record is None:
        return Decision("full", f"somebody else wrote version {last.version}")
    if last.record.fingerprint != fingerprint:
        return Decision("full", "its code changed")
    if last.record.key != key:
        return Decision("full", "the key of its ids changed")
    changed = {name: change for name, change in inputs.items() if change.changed}
    if not changed:
        return Decision("skip", "nothing it reads changed")
    names = named(list(changed), "and")
    told = []
    for name, change in changed.items():
        if change.buckets is None:
            return Decision("full", f"{name} changed, and {change.untold}")
        told.append(change.buckets)
    buckets = reduce(or_, told)
    if len(buckets) > full_above * buckets.count:
        return Decision("full", f"{names} changed in {len(buckets) / buckets.count:.0%} of the buckets")
    return Decision("incremental", f"{names} changed in {len(buckets):,} of {buckets.count:,} buckets", buckets)
