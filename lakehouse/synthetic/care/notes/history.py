"""What the patient denies, and what runs in the family."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lakehouse.synthetic.care.notes import phrases
from lakehouse.synthetic.care.notes.grouping import enumerated, listed
from lakehouse.synthetic.care.notes.section import DENIED, FAMILY, Section
from lakehouse.synthetic.care.notes.selection import Selection
from lakehouse.synthetic.care.notes.terms import condition_terms
from lakehouse.synthetic.knowledge import Row, number, table
from lakehouse.synthetic.population.life import Life
from lakehouse.synthetic.population.people import DAYS_A_YEAR, NOBODY
from lakehouse.synthetic.streams import Integers, Streams

_ASKED_FROM_AGE = 12
_FAMILY_TOLD = {"discharge_summary": 0.5, "emergency_note": 0.15, "progress_note": 0.3}
"""How often a note of each kind tells the family's history (E)."""


def denied(streams: Streams, life: Life, selection: Selection, diagnosed: Integers, diagnoses: NDArray[Any]) -> Section:
    """Symptoms that were asked about and are not there (knowledge/denied_symptoms.csv).

    diagnosed, diagnoses: the note and the condition of each diagnosis. Nobody denies what he was diagnosed with, or
    what goes with it.
    """
    rows = table("denied_symptoms")
    chance = streams.chance("notes:denied", selection.id[:, None], np.arange(len(rows)))
    denies = chance < np.array([number(row, "share") for row in rows])
    for place, row in enumerate(rows):
        has = np.isin(diagnoses, [row["condition_key"], *row["not_with_keys"].split(";")])
        denies[diagnosed[has], place] = False
    age = (selection.start - life.people.birth[selection.person]) / DAYS_A_YEAR
    note, symptom = np.nonzero(denies & (age >= _ASKED_FROM_AGE)[:, None])
    keys = np.array([row["condition_key"] for row in rows], dtype=object)[symptom]
    words = condition_terms(keys, streams.chance("notes:denied:term", selection.id[note], symptom))
    return _section(streams, "denied", selection, note, words, [DENIED + key for key in keys], "or")


def family(streams: Streams, life: Life, selection: Selection) -> Section:
    """What relatives have: parents in the block as it is known of them, otherwise by knowledge/family_history.csv."""
    told = streams.chance("notes:family", selection.id) < np.array([_FAMILY_TOLD[kind] for kind in selection.kind])
    relatives = np.stack([_of_condition(streams, life, selection, row) for row in table("family_history")], axis=1)
    has = (relatives != "") & told[:, None]
    note, place = np.nonzero(has)
    keys = np.array([row["condition_key"] for row in table("family_history")], dtype=object)[place]
    terms = condition_terms(keys, streams.chance("notes:family:term", selection.id[note], place))
    words = [f"{who} with {term}" for who, term in zip(relatives[note, place], terms, strict=True)]
    return _section(streams, "family", selection, note, words, [FAMILY + key for key in keys], "and")


def _of_condition(streams: Streams, life: Life, selection: Selection, row: Row) -> NDArray[Any]:
    """For each note the relative who has the condition; empty where none has."""
    people, person, key = life.people, selection.person, row["condition_key"]
    place = life.column(key)
    relative = np.full(len(selection), "", dtype=object)
    for name, parent in (("father", people.father[person]), ("mother", people.mother[person])):
        knows = (parent != NOBODY) & (life.known[np.maximum(parent, 0), place] <= selection.start)
        relative[knows] = name
    share = number(row, "share") * np.where(life.has(key), number(row, "ratio_if_affected"), 1.0)
    draws = streams.uniform(f"notes:family:{key}", len(people), 2)
    relatives = np.array(row["relatives"].split(";"), dtype=object)
    drawn = np.where(draws[:, 0] < share, relatives[(draws[:, 1] * len(relatives)).astype(np.int64)], "")
    without_parents = (people.father == NOBODY) & (people.mother == NOBODY)
    return np.where(without_parents[person], drawn[person], relative)


def _section(
    streams: Streams, slot: str, selection: Selection, note: Integers, words: list[str], mentions: list[str],
    conjunction: str,
) -> Section:  # fmt: skip
    """A sentence for each note that has words, with all of them."""
    count = len(selection)
    sentences = phrases.draw(slot, [""] * count, streams.chance(f"notes:{slot}:phrase", selection.id))
    texts = [
        sentence.format(list=enumerated(found, conjunction)) if found else ""
        for sentence, found in zip(sentences, listed(note, words, count), strict=True)
    ]
    return Section(texts, listed(note, mentions, count))
