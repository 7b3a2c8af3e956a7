"""Claims that are there twice, and both paid."""

from __future__ import annotations

import numpy as np

from lakehouse.synthetic.arrays import find, is_missing
from lakehouse.synthetic.defects.claim_rows import heads, holding, note_claims
from lakehouse.synthetic.defects.planting import Planting
from lakehouse.synthetic.defects.source_ids import claim_ids
from lakehouse.synthetic.frames import CLAIM, CLAIM_LINE
from lakehouse.synthetic.streams import identify


def plant(planting: Planting) -> None:
    """Repeat claims with all of their lines. The truth of a repetition is the number of the claim that it repeats."""
    if not planting.count(CLAIM):
        return
    rows, lines = planting.rows(CLAIM), planting.rows(CLAIM_LINE)
    eligible = holding(planting, CLAIM) & (rows["version"] == 1) & is_missing(rows["denial"])
    eligible[heads(planting)[~planting.free(CLAIM_LINE)]] = False
    chosen = planting.choose("duplicate_claim", CLAIM, eligible, rows["id"])
    if not len(chosen):
        return
    true = rows["id"][chosen]
    again = {name: values[chosen] for name, values in rows.items()}
    again |= {"id": identify("duplicate", true), "group": identify("duplicate group", true)}
    place = find(true, lines["claim"])
    repeated = {name: values[place >= 0] for name, values in lines.items()}
    repeated["claim"] = again["id"][place[place >= 0]]
    first = planting.count(CLAIM)
    planting.append(CLAIM, again)
    planting.append(CLAIM_LINE, repeated)
    added = np.arange(first, first + len(chosen))
    note_claims(planting, "duplicate_claim", added, "CLM_ID", claim_ids(true).tolist(), claim_ids(again["id"]).tolist())
