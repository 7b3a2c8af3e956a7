"""Whether genotypes explain what was measured of people, and who falls ill, as much as is planted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import reduce
from operator import or_
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.synthetic.frames import ENCOUNTER, MEASUREMENT, PERSON, PRESCRIPTION, TRUE_DISEASE
from lakehouse.synthetic.genetics.figures import Figure, too_few, within
from lakehouse.synthetic.genetics.landed import Landed, of_people
from lakehouse.synthetic.genetics.regression import residuals
from lakehouse.synthetic.genetics.traits import GROUP, Trait
from lakehouse.synthetic.knowledge import by_key, number, table
from lakehouse.synthetic.population.physiology import effects_on, is_logarithmic
from lakehouse.synthetic.streams import Floats
from lakehouse.synthetic.world import World

MEASURES: Mapping[str, str] = MappingProxyType({
    "height": "height", "bmi": "bmi", "ldl_cholesterol": "ldl", "systolic_blood_pressure": "sbp", "hba1c": "hba1c",
})  # fmt: skip
"""The measure of each trait that is measured."""

DISEASES: Mapping[str, str] = MappingProxyType({
    "type_2_diabetes": "type_2_diabetes", "coronary_artery_disease": "coronary_artery_disease",
    "atrial_fibrillation": "atrial_fibrillation", "breast_cancer": "breast_cancer",
    "prostate_cancer": "prostate_cancer", "asthma": "asthma", "schizophrenia": "schizophrenia",
    "major_depressive_disorder": "depression", "alzheimer_disease": "dementia",
})  # fmt: skip
"""The condition of each trait that is a disease."""

BODY_MASS = "bmi"
"""Moves other measures: those with an effect of `bmi_per_5` are looked at beside it."""

OFFICE = ("primary_care_visit", "wellness_visit", "specialist_visit")
"""Contacts at which a measure is the person's usual one."""

LEAST_CASES, LEAST_MEASURED = 10, 50
GROWN = 20
"""Years of age from which on measures are looked at."""

_DAYS_A_YEAR = 365.25
_OUTLYING = 7.0
"""Times the middle distance from the middle beyond which a value is a planted defect."""


def figures(world: World, landed: Landed, frames: DataFrame, traits: Mapping[str, Trait]) -> Iterator[Figure]:
    """Shares of variance of measures, and hazards of diseases."""
    values = measured(landed, frames)
    for key, measure in MEASURES.items():
        yield share(world, traits[key], values[values["measure_key"] == measure])
    diseases = of_people(frames, TRUE_DISEASE, landed.people).where(
        F.col("condition_key").isin(list(DISEASES.values()))
    )
    onsets = diseases.groupBy("person", "condition_key").agg(F.min("onset_date").alias("onset")).toPandas()
    for key, condition in DISEASES.items():
        onset = onsets[onsets["condition_key"] == condition].set_index("person")["onset"]
        yield hazard(world, landed.people, traits[key], condition, onset)


def share(world: World, trait: Trait, values: pd.DataFrame) -> Figure:
    """The share of the variance of a measure that the score explains, beside age, sex, race and ethnicity.

    And beside body mass where it moves the measure; who was not weighed and measured is left out then.
    values: the rows of `measured` about the trait's measure.
    """
    by_mass = "bmi_per_5" in [row["factor"] for row in effects_on(MEASURES[trait.key])]
    values = values[values["body_mass"].notna()] if by_mass else values
    off = (values["value"] - values["value"].median()).abs()
    values = values[off <= _OUTLYING * off.median()]
    measure, source = "share of variance explained", "knowledge/traits.csv"
    if len(values) < LEAST_MEASURED or not trait.kept:
        expected = world.planted.genetics * number(by_key("traits")[trait.key], "heritability")
        return too_few(GROUP, measure, trait.key, expected, len(values), source)
    expected = _expected_share(world, trait, values)
    race = pd.get_dummies(values["race"] + values["ethnicity"], dtype=float).iloc[:, 1:]
    covariates = np.column_stack([values["age"], values["age"] ** 2, values["sex"] == "female", race])
    covariates = np.column_stack([covariates, values["body_mass"]]) if by_mass else covariates
    found, error = explained(values["value"].to_numpy(), trait.score[values["place"]], covariates, expected)
    return within(GROUP, measure, trait.key, expected, found, error, len(values), source)


def _expected_share(world: World, trait: Trait, values: pd.DataFrame) -> float:
    """The heritability as these people have it, whose mean is measured with noise.

    It is configured for Europeans, in whom the variance of a liability is 1.
    """
    row, heritability = by_key("measures")[MEASURES[trait.key]], number(by_key("traits")[trait.key], "heritability")
    heritability *= world.planted.genetics
    noise = number(row, "sd_within") ** 2 / number(row, "sd_between") ** 2 * (1 / values["times"]).mean()
    explains = heritability * trait.score[values["place"]].var()
    return float(explains / (explains + 1 - heritability * trait.kept + noise))


