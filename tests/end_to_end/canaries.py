"""A landing zone whose every identifying place holds a word that nothing else has, and the search for such words."""

from __future__ import annotations

import csv
import gzip
import json
import re
import tarfile
import zipfile
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq  # type: ignore[import-untyped]

from tests.conftest import SAMPLE

PATIENT, BENEFICIARY, SAMPLE_ID = "95cb076c-a263-e471-003c-f956f7bd1d5a", "-1000005", "SEQ0019"
"""One person in the three worlds."""

_WORD = re.compile(r"qzx[a-z]*?\d{4}|9170\d{6}", re.IGNORECASE)
_SPACED = re.compile(r"917[-. )]{1,2}0\d\d[-. ]\d{4}")
_NUMBERS = ("phone", "fax", "sms")
_TOLD = ("Patient.name.family", "Patient.name.given")


class Planted:
    """Words by the place that they were planted in: the same value of the same place has the same word."""

    def __init__(self) -> None:
        self.places: dict[str, str] = {}
        self._words: dict[tuple[str, str], str] = {}

    def word(self, place: str, value: str, number: bool = False) -> str:
        """The word that stands there instead of the value."""
        known = (place, value)
        if known not in self._words:
            nth = len(self._words) + 1
            self._words[known] = (
                f"9170{nth:06}" if number else f"Qzx{''.join(filter(str.isalpha, place))[-12:]}{nth:04}"
            )
            self.places[self._words[known].lower()] = place
        return self._words[known]


def deliver(landing: Path, planted: Planted) -> None:
    """The sample with its one person under words of ours, and words where no field should be."""
    for path in sorted(SAMPLE.glob("ehr/*/*.ndjson.gz")):
        _deliver_resources(path, landing, planted)
    _deliver_words(landing, planted)
    for path in sorted(SAMPLE.glob("claims/*/*.csv")):
        _deliver_claims(path, landing, planted)
    _deliver_genomes(landing, planted)


def found(folder: Path, planted: Planted, *, without: tuple[str, ...]) -> dict[str, set[str]]:
    """By place, the files below a folder in which its word is; what is below the folders `without` is not looked at."""
    leaks: dict[str, set[str]] = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_file() and not name.startswith(without):
            for word in {word for text in (name, *texts_of(path)) for word in words_in(text)} & planted.places.keys():
                leaks.setdefault(planted.places[word], set()).add(name)
    return leaks


def words_in(text: str) -> Iterator[str]:
    """The planted words of a text, in small letters and without what parts a number."""
    yield from (word.lower() for word in _WORD.findall(text))
    yield from (re.sub(r"\D", "", number) for number in _SPACED.findall(text))


def texts_of(path: Path) -> Iterator[str]:
    """What a file says, unpacked."""
    content = path.read_bytes()
    yield content.decode("latin-1")
    if content.startswith(b"\x1f\x8b"):
        yield gzip.decompress(content).decode("latin-1")
    elif content.startswith(b"PAR1"):
        file = pq.ParquetFile(path)
        yield str(file.metadata.metadata)
        for column in file.schema_arrow.names:
            yield str(file.read([column]).to_pydict())
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as packed:
            yield from (packed.read(name).decode("latin-1") for name in packed.namelist())
    elif tarfile.is_tarfile(path):
        with tarfile.open(path) as packed_tar:
            members = (packed_tar.extractfile(member) for member in packed_tar.getmembers() if member.isfile())
            yield from (member.read().decode("latin-1") for member in members if member)


# --- records ---------------------------------------------------------------------------------------------------


