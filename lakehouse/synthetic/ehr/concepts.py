"""What the keys of the frames mean: CodeableConcepts made from the tables of knowledge."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.synthetic.ehr.datatypes import (
    CPT,
    CVX,
    HCPCS,
    ICD_10_CM,
    ICD_10_PCS,
    LOINC,
    RXNORM,
    SNOMED,
    coding,
    concept,
    fixed,
)

_SPECIALTY = "https://bluebutton.cms.gov/resources/variables/prvdr_spclty"
_BARE_CPT = r"^\d{4}[0-9A-Z]$"


def with_concept(rows: DataFrame, key: str, concepts: DataFrame, into: str) -> DataFrame:
    """Add as `into` the concept that a column of keys means, and any other column of the concepts as it is named."""
    of_key = concepts.withColumnsRenamed({"key": key, "concept": into})
    return rows.join(F.broadcast(of_key), key, "left")


def allergies(knowledge: Mapping[str, DataFrame]) -> DataFrame:
    """`key` and `concept` of what is not tolerated, in the system that the table names, and its `category`."""
    substance = F.struct(F.col("code_system").alias("system"), F.col("code"), F.col("code_name").alias("display"))
    named = F.struct(F.array(substance).alias("coding"), F.col("name").alias("text"))
    return _keyed(knowledge["allergies"], named, "category")


def conditions(knowledge: Mapping[str, DataFrame]) -> DataFrame:
    """`key` and `concept` of conditions, in SNOMED CT and ICD-10-CM."""
    return _keyed(
        knowledge["conditions"],
        concept(
            coding(SNOMED, F.col("snomed"), F.col("snomed_name")),
            coding(ICD_10_CM, F.col("icd10cm"), F.col("icd10cm_name")),
            text=F.col("name"),
        ),
    )


def drugs(knowledge: Mapping[str, DataFrame]) -> DataFrame:
    """`key` and `concept` of drugs, in RxNorm, and how much a day is taken of them, as `units_per_day` (text)."""
    named = concept(coding(RXNORM, F.col("rxnorm"), F.col("rxnorm_name")), text=F.col("rxnorm_name"))
    return _keyed(knowledge["drugs"], named, "units_per_day")


def encounters(knowledge: Mapping[str, DataFrame]) -> DataFrame:
    """`key` and `concept` of kinds of encounters, in SNOMED CT, and their `class` (v3 ActCode)."""
    named = concept(coding(SNOMED, F.col("snomed"), F.col("snomed_name")), text=F.col("name"))
    return _keyed(knowledge["encounters"], named, "class")


def note_kinds(knowledge: Mapping[str, DataFrame]) -> DataFrame:
    """`key` and `concept` of kinds of notes, in LOINC."""
    return _keyed(knowledge["note_kinds"], fixed(LOINC, F.col("loinc"), F.col("loinc_name")))


def procedures(knowledge: Mapping[str, DataFrame]) -> DataFrame:
    """`key` and `concept` of procedures, in SNOMED CT, CPT or HCPCS and ICD-10-PCS, and an image's `modality`."""
    billed, is_cpt = F.col("hcpcs"), F.col("hcpcs").rlike(_BARE_CPT)
    named = concept(
        coding(SNOMED, F.col("snomed"), F.col("snomed_name")),
        coding(CPT, F.when(is_cpt, billed)),
        coding(HCPCS, F.when(~is_cpt, billed)),
        coding(ICD_10_PCS, F.col("icd10pcs")),
        text=F.col("name"),
    )
    return _keyed(knowledge["procedures"], named, "modality")


def reactions(knowledge: Mapping[str, DataFrame]) -> DataFrame:
    """`key` and `concept` of what allergies do, in SNOMED CT."""
    named = concept(coding(SNOMED, F.col("snomed"), F.col("snomed_name")), text=F.col("name"))
    return _keyed(knowledge["reactions"], named)


def specialties(knowledge: Mapping[str, DataFrame]) -> DataFrame:
    """`key` and `concept` of the specialties of practitioners, as CMS codes them."""
    return _keyed(knowledge["specialties"], fixed(_SPECIALTY, F.col("key"), F.col("name")))


def vaccines(knowledge: Mapping[str, DataFrame]) -> DataFrame:
    """`key` and `concept` of vaccines, in CVX."""
    return _keyed(knowledge["vaccines"], concept(coding(CVX, F.col("cvx"), F.col("name")), text=F.col("name")))


def _keyed(rows: DataFrame, meaning: Column, *others: str) -> DataFrame:
    return rows.select("key", meaning.alias("concept"), *others)
