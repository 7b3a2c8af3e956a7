"""One crosswalk: each code once, published mappings first."""

from __future__ import annotations

import csv
from importlib.resources import files

import pytest
from pyspark.sql import Row, SparkSession
from pyspark.sql import functions as F

from lakehouse.silver.vocabulary.concept import Concept
from lakehouse.silver.vocabulary.concept_relationship import ConceptRelationship
from lakehouse.silver.vocabulary.source_to_concept import SourceToConcept
from lakehouse.silver.vocabulary.source_to_concept_map import SourceToConceptMap
from lakehouse.terminology.codes import normalised
from tests.support import Rows, rows_of


@pytest.fixture(scope="module")
def by_code(sample: Rows) -> dict[tuple[str, str], Row]:
    rows = sample[SourceToConcept].collect()
    found = {(row.source_vocabulary_id, row.source_code): row for row in rows}
    assert len(found) == len(rows)
    return found


def carried(name: str) -> list[dict[str, str]]:
    with files("lakehouse").joinpath(f"terminology/{name}").open(encoding="utf-8") as text:
        return list(csv.DictReader(text))


def test_every_code_of_the_files_is_there(by_code: dict[tuple[str, str], Row]) -> None:
    codes = {(c["vocabulary_id"], c["concept_code"]) for c in carried("concept.csv") if c["concept_code"]}
    codes |= {(m["source_vocabulary_id"], m["source_code"]) for m in carried("source_to_concept_map.csv")}
    undotted = {(v, code.replace(".", "") if v.startswith("ICD") else code) for v, code in codes}
    assert undotted == set(by_code)


def test_every_target_is_a_concept_and_standard_where_its_source_says_so(by_code: dict[tuple[str, str], Row]) -> None:
    concepts = {int(c["concept_id"]): c for c in carried("concept.csv")}
    for row in by_code.values():
        if row.target_concept_id == 0:
            assert row.known_by in ("no target", "unverified")
            continue
        concept = concepts[row.target_concept_id]
        assert row.domain_id == concept["domain_id"]
        assert (
            concept["standard_concept"] == "S"
            or "standard flag not stated" in row.known_by
            or row.known_by
            in (
                "map:ingredient",
                "map:clinical drug",
            )
        )


def test_what_our_own_mappings_say_agrees_with_their_evidence_and_their_targets() -> None:
    vocabularies = {c["concept_id"]: c["vocabulary_id"] for c in carried("concept.csv")}
    for mapping in carried("source_to_concept_map.csv"):
        broader = mapping["evidence"].startswith(("map:same-name-parent", "map:inclusion-term", "map:Synthea"))
        doubted = broader or mapping["evidence"] == "map:unverified (concept verified)"
        expected = "" if mapping["evidence"] == "unverified" else str(not doubted).lower()
        assert mapping["is_verified"] == expected, mapping
        assert mapping["target_vocabulary_id"] == vocabularies.get(mapping["target_concept_id"], ""), mapping


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("concept_relationship.csv", "concept_id_1"),
        ("concept_relationship.csv", "concept_id_2"),
        ("concept_synonym.csv", "concept_id"),
        ("concept_ancestor.csv", "ancestor_concept_id"),
        ("concept_ancestor.csv", "descendant_concept_id"),
        ("drug_strength.csv", "drug_concept_id"),
        ("drug_strength.csv", "ingredient_concept_id"),
        ("unit_conversion.csv", "measurement_concept_id"),
        ("unit_conversion.csv", "unit_concept_id"),
    ],
)
def test_the_files_name_only_concepts_that_are_carried(table: str, column: str) -> None:
    assert {row[column] for row in carried(table)} <= {c["concept_id"] for c in carried("concept.csv")}


