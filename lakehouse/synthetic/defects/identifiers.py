"""Identifiers on claims: NPIs left out, mistyped or unknown, and mistyped NDCs."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lakehouse.synthetic import identifiers
from lakehouse.synthetic.defects.claim_rows import by_form, heads, holding, note_claims, note_drugs
from lakehouse.synthetic.defects.planting import Mask, Planting
from lakehouse.synthetic.directory import Directory
from lakehouse.synthetic.frames import CLAIM, CLAIM_LINE, DRUG_CLAIM, NULL
from lakehouse.synthetic.streams import Integers

_UNKNOWN_FROM = 50_000_000
_UNKNOWN = 1_000
"""Numbers whose NPIs the directory never gives to anybody: from here on, so many."""

_LABORATORY = "81"
"""CMS place of service: an independent laboratory."""

_NOT_FOUND_BY_LUHN = {"09", "90"}


def plant(planting: Planting) -> None:
    """Plant them in CLAIM and DRUG_CLAIM."""
    if planting.count(CLAIM):
        _npis(planting)
    if planting.count(DRUG_CLAIM):
        _ndcs(planting)


def transposed(number: str, where: int) -> str:
    """The number with two unlike neighbours transposed; not such as a check digit would overlook."""
    places = [
        place for place in range(len(number) - 1)
        if number[place] != number[place + 1] and number[place : place + 2] not in _NOT_FOUND_BY_LUHN
    ]  # fmt: skip
    place = places[where % len(places)]
    return number[:place] + number[place + 1] + number[place] + number[place + 2 :]


def _npis(planting: Planting) -> None:
    rows = planting.rows(CLAIM)
    practitioner = rows["practitioner"].astype(np.int64)
    npis = Directory.of(planting.world.seed).practitioners["npi"]
    told = holding(planting, CLAIM) & (practitioner != NULL) & ~_of_laboratories(planting)
    true = np.full(len(told), None, dtype=object)
    true[told] = npis[practitioner[told] - 1]
    chosen = planting.choose("npi_transposed", CLAIM, told, rows["id"])
    where = planting.draw("npi_transposed", 0, 8, rows["id"][chosen])
    _change(
        planting, "npi_transposed", chosen, true, [transposed(*pair) for pair in zip(true[chosen], where, strict=True)]
    )
    chosen = planting.choose("npi_unknown", CLAIM, told, rows["id"])
    numbers = _UNKNOWN_FROM + planting.draw("npi_unknown", 0, _UNKNOWN - 1, rows["id"][chosen])
    _change(planting, "npi_unknown", chosen, true, identifiers.npi(numbers).tolist())
    chosen = planting.choose("npi_missing", CLAIM, told, rows["id"])
    _change(planting, "npi_missing", chosen, true, [""] * len(chosen))


def _of_laboratories(planting: Planting) -> Mask:
    """Claims that do not name the practitioner as the one who did it, but as the one who referred."""
    is_there = planting.rows(CLAIM_LINE)["place_of_service"] == _LABORATORY
    found = np.zeros(planting.count(CLAIM), dtype=bool)
    found[heads(planting)[is_there]] = True
    return found


def _change(planting: Planting, key: str, chosen: Integers, true: NDArray[Any], bad: list[str]) -> None:
    planting.change(CLAIM, "npi", chosen, bad)
    files = planting.rows(CLAIM)["rif"][chosen]
    field = np.where(files == "dme", "RFR_PHYSN_NPI", by_form(files, "PRF_PHYSN_NPI", "AT_PHYSN_NPI")).astype(object)
    note_claims(planting, key, chosen, field, true[chosen].tolist(), [npi or None for npi in bad])


def _ndcs(planting: Planting) -> None:
    rows = planting.rows(DRUG_CLAIM)
    mistypable: Mask = np.array([bool(ndc) and len(set(ndc)) > 2 for ndc in rows["ndc"].tolist()], dtype=bool)
    chosen = planting.choose("ndc_transposed", DRUG_CLAIM, mistypable & holding(planting, DRUG_CLAIM), rows["id"])
    true, where = rows["ndc"][chosen], planting.draw("ndc_transposed", 0, 9, rows["id"][chosen])
    bad = [transposed(*pair) for pair in zip(true, where, strict=True)]
    planting.change(DRUG_CLAIM, "ndc", chosen, bad)
    note_drugs(planting, "ndc_transposed", chosen, "PROD_SRVC_ID", true.tolist(), bad)
