"""Which ingredients a drug has."""

from __future__ import annotations

from pyspark.sql import DataFrame


def ingredients_of(drugs: DataFrame, strengths: DataFrame, concepts: DataFrame) -> DataFrame:
    """The rows of drugs by ingredient: one row each for a drug of several, none for a drug of which none is known."""
    ingredients = concepts.filter("vocabulary_id = 'RxNorm' and concept_class_id = 'Ingredient'")
    of_drugs = strengths.select("drug_concept_id", "ingredient_concept_id")
    themselves = ingredients.selectExpr("concept_id as drug_concept_id", "concept_id as ingredient_concept_id")
    return drugs.join(of_drugs.unionByName(themselves).distinct().hint("broadcast"), "drug_concept_id")
