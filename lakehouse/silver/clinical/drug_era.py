"""Spans of time over which persons take an ingredient."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.contract import Column, Table, expect, expect_or_fail
from lakehouse.keys import row_id
from lakehouse.silver.clinical.drug_exposure import DrugExposure
from lakehouse.silver.clinical.eras import in_eras
from lakehouse.silver.clinical.ingredients import ingredients_of
from lakehouse.silver.vocabulary.concept import Concept
from lakehouse.silver.vocabulary.drug_strength import DrugStrength


class DrugEra(Table):
    """Exposures to one ingredient with breaks of up to 30 days, as one span (OMOP CDM 5.4 DRUG_ERA).

    An exposure to a drug of several ingredients counts for each of them. A supply is not stockpiled: what is left of
    it when the next begins is taken as abandoned. Exposures to a drug whose ingredient is not known are in no era.
    """

    layer = "silver"
    grain = "one row per person, ingredient and span without a break of more than 30 days"
    key = ("drug_era_id",)
    scope = "person_id"

    drug_era_id = Column("bigint", "id of the row", required=True)
    person_id = Column("bigint", "who takes it", required=True)
    drug_concept_id = Column("int", "concept of the ingredient", required=True)
    drug_era_start_date = Column("date", "first day of the first exposure", required=True)
    drug_era_end_date = Column("date", "last day that an exposure covers", required=True)
    drug_exposure_count = Column("int", "exposures that make the era", required=True)
    gap_days = Column("int", "days of the era that no exposure covers", "days", required=True)

    expectations = (
        expect_or_fail("ends no earlier than it starts", "drug_era_end_date >= drug_era_start_date"),
        expect_or_fail(
            "fewer days are without the drug than the era has",
            "gap_days between 0 and datediff(drug_era_end_date, drug_era_start_date)",
        ),
        expect("lasts no longer than 30 years", "datediff(drug_era_end_date, drug_era_start_date) <= 10957"),
    )

    @staticmethod
    def build(drugs: DrugExposure, strengths: DrugStrength, concepts: Concept) -> DataFrame:
        """Join the exposures to each ingredient that follow each other."""
        taken = ingredients_of(drugs, strengths, concepts).withColumn(
            "last_day", F.greatest("drug_exposure_start_date", "drug_exposure_end_date")
        )
        eras = in_eras(taken, ("person_id", "ingredient_concept_id"), "drug_exposure_start_date", "last_day")
        return eras.select(
            row_id("drug_era", "person_id", "ingredient_concept_id", "era_start").alias("drug_era_id"),
            "person_id",
            F.col("ingredient_concept_id").alias("drug_concept_id"),
            F.col("era_start").alias("drug_era_start_date"),
            F.col("era_end").alias("drug_era_end_date"),
            F.col("records").alias("drug_exposure_count"),
            "gap_days",
        )
