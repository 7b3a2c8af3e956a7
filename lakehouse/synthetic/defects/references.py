"""References that lead nowhere, and records that are there twice, in the EHR."""

from __future__ import annotations

from lakehouse.synthetic.defects.planting import Planting
from lakehouse.synthetic.defects.source_ids import fhir_ids, observation_ids
from lakehouse.synthetic.frames import MEASUREMENT
from lakehouse.synthetic.streams import identify


def plant(planting: Planting) -> None:
    """Plant them in MEASUREMENT."""
    if planting.count(MEASUREMENT):
        _orphans(planting)
        _duplicates(planting)


def _orphans(planting: Planting) -> None:
    rows = planting.rows(MEASUREMENT)
    chosen = planting.choose("orphan_encounter", MEASUREMENT, planting.observable(), rows["id"])
    true, bad = rows["encounter"][chosen], identify("nowhere", rows["id"][chosen])
    planting.change(MEASUREMENT, "encounter", chosen, bad)
    planting.note(
        "orphan_encounter", "Observation", rows["person"][chosen], observation_ids(rows, chosen),
        "encounter.reference", fhir_ids("Encounter", true), fhir_ids("Encounter", bad),
    )  # fmt: skip


def _duplicates(planting: Planting) -> None:
    """The truth of a duplicate is the id of the record that it repeats."""
    rows = planting.rows(MEASUREMENT)
    chosen = planting.choose("duplicate_observation", MEASUREMENT, planting.observable(), rows["id"])
    if not len(chosen):
        return
    again = {name: values[chosen] for name, values in rows.items()}
    again["id"] = identify("duplicate", rows["id"][chosen])
    planting.append(MEASUREMENT, again)
    ids = fhir_ids("Observation", again["id"])
    planting.note(
        "duplicate_observation", "Observation", again["person"], ids, "id", observation_ids(rows, chosen), ids
    )