def _deliver_resources(path: Path, landing: Path, planted: Planted) -> None:
    kind = path.name.split(".")[0]
    lines = []
    for line in gzip.decompress(path.read_bytes()).decode().splitlines():
        if PATIENT in line:
            resource = json.loads(line.replace(PATIENT, planted.word("Patient.id", PATIENT)))
            lines.append(json.dumps(_marked(resource, kind, planted)))
        else:
            lines.append(line)
    broken = planted.word(f"{kind}: broken line", "")
    lines += [f'{{"resourceType": "{kind}", "id": "{broken}", "name": [{{"family": "{broken}"']
    to = landing / path.relative_to(SAMPLE).parent / f"{kind}.{planted.word(f'{kind}: file name', '')}.ndjson"
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _marked(resource: dict[str, Any], kind: str, planted: Planted) -> dict[str, Any]:
    """The resource with words in all that identifies."""
    marked: dict[str, Any] = _walk(resource, kind, planted)
    marked["text"] = {"status": "generated", "div": f"<div>{planted.word(f'{kind}.text', '')}</div>"}
    marked["note"] = [{"text": planted.word(f"{kind}.note", "")}]
    marked["aFieldOfNobody"] = planted.word(f"{kind}.unknown", "")
    if kind == "Patient":
        marked["contact"] = [
            {
                "name": {"family": planted.word("Patient.contact", "")},
                "telecom": [{"system": "phone", "value": planted.word("contact.phone", "", True)}],
            }
        ]
        marked["generalPractitioner"] = [{"display": planted.word("Patient.generalPractitioner", "")}]
        marked["managingOrganization"] = {"display": planted.word("Patient.managingOrganization", "")}
        marked["photo"] = [{"url": planted.word("Patient.photo", ""), "title": planted.word("Patient.photo.title", "")}]
    else:
        marked.setdefault("identifier", []).append({"system": "urn:x", "value": planted.word(f"{kind}.identifier", "")})
    return marked


def _walk(node: Any, place: str, planted: Planted) -> Any:
    if isinstance(node, list):
        return [_walk(item, place, planted) for item in node]
    if not isinstance(node, dict):
        return node
    return {name: _replaced(node, name, value, f"{place}.{name}", planted) for name, value in node.items()}


def _replaced(node: dict[str, Any], name: str, value: Any, place: str, planted: Planted) -> Any:
    of_person = place.startswith("Patient.")
    if name in ("family", "serialNumber", "carrierHRF", "subscriberId") or (name == "display" and "reference" in node):
        return planted.word(place, value) if _tells_the_patient(node, name, of_person) else value
    if of_person and name in ("given", "line"):
        return [planted.word(place, item) for item in value]
    if of_person and (name in ("city", "district") or "mothers" in node.get("url", "")) and isinstance(value, str):
        return value if name == "url" else planted.word(place, value)
    if of_person and name == "value" and isinstance(value, str):
        return planted.word(place, value, number=node.get("system") in _NUMBERS)
    return _walk(value, place, planted)


def _tells_the_patient(node: dict[str, Any], name: str, of_person: bool) -> bool:
    reference = str(node.get("reference", ""))
    return name != "display" or reference.startswith("Patient/") or of_person


