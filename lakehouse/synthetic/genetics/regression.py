"""What measures have in common that are found by regression."""

from __future__ import annotations

import numpy as np

from lakehouse.synthetic.streams import Floats


def residuals(outcome: Floats, covariates: Floats) -> Floats:
    """What a regression with an intercept leaves of an outcome. covariates: observation by covariate."""
    design = np.column_stack([covariates, np.ones(len(outcome))])
    return np.asarray(outcome - design @ np.linalg.lstsq(design, outcome, rcond=None)[0])
