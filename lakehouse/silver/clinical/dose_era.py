"""Spans of time over which persons take a constant dose of an ingredient."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.contract import Column, Table, expect, expect_or_drop, expect_or_fail
from lakehouse.keys import row_id
from lakehouse.silver.clinical.drug_exposure import DrugExposure
from lakehouse.silver.clinical.eras import in_eras
from lakehouse.silver.vocabulary.drug_strength import DrugStrength


class DoseEra(Table):
    """Exposures to one daily dose of an ingredient with breaks of up to 30 days (OMOP CDM 5.4 DOSE_ERA).

    The daily dose is that of OHDSI's "Drug dose" for a fixed amount: pieces supplied, times the amount in a piece, over
    the days of the supply. So an era is made of exposures that say how many pieces last how many days, to drugs of
    which the amount of the ingredient is known; solutions and devices are left out. Forms are not told apart.
    """

    layer = "silver"
    grain = "one row per person, ingredient, daily dose and span without a break of more than 30 days"
    key = ("dose_era_id",)
    scope = "person_id"

    dose_era_id = Column("bigint", "id of the row", required=True)
    person_id = Column("bigint", "who takes it", required=True)
    drug_concept_id = Column("int", "concept of the ingredient", required=True)
    unit_concept_id = Column("int", "unit of the dose", required=True)
    dose_value = Column("double", "how much of the ingredient a day, in the unit of the row", required=True)
    dose_era_start_date = Column("date", "first day of the first exposure", required=True)
    dose_era_end_date = Column("date", "last day that an exposure covers", required=True)

    expectations = (
        expect_or_fail("ends no earlier than it starts", "dose_era_end_date >= dose_era_start_date"),
        expect_or_drop("is a dose", "dose_value > 0"),
        expect("lasts no longer than 30 years", "datediff(dose_era_end_date, dose_era_start_date) <= 10957"),
    )

    @staticmethod
    def build(drugs: DrugExposure, strengths: DrugStrength) -> DataFrame:
        """Join the exposures to each daily dose that follow each other."""
        supplied = drugs.filter("quantity is not null and days_supply > 0")
        amounts = strengths.filter("amount_value is not null").select(
            "drug_concept_id", "ingredient_concept_id", "amount_value", "amount_unit_concept_id"
        )
        # Rounded, so that 30 pieces for 30 days and 90 for 90 are one dose.
        daily = F.round(F.expr("quantity * amount_value / days_supply"), 6)
        taken = supplied.join(F.broadcast(amounts), "drug_concept_id").withColumns({
            "dose_value": daily,
            "last_day": F.greatest("drug_exposure_start_date", "drug_exposure_end_date"),
        })  # fmt: skip
        dose = ("person_id", "ingredient_concept_id", "amount_unit_concept_id", "dose_value")
        return in_eras(taken, dose, "drug_exposure_start_date", "last_day").select(
            row_id("dose_era", *dose, "era_start").alias("dose_era_id"),
            "person_id",
            F.col("ingredient_concept_id").alias("drug_concept_id"),
            F.col("amount_unit_concept_id").alias("unit_concept_id"),
            "dose_value",
            F.col("era_start").alias("dose_era_start_date"),
            F.col("era_end").alias("dose_era_end_date"),
        )
