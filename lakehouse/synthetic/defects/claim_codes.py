"""Codes on claims that are missing, no longer valid, of the other sex, or mistyped."""

from __future__ import annotations

from typing import Any

import numpy as np

from lakehouse.synthetic.defects.claim_rows import PRACTITIONERS, heads, holding, note_claims, note_lines
from lakehouse.synthetic.defects.codes import OF_OTHER_SEX, code_of, obsolete
from lakehouse.synthetic.defects.planting import Planting
from lakehouse.synthetic.frames import CLAIM, CLAIM_LINE, PERSON
from lakehouse.synthetic.streams import Integers


def plant(planting: Planting) -> None:
    """Plant them in CLAIM and CLAIM_LINE."""
    if planting.count(CLAIM):
        _obsolete(planting)
        _of_other_sex(planting)
        _missing(planting)
    if planting.count(CLAIM_LINE):
        _services(planting)


def _obsolete(planting: Planting) -> None:
    rows = planting.rows(CLAIM)
    has = np.array([bool(keys) and keys[0] in obsolete() for keys in rows["diagnoses"].tolist()], dtype=bool)
    chosen = planting.choose("claim_diagnosis_obsolete", CLAIM, holding(planting, CLAIM) & has, rows["id"])
    true = rows["diagnoses"][chosen]
    _replace(planting, chosen, [[obsolete()[keys[0]], *keys[1:]] for keys in true])
    bad = [_code(obsolete()[keys[0]]) for keys in true]
    note_claims(planting, "claim_diagnosis_obsolete", chosen, "PRNCPAL_DGNS_CD", [_code(k[0]) for k in true], bad)


def _of_other_sex(planting: Planting) -> None:
    """In the place of the second diagnosis."""
    rows = planting.rows(CLAIM)
    has = np.array([bool(keys) and len(keys) > 1 for keys in rows["diagnoses"].tolist()], dtype=bool)
    chosen = planting.choose("claim_diagnosis_of_other_sex", CLAIM, holding(planting, CLAIM) & has, rows["id"])
    sex = planting.rows(PERSON)["sex"][planting.person_places(rows["person"][chosen])]
    true, wrong = rows["diagnoses"][chosen], [OF_OTHER_SEX[one] for one in sex]
    _replace(planting, chosen, [[k[0], other, *k[2:]] for k, other in zip(true, wrong, strict=True)])
    note_claims(
        planting,
        "claim_diagnosis_of_other_sex",
        chosen,
        "ICD_DGNS_CD2",
        [_code(k[1]) for k in true],
        list(map(_code, wrong)),
    )


def _missing(planting: Planting) -> None:
    rows = planting.rows(CLAIM)
    has = np.array([bool(keys) for keys in rows["diagnoses"].tolist()], dtype=bool)
    chosen = planting.choose("claim_diagnoses_missing", CLAIM, holding(planting, CLAIM) & has, rows["id"])
    true = [_code(keys[0]) for keys in rows["diagnoses"][chosen]]
    _replace(planting, chosen, [[] for _ in chosen])
    note_claims(planting, "claim_diagnoses_missing", chosen, "PRNCPAL_DGNS_CD", true, [None] * len(chosen))


def _replace(planting: Planting, chosen: Integers, lists: list[list[str]]) -> None:
    values: Any = np.empty(len(lists), dtype=object)
    values[:] = lists
    planting.change(CLAIM, "diagnoses", chosen, values)


def _code(condition: str) -> str | None:
    """As claims write it, without a dot."""
    code = code_of(condition)
    return None if code is None else code.replace(".", "")


def _services(planting: Planting) -> None:
    rows, head = planting.rows(CLAIM_LINE), heads(planting)
    eligible = (head >= 0) & holding(planting, CLAIM)[head]
    of_practitioner = np.isin(planting.rows(CLAIM)["rif"][head], PRACTITIONERS)
    codes = rows["hcpcs"].tolist()
    coded, with_zero = (np.array(list(map(test, codes)), dtype=bool) for test in (bool, lambda c: bool(c) and "0" in c))
    ids = rows["claim"], rows["line_number"]
    chosen = planting.choose("hcpcs_letter_for_digit", CLAIM_LINE, eligible & with_zero, *ids)
    true = rows["hcpcs"][chosen]
    bad = [code.replace("0", "O", 1) for code in true]
    planting.change(CLAIM_LINE, "hcpcs", chosen, bad)
    note_lines(planting, "hcpcs_letter_for_digit", chosen, "HCPCS_CD", true.tolist(), bad)
    chosen = planting.choose("hcpcs_missing", CLAIM_LINE, eligible & coded & of_practitioner, *ids)
    planting.change(CLAIM_LINE, "hcpcs", chosen, None)
    note_lines(
        planting, "hcpcs_missing", chosen, "HCPCS_CD", rows["hcpcs"][chosen].tolist(), [None] * len(chosen)
    )  # fmt: skip
