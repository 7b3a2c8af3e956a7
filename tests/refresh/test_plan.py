"""The decision about one table, case by case."""

from __future__ import annotations

import pytest

from lakehouse.buckets import Buckets
from lakehouse.refresh.plan import InputChange, Mode, decide
from lakehouse.storage import Commit, Record

CODE = "code"
COUNT = 10


def commit(fingerprint: str = CODE) -> Commit:
    return Commit(7, True, Record(fingerprint, {}, "full"), readable=7)


def told(*numbers: int) -> InputChange:
    return InputChange(1, 2, Buckets.of(numbers, COUNT))


SAME = InputChange(1, 1)
UNTOLD = InputChange(1, 2, None, "it does not tell which rows")
FOREIGN = Commit(7, True, None, readable=7)


@pytest.mark.parametrize(
    ("last", "inputs", "rebuild", "mode", "reason"),
    [
        (None, {}, False, "full", "never built"),
        (None, {"a": told(1)}, True, "full", "never built"),
        (commit(), {"a": SAME}, True, "full", "asked for"),
        (FOREIGN, {"a": SAME}, False, "full", "somebody else wrote version 7"),
        (commit("old"), {"a": SAME}, False, "full", "its code changed"),
        (commit("old"), {"a": told(1)}, False, "full", "its code changed"),
        (commit(), {}, False, "skip", "nothing it reads changed"),
        (commit(), {"a": SAME, "b": SAME}, False, "skip", "nothing it reads changed"),
        (commit(), {"a": UNTOLD}, False, "full", "a changed, and it does not tell which rows"),
        (commit(), {"a": told(1), "b": UNTOLD}, False, "full", "b changed, and it does not tell which rows"),
        (commit(), {"a": told(1), "b": SAME}, False, "incremental", "a changed in 1 of 10 buckets"),
        (commit(), {"a": told(1, 2), "b": told(2, 3)}, False, "incremental", "a and b changed in 3 of 10 buckets"),
        (commit(), {"a": told(*range(5))}, False, "incremental", "a changed in 5 of 10 buckets"),
        (commit(), {"a": told(*range(6))}, False, "full", "a changed in 60% of the buckets"),
        (commit(), {"a": told(0, 1, 2), "b": told(3, 4, 5)}, False, "full", "a and b changed in 60% of the buckets"),
        (commit(), {n: told(1) for n in "abcd"}, False, "incremental", "4 inputs changed in 1 of 10 buckets"),
        (commit(), {"a": told()}, False, "incremental", "a changed in 0 of 10 buckets"),
    ],
)
def test_decides(last: Commit | None, inputs: dict[str, InputChange], rebuild: bool, mode: Mode, reason: str) -> None:
    decision = decide(last=last, fingerprint=CODE, inputs=inputs, rebuild=rebuild, full_above=0.5)
    assert (decision.mode, decision.reason) == (mode, reason)
    assert (decision.buckets is not None) == (mode == "incremental")


def test_other_ids_are_made_where_the_key_is_another() -> None:
    decision = decide(last=commit(), fingerprint=CODE, inputs={"a": SAME}, key="new")
    assert (decision.mode, decision.reason) == ("full", "the key of its ids changed")


def test_recomputes_the_changed_buckets_of_all_inputs() -> None:
    decision = decide(last=commit(), fingerprint=CODE, inputs={"a": told(1, 2), "b": told(2, 3), "c": SAME})
    assert decision.buckets == Buckets.of([1, 2, 3], COUNT)
