"""Of what tells who a patient is, as it was written into the notes of a population, nothing is left in silver."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date

import pytest
from pyspark.sql import Row, SparkSession

from lakehouse.bronze import landing
from lakehouse.bronze.ehr.document_reference import DocumentReference
from lakehouse.silver.clinical.note import Note
from lakehouse.storage import Storage
from lakehouse.synthetic.generate import Generation
from lakehouse.synthetic.world import Genotyping, World
from tests.conftest import BUCKETS
from tests.support import Rows

pytestmark = pytest.mark.slow

WORLD = World(people=500, seed=23, begin=date(2024, 1, 1), end=date(2025, 12, 31), deliveries=1,
              genotyping=Genotyping(share=0.0))  # fmt: skip
_SIGNED = re.compile(r"Electronically signed by (.+), (?:MD|NP|PA-C)$", re.MULTILINE)
_HEAD = re.compile(r"Patient: (.+)  DOB: (.+)  MRN: (.+)\n(.+), Tel (.+)\n")


@pytest.fixture(scope="module")
def notes(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> list[Row]:
    """The notes as they were written, and as they are in silver."""
    folder = tmp_path_factory.mktemp("notes")
    landed, truth, scratch = (str(folder / name) for name in ("landing", "truth", "scratch"))
    Generation(spark, WORLD, landed, truth, scratch).write()
    storage = Storage(spark, str(folder / "tables"))
    landing.take(storage, landed, str(folder / "checkpoint"), BUCKETS)
    rows = Rows(storage).given({})
    written = rows[DocumentReference].select("line_id", "text")
    return rows[Note].select("line_id", "note_text").join(written, "line_id").filter("text is not null").collect()


def planted(text: str) -> Iterator[tuple[str, str]]:
    """What tells who the patient is, and who signed, by its kind."""
    head = _HEAD.search(text)
    if head:
        names, born, number, address, phone = head.groups()
        yield from (("name", name) for name in names.split())
        yield from (("birth date", born), ("record number", number), ("telephone", phone))
        yield "address", address.split(",")[0]
    signed = _SIGNED.search(text)
    if signed:
        yield from (("name", name) for name in signed.group(1).split())


def _times(word: str, text: str) -> int:
    return len(re.findall(rf"(?<!\w){re.escape(word)}(?!\w)", text))


def test_nothing_that_was_planted_is_left(notes: list[Row]) -> None:
    written, left = Counter[str](), Counter[str]()
    for note in notes:
        for kind, word in set(planted(note.text)):
            written[kind] += _times(word, note.text)
            left[kind] += 0 if kind == "birth date" else _times(word, note.note_text)
            # The day of birth may be that of the visit too.
            left[kind] += kind == "birth date" and f"DOB: {word}" in note.note_text
    assert min(written[kind] for kind in ("name", "birth date", "record number", "telephone", "address")) > 1_000
    assert not +left


def test_what_is_taken_out_tells_who_the_patient_is(notes: list[Row]) -> None:
    taken = false = 0
    for note in notes:
        gone = Counter(re.findall(r"[\w']+", note.text)) - Counter(re.findall(r"[\w']+", note.note_text))
        head = _HEAD.search(note.text)
        telling = " ".join([*(word for _, word in planted(note.text)), head.group(4) if head else ""])
        known = set(re.findall(r"[\w']+", telling))
        taken += gone.total()
        false += sum(times for word, times in gone.items() if word not in known)
    assert taken > 10_000
    assert 1 - false / taken >= 0.99