def measured(landed: Landed, frames: DataFrame) -> pd.DataFrame:
    """The mean of each of MEASURES, at office visits of grown persons in whom no disease or drug moves it.

    Who takes a drug for blood pressure is left out: with 15 mmHg added instead (Tobin 2005) the score would also
    explain who has hypertension, which hangs on it beyond the effect on the measure that is planted.

    Columns: measure_key, place (in the landed people), value (on the measure's scale), times (days that it was
    measured), age, sex, race, ethnicity, body_mass (kg/m2, where it was measured).
    """
    told = of_people(frames, MEASUREMENT, landed.people).where(F.col("measure_key").isin(list(MEASURES.values())))
    visits = of_people(frames, ENCOUNTER, landed.people).where(F.col("encounter_key").isin(*OFFICE)).select("id")
    told = told.join(visits.withColumnRenamed("id", "encounter"), "encounter", "left_semi")
    people = of_people(frames, PERSON, landed.people).select("person", "birth_date", "sex", "race", "ethnicity")
    age = F.datediff("start_time", "birth_date") / _DAYS_A_YEAR
    rows = (
        told.where("unit is null").join(F.broadcast(people), "person").withColumn("age", age).where(f"age >= {GROWN}")
    )
    logarithmic = [measure for measure in MEASURES.values() if is_logarithmic(measure)]
    value = F.when(F.col("measure_key").isin(logarithmic), F.log("value")).otherwise(F.col("value"))
    possible = rows.where(_possible())
    seen = possible.groupBy("measure_key", "person", "sex", "race", "ethnicity").agg(
        F.mean(value).alias("value"),
        F.countDistinct(F.to_date("start_time")).alias("times"),
        F.mean("age").alias("age"),
    )
    found = seen.join(_moved(landed, frames), ["person", "measure_key"], "left_anti").toPandas()
    mass = np.exp(found[found["measure_key"] == BODY_MASS].set_index("person")["value"])
    found = found.assign(place=landed.places(found["person"]), body_mass=found["person"].map(mass))
    return found.sort_values(["measure_key", "place"])


def _possible() -> Column:
    """Whether a value lies within the limits of its measure: a decimal that slipped does not."""
    limits = [(measure, by_key("measures")[measure]) for measure in MEASURES.values()]
    return reduce(or_, [
        (F.col("measure_key") == measure) & F.col("value").between(number(row, "minimum"), number(row, "maximum"))
        for measure, row in limits
    ])  # fmt: skip


def _moved(landed: Landed, frames: DataFrame) -> DataFrame:
    """In whom a disease, or a drug that was ever prescribed, moves a measure: person and measure_key."""
    spark = frames.sparkSession
    by_disease = [(row["factor"], row["measure_key"]) for row in table("measure_effects")]
    by_drug = [
        (drug["key"], row["measure_key"])
        for row in table("drug_effects")
        for drug in table("drugs")
        if row["class_or_drug"] in (drug["key"], drug["class"])
    ]
    ill = of_people(frames, TRUE_DISEASE, landed.people).join(
        F.broadcast(spark.createDataFrame(by_disease, "condition_key string, measure_key string")), "condition_key"
    )
    treated = of_people(frames, PRESCRIPTION, landed.people).join(
        F.broadcast(spark.createDataFrame(by_drug, "drug_key string, measure_key string")), "drug_key"
    )
    return ill.select("person", "measure_key").union(treated.select("person", "measure_key")).distinct()


def explained(outcome: Floats, score: Floats, covariates: Floats, expected: float) -> tuple[float, float]:
    """The share of an outcome's variance, beside covariates, that a score explains.

    Returns it without what chance adds, and the standard error that it has if the expected share is right.
    """
    one, other = residuals(outcome, covariates), residuals(score, covariates)
    n = len(outcome) - covariates.shape[1] - 1
    squared = (one @ other) ** 2 / (one @ one) / (other @ other)
    error = np.hypot(2 * np.sqrt(expected) * (1 - expected) / np.sqrt(n), np.sqrt(2) / n)
    return float(squared - (1 - squared) / n), float(error)


def hazard(world: World, people: pd.DataFrame, trait: Trait, condition: str, onset: pd.Series) -> Figure:
    """The log hazard ratio of a disease by a standard deviation of its liability, over age (Cox).

    people: as those of Landed. onset: of who fell ill, by person.
    """
    planted = next(
        number(row, "log_hazard")
        for row in table("risks")
        if (row["outcome_key"], row["factor"]) == (condition, f"liability:{trait.key}")
    )
    expected, source = planted * np.sqrt(world.planted.genetics), "knowledge/risks.csv"
    began = pd.to_datetime(people["person"].map(onset))
    lived = pd.to_datetime(people["death_date"]).fillna(pd.Timestamp(world.end))
    ill = began.notna().to_numpy()
    ends = (began.fillna(lived) - pd.to_datetime(people["birth_date"])).dt.days.to_numpy(float)
    at_risk = (ends > 0) & people["sex"].isin(people["sex"][ill]).to_numpy()
    told = ("log hazard ratio by SD of the score", trait.key, float(expected))
    if ill.sum() < LEAST_CASES or not trait.kept:
        return too_few(GROUP, *told, int(ill.sum()), source)
    found, error = cox(ends[at_risk], ill[at_risk], trait.score[at_risk])
    return within(GROUP, *told, found, error, int(ill.sum()), source)


def cox(ends: NDArray[Any], ill: NDArray[np.bool_], covariate: Floats, steps: int = 8) -> tuple[float, float]:
    """The log hazard ratio of a covariate and its standard error, by Cox's partial likelihood (Newton's method).

    ends: the age at the onset of who fell ill, else that until which it was seen that a person did not.
    """
    order = np.argsort(-ends, kind="stable")
    values, events = covariate[order], ill[order]
    effect, information = 0.0, 1.0
    for _ in range(steps):
        weight = np.exp(effect * values)
        total = np.cumsum(weight)
        mean = np.cumsum(weight * values) / total
        spread = np.cumsum(weight * values**2) / total - mean**2
        information = float(spread[events].sum())
        effect += float((values - mean)[events].sum()) / information
    return effect, float(1 / np.sqrt(information))
