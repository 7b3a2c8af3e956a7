"""Regressions by maximum likelihood, small enough to be read: what a planted effect is fitted with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm  # type: ignore[import-untyped]

Floats = NDArray[np.float64]

_STEPS = 40
_SURE = 0.99


@dataclass(frozen=True)
class Fit:
    """The first coefficient of a regression and its standard error."""

    effect: float
    error: float

    def includes(self, value: float) -> bool:
        """Whether the 99 % confidence interval includes a value."""
        return bool(abs(self.effect - value) <= norm.ppf((1 + _SURE) / 2) * self.error)


def linear(outcome: Any, *covariates: Any) -> Fit:
    """Least squares with standard errors that allow for unequal variances (White)."""
    design, target = _design(covariates), np.asarray(outcome, dtype=float)
    inverse = np.linalg.inv(design.T @ design)
    effects = inverse @ design.T @ target
    left = target - design @ effects
    return _fit(effects, inverse @ (design.T * left**2) @ design @ inverse)


def logistic(outcome: Any, *covariates: Any) -> Fit:
    """Log odds ratio of the first covariate."""

    def expected(linear_part: Floats) -> tuple[Floats, Floats]:
        chance = 1 / (1 + np.exp(-linear_part))
        return chance, chance * (1 - chance)

    happened = np.asarray(outcome, dtype=float)
    return _newton(happened, _design(covariates), 0.0, float(np.log(happened.mean() / (1 - happened.mean()))), expected)


def poisson(count: Any, exposure: Any, *covariates: Any) -> Fit:
    """Log rate ratio of the first covariate; the variance is a multiple of the mean."""

    def expected(linear_part: Floats) -> tuple[Floats, Floats]:
        rate = np.exp(linear_part)
        return rate, rate

    counts, time = np.asarray(count, dtype=float), np.asarray(exposure, dtype=float)
    return _newton(counts, _design(covariates), np.log(time), float(np.log(counts.sum() / time.sum())), expected)


def _design(covariates: tuple[Any, ...]) -> Floats:
    """Covariates around their means, and a constant."""
    columns = [np.asarray(one, dtype=float) for one in covariates]
    return np.column_stack([*(column - column.mean() for column in columns), np.ones(len(columns[0]))])


def _newton(outcome: Floats, design: Floats, offset: Any, constant: float, expected: Any) -> Fit:
    effects = np.append(np.zeros(design.shape[1] - 1), constant)
    for _ in range(_STEPS):
        mean, variance = expected(design @ effects + offset)
        effects = effects + np.linalg.solve((design.T * variance) @ design, design.T @ (outcome - mean))
    mean, variance = expected(design @ effects + offset)
    spread = max(1.0, float(np.mean((outcome - mean) ** 2 / np.maximum(variance, 1e-12))))
    return _fit(effects, np.linalg.inv((design.T * variance) @ design) * spread)


def _fit(effects: Floats, covariance: Floats) -> Fit:
    return Fit(float(effects[0]), float(np.sqrt(covariance[0, 0])))
