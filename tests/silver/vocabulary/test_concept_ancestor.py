"""What lies above what: as the carried relations and strengths of drugs have it."""

from __future__ import annotations

import csv
from pathlib import Path

import lakehouse

TERMINOLOGY = Path(lakehouse.__file__).parent / "terminology"


def rows(file: str) -> list[dict[str, str]]:
    with (TERMINOLOGY / file).open(encoding="utf-8") as text:
        return list(csv.DictReader(text))


ABOVE: dict[str, dict[str, tuple[int, int]]] = {}
for row in rows("concept_ancestor.csv"):
    levels = int(row["min_levels_of_separation"]), int(row["max_levels_of_separation"])
    ABOVE.setdefault(row["descendant_concept_id"], {})[row["ancestor_concept_id"]] = levels

STANDARD = {row["concept_id"] for row in rows("concept.csv") if row["standard_concept"] in ("S", "C")}


def test_every_standard_concept_lies_above_itself() -> None:
    assert {id_ for id_, above in ABOVE.items() if above.get(id_) == (0, 0)} >= STANDARD


def test_whatever_lies_above_an_ancestor_lies_above_the_concept() -> None:
    missing = [
        (i, far) for i, above in ABOVE.items() for near in above for far in ABOVE.get(near, ()) if far not in above
    ]
    assert missing == []


def test_relations_and_ingredients_lead_upwards() -> None:
    pairs = [(row["concept_id_1"], row["concept_id_2"]) for row in rows("concept_relationship.csv")
             if row["relationship_id"] == "Is a" and not row["invalid_reason"]]  # fmt: skip
    pairs += [(row["drug_concept_id"], row["ingredient_concept_id"]) for row in rows("drug_strength.csv")]
    assert len(pairs) > 200
    assert [pair for pair in pairs if {*pair} <= STANDARD and pair[1] not in ABOVE[pair[0]]] == []


def test_published_levels_are_kept() -> None:
    """Amiodarone hydrochloride 200 mg oral tablet below amiodarone, as Eunomia has it; a drug by its ingredient."""
    assert ABOVE["1310034"]["1309944"] == (2, 3)
    assert ABOVE["715294"]["715259"] == (1, 1)
