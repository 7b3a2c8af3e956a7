"""Values that nobody can have, and texts that are cut."""

from __future__ import annotations

import numpy as np

from lakehouse.synthetic.defects.planting import Planting
from lakehouse.synthetic.defects.source_ids import fhir_ids, observation_ids
from lakehouse.synthetic.frames import MEASUREMENT, NOTE

_SLIP = 10.0
_CUT_AT = 500


def plant(planting: Planting) -> None:
    """Plant decimal slips in MEASUREMENT, and cut texts of NOTE."""
    if planting.count(MEASUREMENT):
        _decimal_slips(planting)
    if planting.count(NOTE):
        _cut_notes(planting)


def _decimal_slips(planting: Planting) -> None:
    rows = planting.rows(MEASUREMENT)
    eligible = planting.observable()
    eligible[eligible] = rows["value"][eligible] != 0
    chosen = planting.choose("decimal_slip", MEASUREMENT, eligible, rows["id"])
    true = rows["value"][chosen]
    planting.change(MEASUREMENT, "value", chosen, _SLIP * true)
    planting.note(
        "decimal_slip", "Observation", rows["person"][chosen], observation_ids(rows, chosen), "valueQuantity.value",
        true, _SLIP * true,
    )  # fmt: skip


def _cut_notes(planting: Planting) -> None:
    """The truth of a cut text is its length: the whole text would be told twice."""
    rows = planting.rows(NOTE)
    lengths = np.array([len(text) for text in rows["text"]])
    chosen = planting.choose("note_cut", NOTE, rows["in_ehr"].astype(bool) & (lengths > _CUT_AT), rows["id"])
    planting.change(NOTE, "text", chosen, [text[:_CUT_AT] for text in rows["text"][chosen]])
    planting.note(
        "note_cut", "DocumentReference", rows["person"][chosen], fhir_ids("DocumentReference", rows["id"][chosen]),
        "content.attachment.data", lengths[chosen], [_CUT_AT] * len(chosen),
    )  # fmt: skip
