"""Random numbers that depend on nothing but what they are for.

Each draw comes from a counter-based stream (numpy's Philox) whose key is the seed and the purpose, and whose
counter is the block of persons. So a block comes out the same on any machine, in any order, however many other
blocks there are; and a new purpose, say one more disease, leaves the draws of all others as they were.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

WORLD = (1 << 64) - 1
"""The counter of what is drawn once for the whole world: places, providers, outbreaks."""


@dataclass(frozen=True)
class Streams:
    """The streams of one block of persons, or of the world that they share."""

    seed: int
    block: int = WORLD

    def of(self, purpose: str) -> np.random.Generator:
        """The stream of that purpose, from its beginning."""
        digest = hashlib.blake2b(purpose.encode(), digest_size=8).digest()
        key = np.array([self.seed, int.from_bytes(digest, "little")], dtype=np.uint64)
        counter = np.array([0, 0, 0, self.block], dtype=np.uint64)
        return np.random.Generator(np.random.Philox(key=key, counter=counter))

    def uniform(self, purpose: str, *shape: int) -> Floats:
        """Uniform on [0, 1)."""
        return self.of(purpose).random(shape)

    def chance(self, purpose: str, *parts: Integers | int) -> Floats:
        """Uniform on [0, 1) for each thing that the parts identify, as ids of events do.

        What an event draws then does not depend on which other events there are: a table of rows that grows, or
        is cut, would shift the draws of a stream.
        """
        return np.asarray(identify(f"{self.seed}:{purpose}", *parts) / 2.0**62)

    def normal(self, purpose: str, *shape: int) -> Floats:
        """Standard normal."""
        return self.of(purpose).standard_normal(shape)


def numbers_of(texts: NDArray[Any]) -> Integers:
    """A number for each text, as a part for `identify`."""
    numbers = {text: int(identify(f"text:{text}", 0)) for text in set(texts)}
    return np.array([numbers[text] for text in texts], dtype=np.int64)


def identify(kind: str, *parts: Integers | int) -> Integers:
    """Positive 62-bit ids of things of that kind, mixed from what tells them apart (SplitMix64's finaliser)."""
    digest = hashlib.blake2b(kind.encode(), digest_size=8).digest()
    mixed = np.asarray(int.from_bytes(digest, "little"), dtype=np.uint64)
    with np.errstate(over="ignore"):
        for part in parts:
            value = mixed + np.asarray(part).astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
            value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            mixed = value ^ (value >> np.uint64(31))
    return (mixed >> np.uint64(2)).astype(np.int64)
