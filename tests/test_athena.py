"""A download from Athena takes the place of the vocabularies of the package."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path

import pytest
from pyspark.sql import Row, SparkSession

from lakehouse import catalog, config
from lakehouse.contract import Table
from lakehouse.errors import UsageError
from lakehouse.refresh.run import Refresh
from lakehouse.silver.vocabulary.concept import Concept
from lakehouse.silver.vocabulary.concept_ancestor import ConceptAncestor
from lakehouse.silver.vocabulary.concept_class import ConceptClass
from lakehouse.silver.vocabulary.concept_relationship import ConceptRelationship
from lakehouse.silver.vocabulary.concept_synonym import ConceptSynonym
from lakehouse.silver.vocabulary.domain import Domain
from lakehouse.silver.vocabulary.drug_strength import DrugStrength
from lakehouse.silver.vocabulary.relationship import Relationship
from lakehouse.silver.vocabulary.source_to_concept import SourceToConcept
from lakehouse.silver.vocabulary.source_to_concept_map import SourceToConceptMap
from lakehouse.silver.vocabulary.vocabulary import Vocabulary
from lakehouse.storage import Storage
from tests.conftest import LOCAL_CONF

RELEASE = "v5.0 30-AUG-24"
DOWNLOADED = (
    Concept,
    Vocabulary,
    Domain,
    ConceptClass,
    ConceptRelationship,
    Relationship,
    ConceptSynonym,
    ConceptAncestor,
    DrugStrength,
)
ALL = (*DOWNLOADED, SourceToConceptMap, SourceToConcept)

CONCEPTS = """
201826 Type 2 diabetes mellitus|Condition|SNOMED|Disorder|S|44054006|
201820 Diabetes mellitus|Condition|SNOMED|Disorder|S|73211009|
320128 Essential hypertension|Condition|SNOMED|Disorder|S|59621000|
37018196 Prediabetes|Condition|SNOMED|Disorder|S|714628002|
40316773 Prediabetes|Condition|SNOMED|Disorder||15777000|U
1309944 Amiodarone|Drug|RxNorm|Ingredient|S|703|
1310034 3 ML amiodarone "hydrochloride" 50 MG/ML|Drug|RxNorm|Quant Clinical Drug|S|834348|
8840 milligram per deciliter|Unit|UCUM|Unit|S|mg/dL|
8753 millimole per liter|Unit|UCUM|Unit|S|mmol/L|
3004410 Hemoglobin A1c/Hemoglobin.total in Blood|Measurement|LOINC|Lab Test|S|4548-4|
8507 MALE|Gender|Gender|Gender|S|M|
8532 FEMALE|Gender|Gender|Gender|S|F|
"""


def table(header: str, *rows: Iterable[object]) -> str:
    """The text of a file: fields apart by tabs, nothing quoted, null empty."""
    fields = [header.split(), *(["" if value is None else str(value) for value in row] for row in rows)]
    return "".join("\t".join(row) + "\n" for row in fields)


def concepts() -> list[list[str]]:
    found = []
    for line in CONCEPTS.strip().splitlines():
        id_, _, rest = line.partition(" ")
        *fields, invalid = rest.split("|")
        found.append([id_, *fields, "19700101", "20991231" if not invalid else "20240131", invalid])
    return found


FILES = {
    "CONCEPT.csv": table(
        "concept_id concept_name domain_id vocabulary_id concept_class_id standard_concept concept_code "
        "valid_start_date valid_end_date invalid_reason",
        *concepts(),
    ),
    "VOCABULARY.csv": table(
        "vocabulary_id vocabulary_name vocabulary_reference vocabulary_version vocabulary_concept_id",
        ("None", "OMOP Standardized Vocabularies", "OMOP generated", RELEASE, 44819096),
        ("SNOMED", "Systematic Nomenclature of Medicine - Clinical Terms (IHTSDO)", None, "2024-02-01", 44819097),
    ),
    "DOMAIN.csv": table("domain_id domain_name domain_concept_id", ("Condition", "Condition", 19)),
    "CONCEPT_CLASS.csv": table(
        "concept_class_id concept_class_name concept_class_concept_id", ("Ingredient", "Ingredient", 44818981)
    ),
    "CONCEPT_RELATIONSHIP.csv": table(
        "concept_id_1 concept_id_2 relationship_id valid_start_date valid_end_date invalid_reason",
        (40316773, 37018196, "Maps to", 20240131, 20991231, None),
        (40316773, 201826, "Maps to", 19700101, 20240130, "D"),
        (201826, 201820, "Is a", 19700101, 20991231, None),
    ),
    "RELATIONSHIP.csv": table(
        "relationship_id relationship_name is_hierarchical defines_ancestry reverse_relationship_id "
        "relationship_concept_id",
        ("Is a", "Is a", 1, 0, "Subsumes", 44818821),
        ("Subsumes", "Subsumes", 1, 1, "Is a", 44818723),
    ),
    "CONCEPT_SYNONYM.csv": table(
        "concept_id concept_synonym_name language_concept_id", (201826, "Diabetes mellitus type II", 4180186)
    ),
    "CONCEPT_ANCESTOR.csv": table(
        "ancestor_concept_id descendant_concept_id min_levels_of_separation max_levels_of_separation",
        *((row[0], row[0], 0, 0) for row in concepts() if row[5] == "S"),
        (201820, 201826, 1, 3),
        (1309944, 1310034, 2, 3),
    ),
    "DRUG_STRENGTH.csv": table(
        "drug_concept_id ingredient_concept_id amount_value amount_unit_concept_id numerator_value "
        "numerator_unit_concept_id denominator_value denominator_unit_concept_id box_size valid_start_date "
        "valid_end_date invalid_reason",
        (1310034, 1309944, None, None, 150, 8576, 3, 8587, None, 19700101, 20991231, None),
    ),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    download = tmp_path / "athena"
    download.mkdir()
    for name, text in FILES.items():
        (download / name).write_text(text, encoding="utf-8")
    return download


class Home:
    def __init__(self, spark: SparkSession, tmp_path: Path) -> None:
        self.storage = Storage(spark, f"{tmp_path}/tables")

    def refresh(self, folder: Path | None, *tables: type[Table]) -> dict[str, str]:
        athena = [f"terminology.athena={folder}"] if folder else []
        refresh = Refresh(self.storage, catalog.load(), config.load(LOCAL_CONF, athena))
        return {outcome.table: outcome.mode for outcome in refresh.run(tables or ALL)}

    def rows(self, table: type[Table]) -> list[Row]:
        return self.storage.read(table).collect()


def test_its_rows_take_the_place_of_those_of_the_package(spark: SparkSession, tmp_path: Path, folder: Path) -> None:
    home = Home(spark, tmp_path)
    assert set(home.refresh(folder).values()) == {"full"}
    found = {row.concept_id: row for row in home.rows(Concept)}
    assert set(found) == {int(row[0]) for row in concepts()}
    assert found[1310034].concept_name == '3 ML amiodarone "hydrochloride" 50 MG/ML'
    old = found[40316773]
    assert (old.standard_concept, old.invalid_reason, old.valid_end_date) == (None, "U", date(2024, 1, 31))
    assert old.source == f"Athena, {RELEASE}"
    for downloaded in DOWNLOADED:
        assert len(home.rows(downloaded)) == FILES[str(downloaded.athena)].count("\n") - 1
    (strength,) = home.rows(DrugStrength)
    assert (strength.numerator_value, strength.amount_value, strength.box_size) == (150.0, None, None)
    codes = {(row.source_vocabulary_id, row.source_code): row for row in home.rows(SourceToConcept)}
    assert codes["SNOMED", "15777000"].target_concept_id == 37018196
    assert codes["UCUM", "mg/dl"].target_concept_id == 8840, "our own mappings fill what is not there"


@pytest.mark.slow
def test_the_same_download_is_read_once_and_another_again(spark: SparkSession, tmp_path: Path, folder: Path) -> None:
    home = Home(spark, tmp_path)
    tables = (Concept, Domain)
    home.refresh(folder, *tables)
    assert set(home.refresh(folder, *tables).values()) == {"skipped"}
    concept = folder / "CONCEPT.csv"
    concept.write_text(concept.read_text().replace("FEMALE", "Female"))
    assert home.refresh(folder, *tables) == {"silver.concept": "full", "silver.domain": "skipped"}
    vocabulary = folder / "VOCABULARY.csv"
    vocabulary.write_text(vocabulary.read_text().replace(RELEASE, "v5.0 27-FEB-25"))
    assert home.refresh(folder, *tables) == {"silver.concept": "full", "silver.domain": "full"}
    assert {row.source for row in home.rows(Domain)} == {"Athena, v5.0 27-FEB-25"}
    assert home.refresh(None, *tables) == {"silver.concept": "full", "silver.domain": "full"}
    assert len(home.rows(Concept)) > 3_000


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("DOMAIN.csv", None, ["has no DOMAIN.csv", "unpacked"]),
        (
            "DOMAIN.csv",
            "domain_id\tdomain_name\n",
            ["/DOMAIN.csv has the columns domain_id domain_name, not "],
        ),
        ("CONCEPT_SYNONYM.csv", "concept_id,concept_synonym_name\n", ["/CONCEPT_SYNONYM.csv", "separated by tabs"]),
        ("DRUG_STRENGTH.csv", "", ["/DRUG_STRENGTH.csv has the columns , not"]),
    ],
    ids=["missing", "lacks a column", "commas", "empty"],
)
def test_a_wrong_folder_is_refused_in_one_line(
    spark: SparkSession, tmp_path: Path, folder: Path, name: str, text: str | None, told: list[str]
) -> None:
    file = folder / name
    file.unlink() if text is None else file.write_text(text)
    with pytest.raises(UsageError) as refused:
        Home(spark, tmp_path).refresh(folder)
    assert "\n" not in str(refused.value)
    assert [part for part in ("terminology.athena", str(folder), *told) if part not in str(refused.value)] == []


def test_all_that_is_missing_is_named(spark: SparkSession, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"has no CONCEPT\.csv, .*VOCABULARY\.csv"):
        Home(spark, tmp_path).refresh(tmp_path / "nowhere")


def test_the_folder_is_absolute_unless_it_has_a_scheme(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert config.load(settings=["terminology.athena=vocabulary"]).terminology.athena == f"{tmp_path}/vocabulary"
    assert config.load(settings=["terminology.athena=hdfs://n/v"]).terminology.athena == "hdfs://n/v"
    assert config.load().terminology.athena is None
