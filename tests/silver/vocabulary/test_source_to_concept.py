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
from tests.support import Rows


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


@pytest.mark.parametrize(
    ("vocabulary", "code", "target", "domain", "known_by"),
    [
        ("SNOMED", "314529007", None, None, None),
        ("LOINC", "8480-6", 3004249, "Measurement", "Maps to"),
        ("ICD10CM", "B20", 439727, "Condition", "map:DO-xref"),
        ("ICD10CM", "E1122", 201826, "Condition", "Maps to"),
        ("SNOMED", "15777000", 37018196, "Condition", "map:same-name"),
        ("LOINC", "33914-3", 0, "Measurement", "no target"),
        ("UCUM", "U/L", 8645, "Unit", "map:same unit, spelled otherwise"),
        ("UCUM", "[U]/L", 8645, "Unit", "Maps to"),
        ("RxNorm", "42463", 1551860, "Drug", "map:itself (standard flag not stated)"),
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
    concept = "id int, name string, domain string, vocabulary string, class string, standard string, code string"
    concepts = spark.createDataFrame(
        [
            (1, "old", "Condition", "ICD10CM", None, None, "A00.0"),
            (2, "two", "Condition", "SNOMED", None, "S", "2"),
            (3, "three", "Observation", "SNOMED", None, "S", "3"),
            (4, "none", "Condition", "SNOMED", None, None, "4"),
        ],
        concept,
    ).toDF("concept_id", "concept_name", "domain_id", "vocabulary_id", "concept_class_id", "standard_concept",
           "concept_code").selectExpr("*", "cast(null as string) as invalid_reason", "'here' as source")  # fmt: skip
    relations = spark.createDataFrame(
        [(1, 3, "Maps to"), (1, 2, "Maps to"), (4, 2, "Is a")],
        "concept_id_1 int, concept_id_2 int, relationship_id string",
    )
    ours = spark.createDataFrame(
        [
            ("ICD10CM", "A00.0", None, "published", 3, "map:same-name", None),
            ("ICD10CM", "A00.1", None, "ours alone", 3, "map:same-name", None),
            ("SNOMED", "4", None, "ours", None, "unverified", None),
        ],
        SourceToConceptMap.ddl(),
    )
    assert set(Concept.declared) == set(concepts.columns)
    assert set(ConceptRelationship.declared) == set(relations.columns)
    rows = SourceToConcept.build(concepts, relations, ours).collect()  # type: ignore[arg-type]
    assert {(r.source_vocabulary_id, r.source_code): (r.source_concept_id, r.target_concept_id) for r in rows} == {
        ("ICD10CM", "A000"): (1, 2),
        ("ICD10CM", "A001"): (0, 3),
        ("SNOMED", "2"): (2, 2),
        ("SNOMED", "3"): (3, 3),
        ("SNOMED", "4"): (4, 0),
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
