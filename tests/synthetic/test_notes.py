"""Notes: what they say agrees with what is coded, measured and known of the encounter and its patient."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import pytest

from lakehouse.synthetic.care.notes.terms import condition_terms
from lakehouse.synthetic.directory import Directory
from lakehouse.synthetic.frames import (
    ADMINISTRATION,
    DIAGNOSIS,
    ENCOUNTER,
    MEASUREMENT,
    NOTE,
    NULL,
    PERSON,
    PRESCRIPTION,
)
from lakehouse.synthetic.journal import Journal, Rows
from lakehouse.synthetic.knowledge import by_key, table
from lakehouse.synthetic.population.life import Life
from tests.synthetic.recorded import WORLD, block

COPIED = 0.46
"""The share of the text of progress notes that is copied: Wang and others, JAMA Intern Med 2017."""


@pytest.fixture(scope="module")
def recorded() -> tuple[Life, Journal]:
    return block()


@pytest.fixture(scope="module")
def notes(recorded: tuple[Life, Journal]) -> list[dict[str, Any]]:
    """The notes, each as a mapping of its columns; without those of two encounters that share an id."""
    ids, times = np.unique(recorded[1].rows(ENCOUNTER)["id"], return_counts=True)
    shared = set(ids[times > 1].tolist())
    return [note for note in _dicts(recorded[1].rows(NOTE)) if note["encounter"] not in shared]


@pytest.fixture(scope="module")
def encounters(recorded: tuple[Life, Journal]) -> dict[int, dict[str, Any]]:
    return {row["id"]: row for row in _dicts(recorded[1].rows(ENCOUNTER))}


@pytest.fixture(scope="module")
def diagnoses(recorded: tuple[Life, Journal]) -> dict[int, list[str]]:
    """By encounter: its diagnoses by rank."""
    rows = recorded[1].rows(DIAGNOSIS)
    found: dict[int, list[str]] = defaultdict(list)
    for place in np.lexsort((rows["rank"], rows["encounter"])):
        found[int(rows["encounter"][place])].append(rows["condition_key"][place])
    return found


def _dicts(rows: Rows) -> list[dict[str, Any]]:
    return [dict(zip(rows, values, strict=True)) for values in zip(*(v.tolist() for v in rows.values()), strict=True)]


def _mentioned(note: dict[str, Any], how: str) -> list[str]:
    return [mention.removeprefix(how) for mention in note["mentions"] if mention.startswith(how)]


@pytest.mark.parametrize("kind", [row["key"] for row in table("note_kinds")])
def test_each_kind_is_written_about_its_encounters_as_often_as_it_should(
    kind: str, notes: list[dict[str, Any]], encounters: dict[int, dict[str, Any]]
) -> None:
    row = by_key("note_kinds")[kind]
    keys, share = row["encounter_keys"].split(";"), float(row["share"])
    possible = sum(e["in_ehr"] and e["encounter_key"] in keys for e in encounters.values())
    written = [note for note in notes if note["note_key"] == kind]
    assert all(encounters[n["encounter"]]["in_ehr"] for n in written)
    assert all(encounters[n["encounter"]]["encounter_key"] in keys for n in written)
    assert abs(len(written) - share * possible) <= 4 * (possible * share * (1 - share)) ** 0.5


def test_all_diagnoses_of_the_encounter_are_mentioned_and_no_others(
    notes: list[dict[str, Any]], diagnoses: dict[int, list[str]]
) -> None:
    for note in notes:
        first, *further = diagnoses[note["encounter"]]
        assert _mentioned(note, "+") == [first, *further, first]


def test_nobody_denies_what_he_has(notes: list[dict[str, Any]], diagnoses: dict[int, list[str]]) -> None:
    not_with = {row["condition_key"]: set(row["not_with_keys"].split(";")) for row in table("denied_symptoms")}
    denied = [(key, diagnoses[note["encounter"]]) for note in notes for key in _mentioned(note, "-")]
    assert len(denied) > len(notes) / 4
    assert all(key not in has and not not_with[key] & set(has) for key, has in denied)


def test_what_parents_are_told_to_have_they_have(notes: list[dict[str, Any]], recorded: tuple[Life, Journal]) -> None:
    life, journal = recorded
    people, told = journal.rows(PERSON), 0
    for note in notes:
        parents = [p for p in (people["mother"][note["person"]], people["father"][note["person"]]) if p != NULL]
        day = note["start_time"].toordinal() - WORLD.begin.toordinal() + WORLD.first_day
        for key in _mentioned(note, "family:") if parents else []:
            assert any(life.known[parent, life.column(key)] <= day for parent in parents)
            told += 1
    assert told > 50


def test_mentions_stand_in_the_order_of_the_text(notes: list[dict[str, Any]]) -> None:
    """Every condition mentioned is in the text by one of its names, after the one before."""
    forms = {
        row["key"]: {
            term.lower()
            for term in condition_terms(np.array([row["key"]] * 3, dtype=object), np.array([0.0, 0.2, 0.9]))
        }
        for row in table("conditions")
    }
    for note in notes:
        text, at = note["text"].lower(), note["text"].index("\n\n")
        for mention in note["mentions"]:
            key = mention.rpartition(":")[2].lstrip("+-")
            found = [text.find(form, at) for form in forms[key]]
            assert max(found) >= 0, (mention, note["text"])
            at = min(place for place in found if place >= 0) + 1


def test_identifying_details_are_those_of_the_patient_and_the_practitioner(
    notes: list[dict[str, Any]], recorded: tuple[Life, Journal]
) -> None:
    people, practitioners = recorded[1].rows(PERSON), Directory.of(WORLD.seed).practitioners
    for note in notes:
        person = note["person"]
        born = f"{people['birth_date'][person].astype(object):%m/%d/%Y}"
        details = [people[name][person] for name in ("given_name", "family_name", "record_number", "phone")]
        if note["practitioner"] != NULL:
            details += [practitioners[name][note["practitioner"] - 1] for name in ("given_name", "family_name")]
        assert all(detail in note["text"] for detail in [*details, born])


def test_values_and_drugs_are_those_of_the_encounter(
    notes: list[dict[str, Any]], recorded: tuple[Life, Journal]
) -> None:
    journal = recorded[1]
    by_note = {note["encounter"]: note["text"] for note in notes}
    first: dict[tuple[int, str], tuple[Any, float]] = {}
    rows = journal.rows(MEASUREMENT)
    for row in zip(rows["encounter"], rows["measure_key"], rows["start_time"], rows["value"], strict=True):
        encounter, measure, time, value = row
        if encounter in by_note and measure in ("weight", "hba1c"):
            first[encounter, measure] = min(first.get((encounter, measure), (time, value)), (time, value))
    assert len(first) > 1_000
    for (encounter, measure), (_, value) in first.items():
        assert f"{'Wt' if measure == 'weight' else 'A1c'} {value:.1f}" in by_note[encounter]
    for frame in (PRESCRIPTION, ADMINISTRATION):
        drugs = journal.rows(frame)
        told = [(e, d) for e, d in zip(drugs["encounter"], drugs["drug_key"], strict=True) if e in by_note]
        assert told
        assert all(by_key("drugs")[drug]["name"].lower() in by_note[encounter] for encounter, drug in told)


def test_progress_notes_copy_former_ones_word_by_word(recorded: tuple[Life, Journal]) -> None:
    copied = total = 0
    former: dict[int, str] = defaultdict(str)
    for note in _dicts(recorded[1].rows(NOTE)):
        body = note["text"]
        if note["note_key"] == "progress_note":
            total += len(body)
        if "Previous visits:\n" in body:
            lines = body.split("Previous visits:\n")[1].splitlines()[:-2]
            copied += sum(map(len, lines))
            sentences = [line.partition(": ")[2].partition(". ")[0] for line in lines]
            assert all(sentence in former[note["person"]] for sentence in sentences)
            assert _mentioned(note, "history:")
        former[note["person"]] += body
    assert copied / total == pytest.approx(COPIED, abs=0.03)


def test_some_terms_are_abbreviated_and_a_few_misspelt() -> None:
    key = np.array(["hypertension"] * 3, dtype=object)
    assert condition_terms(key, np.array([0.9, 0.2, 0.0]))[:2] == ["hypertension", "HTN"]
    assert condition_terms(key, np.array([0.9, 0.2, 0.0]))[2] not in ("hypertension", "HTN")
