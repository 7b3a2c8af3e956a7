"""How the samples of a batch were prepared: one value per sample, in the order of the batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lakehouse.synthetic.streams import Floats, Integers

UNMIXED = -1
"""In the place of a contaminant: none."""


@dataclass(frozen=True)
class LabError:
    """An error of the laboratory, as the truth tells it. Of a whole sample: no place. Of a whole batch: no sample."""

    delivery: str
    batch: str
    kind: str
    sample_id: str | None = None
    other_sample_id: str | None = None
    chrom: str | None = None
    position: int | None = None
    true_value: str | None = None
    bad_value: str | None = None


@dataclass(frozen=True)
class Preparation:
    """labels: the sample ids in the header of the files. sex: as in the manifest: male or female.

    quality: of the depth or signal that a sample usually has, the share that this one has.
    contaminant: the place of the sample that was mixed in, or UNMIXED; contamination: its share of the DNA.
    """

    labels: NDArray[Any]
    sex: NDArray[Any]
    quality: Floats
    contaminant: Integers
    contamination: Floats
    errors: tuple[LabError, ...] = ()

    @property
    def mixed(self) -> Integers:
        """The places of the contaminated samples."""
        return np.flatnonzero(self.contaminant != UNMIXED)
