"""Which encounters a note is written about, and of what kind it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lakehouse.synthetic.care.encounters import Encounters
from lakehouse.synthetic.knowledge import number, table
from lakehouse.synthetic.population.life import Life
from lakehouse.synthetic.streams import Integers, Streams

PROGRESS_NOTE = "progress_note"


@dataclass(frozen=True)
class Selection:
    """The notes of a block, one entry each, by person and time.

    encounter: its place among the encounters; id: of the encounter; person: place in the block; start, end: days of
    the encounter; written: minutes since 1970 when it ended and the note was written.
    """

    encounter: Integers
    id: Integers
    person: Integers
    kind: NDArray[Any]
    reason: NDArray[Any]
    start: Integers
    end: Integers
    written: Integers

    def __len__(self) -> int:
        return len(self.id)


def select(streams: Streams, life: Life, encounters: Encounters) -> Selection:
    """The encounters in the EHR that have a note, by the shares of knowledge/note_kinds.csv."""
    visits = encounters.visits
    kind, share = np.full(len(visits), None, dtype=object), np.zeros(len(visits))
    for row in table("note_kinds"):
        of_kind = np.isin(visits.key, row["encounter_keys"].split(";"))
        kind[of_kind], share[of_kind] = row["key"], number(row, "share")
    noted = np.flatnonzero(encounters.in_ehr & (streams.chance("notes:written", visits.id) < share))
    noted = visits.in_order(noted)
    end = np.minimum(visits.end[noted] // 1440, life.death[visits.person[noted]])
    return Selection(
        noted, visits.id[noted], visits.person[noted], kind[noted], visits.reason[noted], visits.day[noted], end,
        np.minimum(visits.end[noted], end * 1440 + 1439),
    )  # fmt: skip