def _deliver_words(landing: Path, planted: Planted) -> None:
    """Records in which the name, telephone and number of the patient stand in words and in a note."""
    patient = {"reference": f"Patient/{planted.word('Patient.id', PATIENT)}"}
    told = " ".join(word.capitalize() for word, place in planted.places.items() if place in _TOLD)
    phone = next(word for word, place in planted.places.items() if place == "Patient.telecom.value")
    words = f"told by {told}, call {phone[:3]}-{phone[3:6]}-{phone[6:]}"
    when, coded = "2021-03-04T10:00:00Z", {"coding": [{"display": words}], "text": words}
    note = {"contentType": "text/plain; charset=utf-8", "data": b64encode(words.encode()).decode()}
    resources: list[dict[str, Any]] = [
        {"resourceType": "Condition", "subject": patient, "code": coded, "recordedDate": when},
        {"resourceType": "Procedure", "subject": patient, "code": coded, "status": "completed",
         "performedDateTime": when},
        {"resourceType": "Observation", "subject": patient, "code": coded, "status": "final",
         "effectiveDateTime": when, "valueString": words},
        {"resourceType": "Observation", "subject": patient, "code": coded, "status": "final",
         "effectiveDateTime": when, "valueCodeableConcept": coded},
        {"resourceType": "MedicationRequest", "subject": patient, "medicationCodeableConcept": coded, "intent": "order",
         "status": "active", "authoredOn": when, "dosageInstruction": [{"text": words, "route": coded}]},
        {"resourceType": "Immunization", "patient": patient, "vaccineCode": coded, "status": "completed",
         "occurrenceDateTime": when},
        {"resourceType": "Encounter", "subject": patient, "status": "finished", "class": {"code": "IMP"},
         "type": [coded], "period": {"start": when, "end": when}, "reasonCode": [coded],
         "location": [{"location": {"display": words}, "period": {"start": when, "end": when}}],
         "hospitalization": {"dischargeDisposition": coded, "admitSource": coded}},
        {"resourceType": "Device", "patient": patient, "type": coded, "status": "active", "manufactureDate": when,
         "deviceName": [{"name": words}]},
        {"resourceType": "Specimen", "subject": patient, "type": coded, "collection": {"collectedDateTime": when,
         "bodySite": coded}},
        {"resourceType": "Coverage", "beneficiary": patient, "status": "active", "type": coded,
         "payor": [{"display": words}], "period": {"start": "2021-01-01", "end": "2021-12-31"}},
        {"resourceType": "DocumentReference", "subject": patient, "status": "current", "type": coded, "date": when,
         "content": [{"attachment": note}]},
    ]  # fmt: skip
    lines = [json.dumps({"id": f"in-words-{nth}", **resource}) for nth, resource in enumerate(resources)]
    (landing / "ehr/2026-01-01/words.ndjson").write_text("\n".join(lines) + "\n", encoding="utf-8")


# --- claims and genomes ----------------------------------------------------------------------------------------

_NAMED = ("BENE_SRNM_NAME", "BENE_GVN_NAME", "BENE_MDL_NAME", "BENE_CRNT_HIC_NUM", "MBI_NUM", "BENE_ID", "CLM_ID",
          "CLM_GRP_ID", "PDE_ID", "CARR_CLM_CNTL_NUM", "FI_DOC_CLM_CNTL_NUM", "RX_SRVC_RFRNC_NUM")  # fmt: skip
_SAME_AS_IN_RECORDS = {"BENE_SRNM_NAME": "Patient.name.family", "BENE_GVN_NAME": "Patient.name.given"}


def _deliver_claims(path: Path, landing: Path, planted: Planted) -> None:
    kind = path.stem
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="|"))
    lines = ["|".join([*rows[0], "A_FIELD_OF_NOBODY"])]
    for row in rows:
        if row["BENE_ID"] == BENEFICIARY:
            named = {
                n: planted.word(_SAME_AS_IN_RECORDS.get(n, f"claims.{n}"), v) for n, v in row.items() if n in _NAMED
            }
            row |= {n: word for n, word in named.items() if row[n].strip()}
        lines.append("|".join([*row.values(), planted.word(f"{kind}.unknown", "")]))
    lines.append(f"INSERT|{planted.word(f'{kind}: broken line', '')}")
    to = landing / path.relative_to(SAMPLE).parent / f"{kind}_{planted.word(f'{kind}: file name', '')}.csv"
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _deliver_genomes(landing: Path, planted: Planted) -> None:
    """One chromosome; the sample and its record number have words."""
    folder = landing / "genomics/2026-01-01"
    folder.mkdir(parents=True)
    word = planted.word("sample id", SAMPLE_ID)
    with gzip.open(SAMPLE / "genomics/2026-01-01/chr22.vcf.bgz", "rt") as lines:
        text = lines.read().replace(SAMPLE_ID, word)
    header = f"##a comment={planted.word('vcf: comment', '')}\n"
    first, _, rest = text.partition("\n")
    (folder / f"chr22.{planted.word('vcf: file name', '')}.vcf").write_text(f"{first}\n{header}{rest}")
    manifest = (SAMPLE / "genomics/2026-01-01/samples.tsv").read_text().replace(SAMPLE_ID, word)
    number = planted.word("Patient.identifier.value", planted.word("Patient.id", PATIENT))
    (folder / "samples.tsv").write_text(manifest.replace(PATIENT, number))
