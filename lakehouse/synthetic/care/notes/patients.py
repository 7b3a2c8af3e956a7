"""What identifies people in a note: its head, its signature, and how the text names the patient."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lakehouse.synthetic.arrays import find
from lakehouse.synthetic.care.encounters import Encounters
from lakehouse.synthetic.care.notes.grouping import us_dates
from lakehouse.synthetic.care.notes.selection import Selection
from lakehouse.synthetic.directory import Directory
from lakehouse.synthetic.frames import ADDRESS, NULL, PERSON
from lakehouse.synthetic.journal import Journal
from lakehouse.synthetic.knowledge import by_key
from lakehouse.synthetic.population.life import Life
from lakehouse.synthetic.population.people import DAYS_A_YEAR

_ADULT_YEARS = 18
_MONTHS_BELOW_YEARS = 2
_DEGREES = {"50": "NP", "97": "PA-C"}
"""By CMS specialty; all others are doctors."""


@dataclass(frozen=True)
class Patients:
    """How each note speaks of its patient. addressed: `Ms. Garcia`, of children the given name."""

    given_name: list[str]
    addressed: list[str]
    age: list[str]
    sex: list[str]
    phone: list[str]


def patients(journal: Journal, life: Life, selection: Selection) -> Patients:
    """The patients of the notes, as old as they were then."""
    rows = journal.rows(PERSON)
    years = (selection.start - life.people.birth[selection.person]) / DAYS_A_YEAR
    given, family, sex, phone = (
        rows[name][selection.person].tolist() for name in ("given_name", "family_name", "sex", "phone")
    )
    titles = {"female": "Ms.", "male": "Mr."}
    adult = (years >= _ADULT_YEARS).tolist()
    return Patients(
        given,
        [f"{titles[s]} {last}" if is_adult else first
         for s, last, first, is_adult in zip(sex, family, given, adult, strict=True)],
        [_age(age) for age in years.tolist()],
        [s if is_adult else {"female": "girl", "male": "boy"}[s] for s, is_adult in zip(sex, adult, strict=True)],
        phone,
    )  # fmt: skip


def _age(years: float) -> str:
    return f"{int(years)} y.o." if years >= _MONTHS_BELOW_YEARS else f"{max(int(years * 12), 0)} m.o."


def heads(
    journal: Journal, life: Life, encounters: Encounters, selection: Selection, directory: Directory
) -> list[str]:
    """The first lines: facility, kind of note and day; name, birth and record number; address and telephone."""
    rows, person = journal.rows(PERSON), selection.person
    facility = directory.facilities["name"][encounters.facility[selection.encounter] - 1]
    columns = (
        facility, np.array([by_key("note_kinds")[kind]["name"] for kind in selection.kind], dtype=object),
        us_dates(selection.end), rows["given_name"][person], rows["family_name"][person],
        us_dates(life.people.birth[person]), rows["record_number"][person], _addresses(journal, selection),
        rows["phone"][person],
    )  # fmt: skip
    return [
        f"{place}\n{kind}, {day}\nPatient: {given} {family}  DOB: {born}  MRN: {record}\n{address}, Tel {phone}\n"
        for place, kind, day, given, family, born, record, address, phone in zip(*columns, strict=True)
    ]


def signatures(encounters: Encounters, selection: Selection, directory: Directory) -> list[str]:
    """Who signed: the practitioner of the encounter, or nobody by name."""
    rows, practitioner = directory.practitioners, encounters.practitioner[selection.encounter]
    names = [
        f"Electronically signed by {given} {family}, {_DEGREES.get(specialty, 'MD')}"
        for given, family, specialty in zip(rows["given_name"], rows["family_name"], rows["specialty"], strict=True)
    ]
    return [names[one - 1] if one != NULL else "Electronically signed" for one in practitioner.tolist()]


def _addresses(journal: Journal, selection: Selection) -> list[str]:
    """Where the patient lived at the end of the encounter."""
    rows = journal.rows(ADDRESS)
    people = journal.rows(PERSON)["person"]
    lived = find(people, rows["person"])
    start = rows["start_date"].astype("datetime64[D]").astype(np.int64)
    order = np.lexsort((start, lived))
    # Days are counted from long before any birth, so that person and day make one ascending number.
    day_zero, span = 100_000, 1_000_000
    keyed = lived[order] * span + start[order] + day_zero
    at = np.searchsorted(keyed, selection.person * span + selection.end + day_zero, side="right") - 1
    lines = {
        key: f"{row['city']}, {row['state']} {key}" for key, row in by_key("places").items()
    }  # fmt: skip
    found = order[np.maximum(at, 0)]
    return [f"{line}, {lines[key]}" for line, key in zip(rows["line"][found], rows["place_key"][found], strict=True)]
