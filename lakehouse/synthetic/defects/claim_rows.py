"""What the defects of claims have in common: which rows can have one, and how they are written down."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lakehouse.synthetic.arrays import find
from lakehouse.synthetic.defects.planting import Mask, Planting
from lakehouse.synthetic.defects.source_ids import claim_ids
from lakehouse.synthetic.frames import CLAIM, CLAIM_LINE, DRUG_CLAIM, Frame
from lakehouse.synthetic.streams import Integers

PRACTITIONERS = ("carrier", "dme")
"""Files of claims on the form CMS-1500; in all others the names of fields are those of institutions."""


def holding(planting: Planting, frame: Frame) -> Mask:
    """The versions of CLAIM or DRUG_CLAIM that hold: final ones that do not take the claim back."""
    rows = planting.rows(frame)
    return np.asarray(rows["final"].astype(bool) & (rows["action"] != "void"))


def heads(planting: Planting) -> Integers:
    """For each row of CLAIM_LINE, the place of its claim."""
    return find(planting.rows(CLAIM)["id"].astype(np.int64), planting.rows(CLAIM_LINE)["claim"].astype(np.int64))


def by_form(files: NDArray[Any], practitioners: str, institutions: str) -> NDArray[Any]:
    """The field of each file, which practitioners and institutions name differently."""
    return np.where(np.isin(files, PRACTITIONERS), practitioners, institutions).astype(object)


def note_claims(
    planting: Planting, key: str, chosen: Integers, field: Any, true: Iterable[Any], bad: Iterable[Any]
) -> None:
    """Write down defects in rows of CLAIM."""
    rows = planting.rows(CLAIM)
    ids = claim_ids(rows["id"][chosen])
    planting.note(key, rows["rif"][chosen], rows["person"][chosen], ids, field, true, bad)


def note_lines(
    planting: Planting, key: str, chosen: Integers, field: Any, true: Iterable[Any], bad: Iterable[Any]
) -> None:
    """Write down defects in rows of CLAIM_LINE."""
    rows, files = planting.rows(CLAIM_LINE), planting.rows(CLAIM)["rif"][heads(planting)[chosen]]
    planting.note(
        key, files, rows["person"][chosen], claim_ids(rows["claim"][chosen]), field, true, bad,
        rows["line_number"][chosen],
    )  # fmt: skip


def note_drugs(
    planting: Planting, key: str, chosen: Integers, field: str, true: Iterable[Any], bad: Iterable[Any]
) -> None:
    """Write down defects in rows of DRUG_CLAIM."""
    rows = planting.rows(DRUG_CLAIM)
    planting.note(key, "pde", rows["person"][chosen], claim_ids(rows["id"][chosen]), field, true, bad)