@pytest.mark.parametrize(
    ("vocabulary", "code", "target", "domain", "known_by"),
    [
        ("SNOMED", "385763009", None, None, None),
        ("SNOMED", "314529007", 4199788, "Observation", "map:same-name"),
        ("CVX", "140", 40213154, "Drug", "standard"),
        ("LOINC", "8480-6", 3004249, "Measurement", "Maps to"),
        ("ICD10CM", "B20", 439727, "Condition", "map:DO-xref"),
        ("ICD10CM", "E1122", 201826, "Condition", "Maps to"),
        ("SNOMED", "15777000", 37018196, "Condition", "map:same-name"),
        ("LOINC", "33914-3", 46236952, "Measurement", "Maps to"),
        ("UCUM", "U/L", 8645, "Unit", "map:same unit, spelled otherwise"),
        ("UCUM", "[U]/L", 8645, "Unit", "Maps to"),
        ("RxNorm", "42463", 1551860, "Drug", "map:itself (standard flag not stated)"),
        ("CVX", "208", 37003436, "Drug", "map:clinical drug"),
        ("HCPCS", "A7035", 2615265, "Device", "map:itself (standard flag not stated)"),
        ("ICD10PCS", "5A1935Z", 2788036, "Procedure", "map:itself (standard flag not stated)"),
    ],
)
def test_known_codes(
    by_code: dict[tuple[str, str], Row],
    vocabulary: str,
    code: str,
    target: int | None,
    domain: str | None,
    known_by: str | None,
) -> None:
    row = by_code.get((vocabulary, code))
    if target is None:
        assert row is None
    else:
        assert row is not None
        assert (row.target_concept_id, row.domain_id, row.known_by) == (target, domain, known_by)


def test_ties_are_settled(spark: SparkSession) -> None:
    concepts = [
        (1, "old", "Condition", "ICD10CM", None, "A00.0"),
        (2, "two", "Condition", "SNOMED", "S", "2"),
        (3, "three", "Observation", "SNOMED", "S", "3"),
        (4, "none", "Condition", "SNOMED", None, "4"),
    ]
    relations = [(1, 3, "Maps to", None), (1, 2, "Maps to", None), (4, 2, "Is a", None), (4, 3, "Maps to", "D")]
    ours = [
        ("ICD10CM", "A00.0", "published", 3, "map:same-name", True),
        ("ICD10CM", "A00.1", "ours alone", 3, "map:unverified (concept verified)", False),
        ("SNOMED", "4", "ours", None, "unverified", None),
    ]
    coded = ("concept_id", "concept_name", "domain_id", "vocabulary_id", "standard_concept", "concept_code")
    mapped = ("source_vocabulary_id", "source_code", "source_code_description", "target_concept_id", "evidence")
    related = ("concept_id_1", "concept_id_2", "relationship_id", "invalid_reason")
    rows = SourceToConcept.build(
        rows_of(spark, Concept, *(dict(zip(coded, c, strict=True)) for c in concepts)),  # type: ignore[arg-type]
        rows_of(spark, ConceptRelationship, *(dict(zip(related, r, strict=True)) for r in relations)),  # type: ignore[arg-type]
        rows_of(spark, SourceToConceptMap, *(dict(zip((*mapped, "is_verified"), r, strict=True)) for r in ours)),  # type: ignore[arg-type]
    ).collect()
    found = {
        (r.source_vocabulary_id, r.source_code): (r.source_concept_id, r.target_concept_id, r.is_verified) for r in rows
    }
    assert found == {
        ("ICD10CM", "A000"): (1, 2, True),
        ("ICD10CM", "A001"): (0, 3, False),
        ("SNOMED", "2"): (2, 2, True),
        ("SNOMED", "3"): (3, 3, True),
        ("SNOMED", "4"): (4, 0, None),
    }


def test_codes_have_one_spelling(spark: SparkSession) -> None:
    written = spark.createDataFrame(
        [
            ("ICD10CM", " e11.9 ", "E119"),
            ("ICD9CM", "250.00", "25000"),
            ("NDC", "0002-3235-60", "00002323560"),
            ("NDC", "60687-284-21", "60687028421"),
            ("NDC", "00002323560", "00002323560"),
            ("UCUM", "10*3/uL", "10*3/uL"),
            ("LOINC", "4548-4", "4548-4"),
            ("SNOMED", None, None),
            (None, "E11.9", "E11.9"),
        ],
        "vocabulary string, code string, expected string",
    )
    wrong = written.filter(~F.col("expected").eqNullSafe(normalised(F.col("vocabulary"), F.col("code"))))
    assert wrong.collect() == []
