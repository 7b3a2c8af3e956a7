"""Codes in the EHR that are missing, no longer valid, or of the other sex; and race that is not recorded."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lakehouse.synthetic.arrays import find
from lakehouse.synthetic.defects.planting import Mask, Planting
from lakehouse.synthetic.defects.source_ids import fhir_ids, observation_ids
from lakehouse.synthetic.frames import DIAGNOSIS, ENCOUNTER, IDENTITY, MEASUREMENT, PERSON
from lakehouse.synthetic.knowledge import by_key, table
from lakehouse.synthetic.streams import Integers

NOT_CODED = "not_coded"
OF_OTHER_SEX = {"female": "benign_prostatic_hyperplasia", "male": "pregnancy"}
"""By sex of the person: a condition that this sex cannot have."""

_CODE = "code.coding"
_DIGITS = 9
"""The last signs of the ids of records are a number, but for those of Medicare."""


def plant(planting: Planting) -> None:
    """Plant them in MEASUREMENT, DIAGNOSIS and IDENTITY."""
    if planting.count(MEASUREMENT):
        _tests_without_code(planting)
    if planting.count(DIAGNOSIS):
        _diagnoses(planting)
    if planting.count(IDENTITY):
        _races(planting)


@cache
def obsolete() -> dict[str, str]:
    """By condition: the key of its obsolete code."""
    return {row["for_key"]: row["key"] for row in table("defective_codes") if row["for_key"]}


def code_of(condition: str) -> str | None:
    """The ICD code under which a condition is told; None where it has none."""
    row = by_key("conditions").get(condition) or by_key("defective_codes")[condition]
    return row["icd10cm"] or None


def _tests_without_code(planting: Planting) -> None:
    rows = planting.rows(MEASUREMENT)
    chosen = planting.choose(
        "code_missing", MEASUREMENT, planting.observable(), rows["id"], factor=planting.carelessness
    )
    planting.change(MEASUREMENT, "uncoded", chosen, True)
    true = [by_key("measures")[key]["loinc"] for key in rows["measure_key"][chosen]]
    none = [None] * len(chosen)
    planting.note(
        "code_missing", "Observation", rows["person"][chosen], observation_ids(rows, chosen), _CODE, true, none
    )


def _diagnoses(planting: Planting) -> None:
    rows = planting.rows(DIAGNOSIS)
    keys, sex = rows["condition_key"], planting.rows(PERSON)["sex"][planting.person_places(rows["person"])]
    visible, further = _visible(planting), rows["rank"] > 1
    chosen = _choose(planting, "diagnosis_of_other_sex", visible & further)
    _replace(planting, "diagnosis_of_other_sex", chosen, [OF_OTHER_SEX[one] for one in sex[chosen]])
    has_obsolete = np.array([key in obsolete() for key in keys.tolist()], dtype=bool)
    chosen = _choose(planting, "diagnosis_code_obsolete", visible & has_obsolete)
    _replace(planting, "diagnosis_code_obsolete", chosen, [obsolete()[key] for key in keys[chosen]])
    chosen = _choose(planting, "diagnosis_code_missing", visible)
    _replace(planting, "diagnosis_code_missing", chosen, [NOT_CODED] * len(chosen))


def _visible(planting: Planting) -> Mask:
    """The diagnoses of encounters that the EHR has."""
    encounters = planting.rows(ENCOUNTER)
    at = find(encounters["id"].astype(np.int64), planting.rows(DIAGNOSIS)["encounter"].astype(np.int64))
    if not len(encounters["id"]):
        return np.zeros(len(at), dtype=bool)
    return np.asarray((at >= 0) & encounters["in_ehr"].astype(bool)[at])


def _choose(planting: Planting, key: str, eligible: Mask) -> Integers:
    rows = planting.rows(DIAGNOSIS)
    return planting.choose(key, DIAGNOSIS, eligible, rows["encounter"], rows["rank"])


def _replace(planting: Planting, key: str, chosen: Integers, conditions: list[str]) -> None:
    rows = planting.rows(DIAGNOSIS)
    true: NDArray[Any] = rows["condition_key"][chosen]
    planting.change(DIAGNOSIS, "condition_key", chosen, conditions)
    planting.note(
        key, "Condition", rows["person"][chosen],
        fhir_ids("Condition", rows["encounter"][chosen], rows["rank"][chosen]), _CODE,
        [code_of(condition) for condition in true], [code_of(condition) for condition in conditions],
    )  # fmt: skip


def _races(planting: Planting) -> None:
    rows = planting.rows(IDENTITY)
    worlds, race = rows["world"], planting.rows(PERSON)["race"][planting.person_places(rows["person"])]
    known = np.array([one is not None for one in race], dtype=bool)
    numbers = np.array([int(source_id[-_DIGITS:]) if of else 0 for source_id, of in
                        zip(rows["source_id"], worlds != "medicare", strict=True)])  # fmt: skip
    for key, of, field in (
        ("race_missing", np.isin(worlds, ["ehr"]), "extension(us-core-race)"),
        ("member_race_missing", np.isin(worlds, ["medicaid", "commercial"]), "BENE_RACE_CD"),
    ):
        chosen = planting.choose(key, IDENTITY, of & known, numbers)
        planting.change(IDENTITY, "race_missing", chosen, True)
        ids = rows["source_id"][chosen]
        source_ids = fhir_ids("Patient", ids) if key == "race_missing" else ids.tolist()
        planting.note(
            key, by_key("defects")[key]["file_kind"], rows["person"][chosen], source_ids, field, race[chosen],
            [None] * len(chosen),
        )  # fmt: skip
