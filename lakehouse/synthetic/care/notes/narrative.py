"""Why the patient came, what else he has, and what is planned; and what is copied from former notes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lakehouse.synthetic.care.notes import phrases
from lakehouse.synthetic.care.notes.grouping import enumerated, listed, us_dates
from lakehouse.synthetic.care.notes.patients import Patients
from lakehouse.synthetic.care.notes.section import HISTORY, PRESENT, Section
from lakehouse.synthetic.care.notes.selection import PROGRESS_NOTE, Selection
from lakehouse.synthetic.care.notes.terms import condition_terms
from lakehouse.synthetic.knowledge import by_key
from lakehouse.synthetic.streams import Integers, Streams, numbers_of

_COPIED = (0.03, 0.03, 0.05, 0.07, 0.12, 0.7)
"""How often no, one, two and so on to five former visits are copied into a progress note, as far as there are so many.

So 46 % of the text of progress notes is copied, as Wang and others found (JAMA Intern Med 2017).
"""


@dataclass(frozen=True)
class Narrative:
    """The sections that speak of the patient's conditions."""

    opening: Section
    history: Section
    plan: Section


def narrate(
    streams: Streams, selection: Selection, patients: Patients, diagnosed: Integers, further: NDArray[Any]
) -> Narrative:
    """The narrative of each note. diagnosed, further: notes and conditions of the diagnoses beside the reason."""
    return Narrative(
        _opening(streams, selection, patients),
        _history(streams, selection, diagnosed, further),
        _plan(streams, selection),
    )


def _opening(streams: Streams, selection: Selection, patients: Patients) -> Section:
    sentences = phrases.draw("opening", selection.kind.tolist(), streams.chance("notes:opening", selection.id))
    fields = zip(
        sentences, patients.addressed, patients.given_name, patients.age, patients.sex, us_dates(selection.start),
        us_dates(selection.end), condition_terms(selection.reason, streams.chance("notes:reason", selection.id)),
        strict=True,
    )  # fmt: skip
    texts = [
        sentence.format(addressed=addressed, given_name=given, age=age, sex=sex, start=start, end=end, reason=reason)
        for sentence, addressed, given, age, sex, start, end, reason in fields
    ]
    return Section(texts, _reasons(selection))


def _history(streams: Streams, selection: Selection, diagnosed: Integers, further: NDArray[Any]) -> Section:
    count = len(selection)
    terms = condition_terms(further, streams.chance("notes:history:term", selection.id[diagnosed], numbers_of(further)))
    sentences = phrases.draw("history", [""] * count, streams.chance("notes:history", selection.id))
    texts = [
        sentence.format(list=enumerated(words, "and")) if words else ""
        for sentence, words in zip(sentences, listed(diagnosed, terms, count), strict=True)
    ]
    return Section(texts, listed(diagnosed, [PRESENT + key for key in further], count))


def _plan(streams: Streams, selection: Selection) -> Section:
    groups = [by_key("conditions")[key]["group"] for key in selection.reason]
    sentences = phrases.draw("plan", groups, streams.chance("notes:plan", selection.id))
    terms = condition_terms(selection.reason, streams.chance("notes:plan:term", selection.id))
    capitalised = [term[0].upper() + term[1:] for term in terms]
    texts = [sentence.format(reason=term) for sentence, term in zip(sentences, capitalised, strict=True)]
    return Section(texts, _reasons(selection))


def _reasons(selection: Selection) -> list[list[str]]:
    return [[PRESENT + key] for key in selection.reason]


def copied(streams: Streams, selection: Selection, narrative: Narrative) -> Section:
    """What progress notes take over, word by word, from the notes of the visits before."""
    is_progress = selection.kind == PROGRESS_NOTE
    bounds = np.cumsum(_COPIED)[:-1]
    most = np.searchsorted(bounds, streams.chance("notes:copied", selection.id), side="right")
    first = np.searchsorted(selection.person, selection.person)
    start = np.maximum(np.arange(len(selection)) - np.where(is_progress, most, 0), first).tolist()
    parts = (narrative.opening, narrative.history, narrative.plan)
    days = us_dates(selection.end)
    entries = [" ".join([f"{day}:", *filter(None, texts)]) for day, *texts in
               zip(days, *(part.texts for part in parts), strict=True)]  # fmt: skip
    former = [
        [HISTORY + mention.removeprefix(PRESENT) for mention in chain(*mentions)]
        for mentions in zip(*(part.mentions for part in parts), strict=True)
    ]
    texts = ["\n".join(entries[begin:note][::-1]) for note, begin in enumerate(start)]
    return Section(
        [f"Previous visits:\n{text}" if text else "" for text in texts],
        [list(chain(*former[begin:note][::-1])) for note, begin in enumerate(start)],
    )
