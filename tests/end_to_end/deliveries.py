"""Deliveries of four patients of the sample, in both worlds: cut to size, corrected, repeated and taken back."""

from __future__ import annotations

import csv
import gzip
import json
import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

from tests.conftest import SAMPLE

BENEFICIARIES = {
    "-1000000": "0bc27e40-ea49-e9ab-39f2-be90fe586515",
    "-1000001": "74704ee1-8174-4c14-bb4a-0f31f1971b45",
    "-1000005": "95cb076c-a263-e471-003c-f956f7bd1d5a",
    "-1000022": "b8db3a2f-518b-951e-f924-cc12b4393026",
}
"""Beneficiary ids and the patients that they are. Together they have claims of all nine kinds."""

_MARKS = ("BENE_SRNM_NAME", "BENE_GVN_NAME", "BENE_BIRTH_DT", "BENE_SEX_IDENT_CD")


@dataclass(frozen=True)
class Resource:
    """A FHIR resource."""

    content: dict[str, Any]

    @property
    def kind(self) -> str:
        return str(self.content["resourceType"])


@dataclass(frozen=True)
class Claim:
    """The lines of one claim, or what is told of a beneficiary in one year: fields by name."""

    kind: str
    lines: tuple[dict[str, str], ...]

    def with_fields(self, **fields: str) -> Claim:
        """The same with other values, where the kind of file has the field at all."""
        return Claim(self.kind, tuple({n: fields.get(n, value) for n, value in line.items()} for line in self.lines))


Item = Resource | Claim


def cut(chance: random.Random, resources: int, claims: int) -> list[Item]:
    """At most so many resources of each type, and claims of each file, of each of the four patients."""
    groups: dict[tuple[str, ...], list[Item]] = defaultdict(list)
    for resource in _sample_resources():
        groups[resource.kind, _patient_of(resource)].append(resource)
    for claim in _sample_claims():
        groups[claim.kind, claim.lines[0]["BENE_ID"]].append(claim)
    items: list[Item] = []
    for (kind, owner), found in sorted(groups.items()):
        most = claims if kind.islower() else resources
        if owner in (*BENEFICIARIES, *BENEFICIARIES.values(), ""):
            items += chance.sample(found, min(most, len(found)))
    return items


def deliver(landing: Path, delivery: str, items: Iterable[Item], empty: bool = False) -> None:
    """Write the items as one delivery: a file for each type of resource and kind of claim."""
    for item in items:
        world, name = ("ehr", f"{item.kind}.ndjson") if isinstance(item, Resource) else ("claims", f"{item.kind}.csv")
        path = landing / world / delivery / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            if isinstance(item, Resource):
                file.write(json.dumps(item.content) + "\n")
            else:
                header = [] if file.tell() else ["|".join(item.lines[0])]
                file.writelines(f"{line}\n" for line in (*header, *("|".join(line.values()) for line in item.lines)))
    if empty:
        for name in ("ehr/{}/Goal.ndjson", "claims/{}/snf_empty.csv"):
            path = landing / name.format(delivery)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()


