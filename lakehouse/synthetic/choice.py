"""Drawing one of several options, with weights that differ from row to row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lakehouse.synthetic.streams import Floats, Integers


@dataclass(frozen=True)
class Choice:
    """A table of weights, ready to draw from: a row for each situation, a column for each option."""

    options: int
    _bounds: Floats

    @classmethod
    def of(cls, weights: Floats) -> Choice:
        """Take the weights of rows by options. Raises ValueError for a negative weight or a row of zeros."""
        if (weights < 0).any() or (weights.sum(axis=1) <= 0).any():
            raise ValueError("each row needs a positive weight, and no negative ones")
        cumulative = np.cumsum(weights, axis=1)
        shares = cumulative / cumulative[:, -1:]
        return cls(weights.shape[1], (shares + np.arange(len(weights))[:, None]).ravel())

    def pick(self, rows: Integers, uniform: Floats) -> Integers:
        """The option that each number of [0, 1) falls on, by the weights of its row."""
        # Row r owns the interval [r, r + 1); rounding must not carry a number out of it.
        position = np.minimum(rows + uniform, np.nextafter(rows + 1.0, 0))
        return np.asarray(np.searchsorted(self._bounds, position, side="right") - rows * self.options)
