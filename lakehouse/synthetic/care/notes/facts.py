"""What was measured, given and prescribed at the encounter, as its note tells it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lakehouse.synthetic.arrays import find
from lakehouse.synthetic.care.notes.grouping import listed
from lakehouse.synthetic.care.notes.section import Section
from lakehouse.synthetic.care.notes.selection import Selection
from lakehouse.synthetic.care.notes.terms import abbreviations
from lakehouse.synthetic.frames import ADMINISTRATION, MEASUREMENT, PRESCRIPTION, Frame
from lakehouse.synthetic.journal import Journal, Rows
from lakehouse.synthetic.knowledge import by_key, number, table
from lakehouse.synthetic.streams import Integers

_UNITS = {"mm[Hg]": "", "/min": "", "Cel": " C", "%": "%", "{score}": "", "{INR}": "", "mL/min/{1.73_m2}": ""}
"""Units as notes write them, where that is not as UCUM does."""


def vital_signs(journal: Journal, selection: Selection) -> Section:
    """The first of each vital sign, and scores."""
    return Section.of_facts(_values(journal, selection, "Vitals", ("vital-signs", "survey")))


def results(journal: Journal, selection: Selection) -> Section:
    """The first of each laboratory value."""
    return Section.of_facts(_values(journal, selection, "Labs", ("laboratory",)))


def drugs(journal: Journal, selection: Selection) -> Section:
    """What was given, and what was prescribed."""
    given = _drugs(journal, selection, ADMINISTRATION, "Meds given")
    ordered = _drugs(journal, selection, PRESCRIPTION, "Rx")
    return Section.of_facts([" ".join(filter(None, pair)) for pair in zip(given, ordered, strict=True)])


def _values(journal: Journal, selection: Selection, title: str, categories: tuple[str, ...]) -> list[str]:
    rows = journal.rows(MEASUREMENT)
    names = [row["key"] for row in table("measures") if row["category"] in categories and row["mean_female"]]
    note, numbers = find(selection.id, rows["encounter"]), {name: place for place, name in enumerate(names)}
    noted = np.flatnonzero(note >= 0)
    measure = np.array([numbers.get(key, -1) for key in rows["measure_key"][noted].tolist()], dtype=np.int64)
    chosen = noted[measure >= 0]
    note, measure = note[chosen], measure[measure >= 0]
    order = np.lexsort((rows["start_time"][chosen], measure, note))
    first = np.append(True, np.diff(note[order] * len(names) + measure[order]) != 0) if len(order) else order
    order = order[np.flatnonzero(first)]
    texts = _told(np.array(names, dtype=object)[measure[order]], rows["value"][chosen[order]])
    kept = np.array([text != "" for text in texts], dtype=bool)
    of_note = listed(note[order][kept], [text for text in texts if text], len(selection))
    return [f"{title}: {', '.join(found)}." if found else "" for found in of_note]


def _told(measures: NDArray[Any], values: NDArray[Any]) -> list[str]:
    """Each value with its name and unit; a diastolic pressure stands with the systolic before it, not by itself."""
    texts: list[str] = []
    forms = {key: _form(key) for key in set(measures.tolist())}
    before = ""
    for key, value in zip(measures.tolist(), values.tolist(), strict=True):
        name, decimals, unit = forms[key]
        if key == "dbp" and before == "sbp":
            texts[-1] += f"/{value:.0f}"
            texts.append("")
        else:
            texts.append(f"{name} {value:.{decimals}f}{unit}")
        before = key
    return texts


def _form(measure: str) -> tuple[str, int, str]:
    row = by_key("measures")[measure]
    name = abbreviations("measures").get(measure, row["name"])
    return name, int(number(row, "decimals")), _UNITS.get(row["unit"], f" {row['unit']}")


def _drugs(journal: Journal, selection: Selection, frame: Frame, title: str) -> list[str]:
    rows: Rows = journal.rows(frame)
    note: Integers = find(selection.id, rows["encounter"])
    chosen = np.flatnonzero(note >= 0)
    chosen = chosen[np.argsort(note[chosen], kind="stable")]
    names = [by_key("drugs")[key]["name"].lower() for key in rows["drug_key"][chosen]]
    of_note = listed(note[chosen], names, len(selection))
    return [f"{title}: {', '.join(dict.fromkeys(found))}." if found else "" for found in of_note]
