"""Random streams depend on their seed, block and purpose, and on nothing else."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.synthetic.streams import Streams, identify

SEEDS = st.integers(0, 2**63)
BLOCKS = st.integers(0, 2**40)


@given(SEEDS, BLOCKS, st.text(max_size=20))
def test_a_stream_can_be_drawn_again(seed: int, block: int, purpose: str) -> None:
    assert np.array_equal(Streams(seed, block).uniform(purpose, 5), Streams(seed, block).uniform(purpose, 5))


@given(SEEDS, BLOCKS)
def test_another_seed_block_or_purpose_is_another_stream(seed: int, block: int) -> None:
    drawn = Streams(seed, block).uniform("a", 4)
    for other in (Streams(seed + 1, block).uniform("a", 4), Streams(seed, block + 1).uniform("a", 4),
                  Streams(seed, block).uniform("b", 4)):  # fmt: skip
        assert not np.isclose(drawn, other).any()


def test_ids_do_not_repeat() -> None:
    person, day = np.meshgrid(np.arange(3_000), np.arange(300))
    ids = np.concatenate([identify(kind, person.ravel(), day.ravel()) for kind in ("visit", "stay")])
    assert len(np.unique(ids)) == len(ids)
    assert ids.min() > 0
    assert ids.max() < 2**62


def test_ids_depend_on_the_order_of_their_parts() -> None:
    assert identify("x", 1, 2) != identify("x", 2, 1)
