"""Registrations as FHIR Patients with their Coverages, and as lines of beneficiary files, for tests of who is who."""

from __future__ import annotations

from datetime import date
from typing import Any

SSN = "http://hl7.org/fhir/sid/us-ssn"


def patient(
    name: str, given: str | None, family: str | None, born: str | None, sex: str | None = "female", **also: Any
) -> dict[str, Any]:
    """A Patient. also: ssn, phone, email, line, zip, suffix, middle, maiden; other elements by their own names."""
    official = {"use": "official", "family": family, "given": [given, also.pop("middle", None)]}
    official["suffix"] = [also.pop("suffix", None)]
    maiden = [{"use": "maiden", "family": also.pop("maiden")}] if "maiden" in also else []
    identifiers = [{"system": SSN, "value": also.pop("ssn")}] if "ssn" in also else []
    telecom = [{"system": kind, "value": also.pop(kind)} for kind in ("phone", "email") if kind in also]
    address = [{"line": [also.pop("line", None)], "postalCode": also.pop("zip", None)}]
    return {
        "resourceType": "Patient", "id": name, "name": [*maiden, official], "birthDate": born, "gender": sex,
        "identifier": identifiers, "telecom": telecom, "address": address, **also,
    }  # fmt: skip


def coverage(patient_id: str, number: str) -> dict[str, Any]:
    """A Coverage that shows a member number."""
    return {
        "resourceType": "Coverage", "id": f"{patient_id} {number}", "status": "active", "subscriberId": number,
        "beneficiary": {"reference": f"Patient/{patient_id}"},
    }  # fmt: skip


def beneficiary(
    bene_id: str, given: str | None, family: str | None, born: date | None, sex: str | None = "2", **also: Any
) -> dict[str, Any]:
    """A row of bronze.beneficiary. also: year, payer, and columns by their own names."""
    payer, year = also.pop("payer", None), also.pop("year", 2020)
    line = int(bene_id[1:]) * 10_000 + year
    return {
        "delivery": "2026-01-01", "file": f"claims/2026-01-01/{f'{payer}/' if payer else ''}beneficiary.csv",
        "block_start": 0, "line": line, "line_id": line, "content": line, "bene_id": bene_id, "rfrnc_yr": year,
        "bene_gvn_name": given, "bene_srnm_name": family, "bene_birth_dt": born, "bene_sex_ident_cd": sex, **also,
    }  # fmt: skip
