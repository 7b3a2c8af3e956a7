"""Notes about encounters: NOTE.

A note says what is coded of its encounter: the reason and the diagnoses, what was measured, given and prescribed.
It names the patient and those who cared for him, and beside what he has it tells what he denies, what his relatives
have, and what former notes said.
"""

from __future__ import annotations

from itertools import chain

import numpy as np

from lakehouse.synthetic.arrays import find
from lakehouse.synthetic.care.encounters import Encounters
from lakehouse.synthetic.care.notes import facts, history, phrases
from lakehouse.synthetic.care.notes.narrative import copied, narrate
from lakehouse.synthetic.care.notes.patients import Patients, heads, patients, signatures
from lakehouse.synthetic.care.notes.section import Section
from lakehouse.synthetic.care.notes.selection import Selection, select
from lakehouse.synthetic.directory import Directory
from lakehouse.synthetic.frames import DIAGNOSIS, ENCOUNTER, NOTE
from lakehouse.synthetic.journal import Journal
from lakehouse.synthetic.population.life import Life
from lakehouse.synthetic.streams import Streams, identify


def write(streams: Streams, journal: Journal, life: Life, encounters: Encounters) -> None:
    """Write the notes of the block."""
    selection, directory = select(streams, life, encounters), Directory.of(streams.seed)
    if not len(selection):
        return
    spoken_of = patients(journal, life, selection)
    sections = _sections(streams, journal, life, selection, spoken_of)
    told = zip(
        heads(journal, life, encounters, selection, directory), *(section.texts for section in sections),
        _closings(streams, selection, spoken_of), signatures(encounters, selection, directory), strict=True,
    )  # fmt: skip
    text, mentions = np.empty(len(selection), dtype=object), np.empty(len(selection), dtype=object)
    text[:] = ["\n".join(filter(None, parts)) for parts in told]
    mentions[:] = [list(chain(*parts)) for parts in zip(*(section.mentions for section in sections), strict=True)]
    journal.add(NOTE, {
        "id": identify("note", selection.id), "person": life.people.person[selection.person],
        "encounter": selection.id, "note_key": selection.kind,
        "start_time": selection.written.astype("datetime64[m]"),
        "practitioner": encounters.practitioner[selection.encounter], "text": text, "mentions": mentions,
        "in_ehr": np.ones(len(selection), dtype=bool),
    })  # fmt: skip


def _sections(
    streams: Streams, journal: Journal, life: Life, selection: Selection, spoken_of: Patients
) -> list[Section]:
    """The body of the notes, in its order."""
    rows = journal.rows(DIAGNOSIS)
    note = find(selection.id, rows["encounter"])
    chosen = np.flatnonzero(note >= 0)
    chosen = chosen[np.lexsort((rows["rank"][chosen], note[chosen]))]
    note, condition = note[chosen], rows["condition_key"][chosen]
    further = rows["rank"][chosen] > 1
    narrative = narrate(streams, selection, spoken_of, note[further], condition[further])
    return [
        narrative.opening,
        narrative.history,
        history.denied(streams, life, selection, note, condition),
        history.family(streams, life, selection),
        facts.vital_signs(journal, selection),
        facts.results(journal, selection),
        facts.drugs(journal, selection),
        narrative.plan,
        _dispositions(journal, selection),
        copied(streams, selection, narrative),
    ]


def _dispositions(journal: Journal, selection: Selection) -> Section:
    """How stays ended; nothing for other encounters."""
    rows = journal.rows(ENCOUNTER)
    status = rows["discharge_status"][find(rows["id"], selection.id)]
    texts = [phrases.draw("disposition", [code], np.zeros(1))[0] if code is not None else "" for code in status]
    return Section.of_facts(texts)


def _closings(streams: Streams, selection: Selection, spoken_of: Patients) -> list[str]:
    sentences = phrases.draw("closing", [""] * len(selection), streams.chance("notes:closing", selection.id))
    fields = zip(sentences, spoken_of.given_name, spoken_of.addressed, spoken_of.phone, strict=True)
    return [
        sentence.format(given_name=given, addressed=addressed, phone=phone)
        for sentence, given, addressed, phone in fields
    ]