class Sequence:
    """Deliveries that follow from a seed, each unlike the other; `seed` also says what of the sample they are of."""

    def __init__(self, landing: Path, seed: int) -> None:
        self.landing = landing
        self.chance = random.Random(seed)
        self.waiting = cut(self.chance, resources=6, claims=2)
        self.chance.shuffle(self.waiting)
        self.delivered: list[Item] = []
        self.last: list[Item] = []
        self.number = 0

    def deliver(self, share: float) -> list[str]:
        """Deliver a share of what is waiting, and of what was delivered some of each kind of change.

        What comes first may name a patient, a visit or a drug whose own record comes later or never.
        """
        number = round(len(self.waiting) * share)
        items, self.waiting = self.waiting[:number], self.waiting[number:]
        changes = [
            self._change(change, applies)
            for change, applies in _CHANGES.items()
            for _ in range(2)
            if any(applies(item) for item in self.delivered)
        ]
        self._deliver([*items, *changes])
        return [item.kind for item in items]

    def repeat(self) -> None:
        """Deliver the last delivery again, unchanged. An older one would tell again what others have replaced."""
        self.number += 1
        deliver(self.landing, f"2026-02-{self.number:02}", self.last, empty=True)

    def _change(self, change: Callable[[Sequence, Any], Item], applies: Callable[[Item], bool]) -> Item:
        return change(self, self.chance.choice([item for item in self.delivered if applies(item)]))

    def _deliver(self, items: list[Item]) -> None:
        self.number += 1
        self.chance.shuffle(items)
        deliver(self.landing, f"2026-02-{self.number:02}", items, empty=True)
        self.last = items
        self.delivered += items

    @property
    def now(self) -> str:
        """The time at which the next delivery is written."""
        return f"2026-03-{self.number + 1:02}"

    # --- the changes -------------------------------------------------------------------------------------------

    def repeated(self, item: Item) -> Item:
        """The same once more."""
        return item

    def corrected(self, resource: Resource) -> Item:
        """Everything happened a year earlier, and that is the newest that is known."""
        return _updated(_a_year_earlier(resource), f"{self.now}T08:00:00Z")

    def corrected_without_a_time(self, resource: Resource) -> Item:
        """Everything happened a year earlier; only the delivery tells that this is newer."""
        return _updated(_a_year_earlier(resource), None)

    def late(self, resource: Resource) -> Item:
        """A version that was written long before the others and comes after them."""
        return _updated(_a_year_earlier(resource), "2001-01-01T00:00:00Z")

    def entered_in_error(self, resource: Resource) -> Item:
        """The source takes it back."""
        status = {"coding": [{"code": "entered-in-error"}]}
        content = {**resource.content, "status": "entered-in-error"}
        content |= {"verificationStatus": status} if resource.kind == "Condition" else {}
        return _updated(Resource(content), f"{self.now}T09:00:00Z")

    def of_another_patient(self, resource: Resource) -> Item:
        """The resource was recorded for the wrong patient."""
        other = self.chance.choice([*BENEFICIARIES.values(), "a-patient-without-a-record"])
        return Resource(_with_patient(resource.content, other))

    def married(self, patient: Resource) -> Item:
        """The hospital's patient has another family name from now on."""
        name = [{"use": "official", "family": f"Married{self.number}", "given": ["Jo"]}]
        return _updated(Resource({**patient.content, "name": name}), f"{self.now}T10:00:00Z")

    def admitted(self, encounter: Resource) -> Item:
        """It was a stay, of which the hospital tells the ward."""
        ward = {"location": {"display": f"Ward {self.number}"}, "period": encounter.content["period"]}
        stay = {**encounter.content, "class": {"code": "IMP"}, "location": [ward]}
        return _updated(Resource(stay), f"{self.now}T11:00:00Z")

    def part_of_another(self, encounter: Resource) -> Item:
        """It was a part of another encounter of the patient, of a stay where he had one."""
        own = [item for item in self.delivered if _is_encounter(item) and _patient_of(item) == _patient_of(encounter)]
        stays = [item for item in own if item.content["class"]["code"] == "IMP"]
        whole = self.chance.choice(stays or own).content
        part = {"partOf": {"reference": f"Encounter/{whole['id']}"}, "period": whole["period"]}
        return _updated(Resource({**encounter.content, **part}), f"{self.now}T12:00:00Z")

    def deleted(self, claim: Claim) -> Item:
        """The payer takes the record back."""
        return claim.with_fields(DML_IND="DELETE")

    def cancelled(self, claim: Claim) -> Item:
        """A later version voids the claim."""
        return self._later(claim).with_fields(CLM_FREQ_CD="8", CARR_CLM_ENTRY_CD="3", ADJSTMT_DLTN_CD="D")

    def replaced(self, claim: Claim) -> Item:
        """A later version of the claim has fewer lines and other amounts."""
        fewer = Claim(claim.kind, claim.lines[: (len(claim.lines) + 1) // 2])
        return self._later(fewer).with_fields(CLM_PMT_AMT=f"{self.chance.randint(1, 99)}.07", CVRD_D_PLAN_PD_AMT="1.01")

    def overtaken(self, claim: Claim) -> Item:
        """A version that was processed long before the others and comes after them."""
        return claim.with_fields(NCH_WKLY_PROC_DT="01-Jan-1990", CLM_PMT_AMT="0.01")

    def moved_to_another_person(self, year: Claim) -> Item:
        """The beneficiary has the marks of another, or of nobody: who he is changes, and perhaps who the other is."""
        others = [c for c in self.delivered if isinstance(c, Claim) and c.kind == "beneficiary"]
        marks = {mark: self.chance.choice(others).lines[0][mark] for mark in _MARKS}
        nobody = {"BENE_SRNM_NAME": f"Nobody{self.number}"}
        return year.with_fields(RFRNC_YR="2026", **self.chance.choice([marks, nobody]))

    def found_again(self, year: Claim) -> Item:
        """The beneficiary has his own marks, as the sample knows them."""
        return year.with_fields(RFRNC_YR="2026")

    def _later(self, claim: Claim) -> Claim:
        number = str(self.chance.randint(10**9, 10**10))
        return claim.with_fields(CLM_ID=number, PDE_ID=number, NCH_WKLY_PROC_DT=f"{self.number + 1:02}-Mar-2026")


def _is(*kinds: str) -> Callable[[Item], bool]:
    return lambda item: item.kind in kinds


def _is_resource(item: Item) -> bool:
    return isinstance(item, Resource)


def _is_encounter(item: Item) -> TypeGuard[Resource]:
    return isinstance(item, Resource) and item.kind == "Encounter"


def _is_claim(item: Item) -> bool:
    return isinstance(item, Claim) and item.kind != "beneficiary"


def _has_patient(item: Item) -> bool:
    return isinstance(item, Resource) and item.kind != "Patient" and bool(_patient_of(item))


_CHANGES: dict[Callable[[Sequence, Any], Item], Callable[[Item], bool]] = {
    Sequence.repeated: lambda item: True,
    Sequence.corrected: _is_resource,
    Sequence.corrected_without_a_time: _is_resource,
    Sequence.late: _is_resource,
    Sequence.entered_in_error: _has_patient,
    Sequence.of_another_patient: _has_patient,
    Sequence.married: _is("Patient"),
    Sequence.admitted: _is_encounter,
    Sequence.part_of_another: _is_encounter,
    Sequence.deleted: lambda item: isinstance(item, Claim),
    Sequence.cancelled: _is_claim,
    Sequence.replaced: _is_claim,
    Sequence.overtaken: _is_claim,
    Sequence.moved_to_another_person: _is("beneficiary"),
    Sequence.found_again: _is("beneficiary"),
}
"""What may happen to what was delivered, and to what of it."""


def _sample_resources() -> Iterable[Resource]:
    for path in sorted((SAMPLE / "ehr").glob("*/*.ndjson.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            yield from (Resource(json.loads(line)) for line in lines)


def _sample_claims() -> Iterable[Claim]:
    for path in sorted((SAMPLE / "claims").glob("*/*.csv")):
        kind, claims = path.stem.split("_")[0], defaultdict(list)
        with path.open(encoding="utf-8", newline="") as file:
            for line in csv.DictReader(file, delimiter="|"):
                claims[line["BENE_ID"], line.get("CLM_GRP_ID")].append(line)
        yield from (Claim(kind, tuple(lines)) for lines in claims.values())


def _patient_of(resource: Resource) -> str:
    if resource.kind == "Patient":
        return str(resource.content["id"])
    reference = (resource.content.get("subject") or resource.content.get("patient") or {}).get("reference", "")
    return str(reference).removeprefix("Patient/")


def _with_patient(content: dict[str, Any], patient: str) -> dict[str, Any]:
    key = "subject" if "subject" in content else "patient"
    return {**content, key: {"reference": f"Patient/{patient}"}}


def _a_year_earlier(resource: Resource) -> Resource:
    """Every date is in the year before; 29 February becomes a day that there was not."""
    text = re.sub(r'"(\d{4})-(?=\d\d)', lambda match: f'"{int(match[1]) - 1}-', json.dumps(resource.content))
    return Resource(json.loads(text))


def _updated(resource: Resource, time: str | None) -> Resource:
    meta = {**resource.content.get("meta", {}), "lastUpdated": time}
    return Resource({**resource.content, "meta": {name: value for name, value in meta.items() if value}})
