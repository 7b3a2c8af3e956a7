"""Amounts and quantities on claims that are out of all proportion. The head of the claim stays as it was."""

from __future__ import annotations

import numpy as np

from lakehouse.synthetic.defects.claim_rows import by_form, heads, holding, note_drugs, note_lines
from lakehouse.synthetic.defects.planting import Mask, Planting
from lakehouse.synthetic.frames import CLAIM, CLAIM_LINE, DRUG_CLAIM

_ABSURD = 999
_HUNDREDFOLD = 100


def plant(planting: Planting) -> None:
    """Plant them in CLAIM_LINE and DRUG_CLAIM."""
    if planting.count(CLAIM_LINE):
        head = heads(planting)
        eligible = np.asarray((head >= 0) & holding(planting, CLAIM)[head])
        _charges(planting, "amount_negative", -1, eligible)
        _charges(planting, "amount_hundredfold", _HUNDREDFOLD, eligible)
        _units(planting, eligible)
    if planting.count(DRUG_CLAIM):
        _days_supply(planting)


def _charges(planting: Planting, key: str, factor: int, eligible: Mask) -> None:
    rows = planting.rows(CLAIM_LINE)
    ids = rows["claim"], rows["line_number"]
    chosen = planting.choose(key, CLAIM_LINE, eligible & (rows["charge"] > 0), *ids)
    true = rows["charge"][chosen]
    planting.change(CLAIM_LINE, "charge", chosen, factor * true)
    files = planting.rows(CLAIM)["rif"][heads(planting)[chosen]]
    field = by_form(files, "LINE_SBMTD_CHRG_AMT", "REV_CNTR_TOT_CHRG_AMT")
    told = [[f"{cents / 100:.2f}" for cents in amounts.tolist()] for amounts in (true, factor * true)]
    note_lines(planting, key, chosen, field, *told)


def _units(planting: Planting, eligible: Mask) -> None:
    rows = planting.rows(CLAIM_LINE)
    chosen = planting.choose("units_absurd", CLAIM_LINE, eligible, rows["claim"], rows["line_number"])
    true = rows["units"][chosen].tolist()
    planting.change(CLAIM_LINE, "units", chosen, float(_ABSURD))
    files = planting.rows(CLAIM)["rif"][heads(planting)[chosen]]
    field = by_form(files, "LINE_SRVC_CNT", "REV_CNTR_UNIT_CNT")
    note_lines(planting, "units_absurd", chosen, field, true, [_ABSURD] * len(chosen))


def _days_supply(planting: Planting) -> None:
    rows = planting.rows(DRUG_CLAIM)
    chosen = planting.choose("days_supply_absurd", DRUG_CLAIM, holding(planting, DRUG_CLAIM), rows["id"])
    true = rows["days_supply"][chosen].tolist()
    planting.change(DRUG_CLAIM, "days_supply", chosen, _ABSURD)
    note_drugs(planting, "days_supply_absurd", chosen, "DAYS_SUPLY_NUM", true, [_ABSURD] * len(chosen))
