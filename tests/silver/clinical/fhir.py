"""Hand-made FHIR resources of one patient."""

from __future__ import annotations

from typing import Any

Resource = dict[str, Any]

SNOMED, LOINC, RXNORM = "http://snomed.info/sct", "http://loinc.org", "http://www.nlm.nih.gov/research/umls/rxnorm"
ICD10CM, LOCAL = "http://hl7.org/fhir/sid/icd-10-cm", "http://hospital.example/codes"


def concept(*codings: tuple[str, str], text: str | None = None) -> Resource:
    return {"coding": [{"system": system, "code": code} for system, code in codings], "text": text}


def resource(kind: str, name: str, **elements: Any) -> Resource:
    who = "patient" if kind == "Immunization" else "subject"
    return {"resourceType": kind, "id": name, who: {"reference": "Patient/p1"}, **elements}
