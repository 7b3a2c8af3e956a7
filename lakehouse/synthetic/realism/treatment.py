"""Who takes what: classes of drugs on the day of the census, drugs filled in its year, and care for diseases in it."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.synthetic.frames import DIAGNOSIS, DISPENSING, ENCOUNTER, PRESCRIPTION, TRUE_COURSE, TRUE_DISEASE
from lakehouse.synthetic.knowledge import table
from lakehouse.synthetic.realism.persons import Population, by_segment, figures, union

ANTIHYPERTENSIVES = (
    "ace_inhibitor", "arb", "arni", "beta_blocker", "calcium_channel_blocker", "thiazide", "loop_diuretic",
    "mineralocorticoid_antagonist",
)  # fmt: skip

CARE = {
    "hypertension": ("hypertension", "hypertensive_urgency"),
    "hyperlipidemia": ("hyperlipidemia",),
    "diabetes": (
        "type_1_diabetes", "type_2_diabetes", "diabetic_retinopathy", "diabetic_neuropathy", "diabetic_foot_ulcer",
    ),
    "thyroid": ("hypothyroidism",),
    "mental": (
        "depression", "anxiety", "ptsd", "schizophrenia", "bipolar_disorder", "adhd", "alcohol_use_disorder",
        "opioid_use_disorder", "depressive_episode", "psychotic_episode", "alcohol_episode", "anxiety_attack",
        "suicidal_ideation", "dementia",
    ),
    "airways": ("asthma", "copd", "asthma_exacerbation", "copd_exacerbation"),
    "upper_airways": ("upper_respiratory_infection", "acute_bronchitis", "sinusitis", "pharyngitis"),
    "influenza": ("influenza",),
    "pneumonia": ("pneumonia",),
    "urinary_infection": ("urinary_tract_infection", "pyelonephritis"),
    "back": ("low_back_pain", "back_pain_episode"),
    "epilepsy": ("epilepsy", "seizure"),
    "glaucoma": ("glaucoma",),
    "cataract": ("cataract",),
    "headache": ("migraine", "migraine_attack"),
    "heart": (
        "coronary_artery_disease", "heart_failure", "atrial_fibrillation", "myocardial_infarction", "unstable_angina",
        "myocardial_infarction_stemi", "heart_failure_exacerbation", "arrhythmia", "atrial_fibrillation_episode",
        "cardiac_arrest", "old_myocardial_infarction",
    ),
    "brain_vessels": ("stroke", "intracerebral_hemorrhage", "transient_ischemic_attack", "stroke_sequelae"),
    "cancer": (
        "breast_cancer", "colorectal_cancer", "lung_cancer", "prostate_cancer", "melanoma", "pancreatic_cancer",
        "ovarian_cancer", "bladder_cancer", "lymphoma", "multiple_myeloma",
    ),
    "joints": ("osteoarthritis", "rheumatoid_arthritis", "gout", "gout_flare"),
    "esophagus": ("gerd",),
}  # fmt: skip
"""Conditions as MEPS groups them, and those of the population that belong to each."""


def measures(population: Population) -> DataFrame:
    """Percent that takes a class, fills a drug, or has care for a disease."""
    return union(_taking(population), _filling(population), _in_care(population))


def taking(population: Population) -> DataFrame:
    """person, and whether he takes an antihypertensive, a statin, or a drug for depression on the census day."""
    day = F.lit(population.day)
    runs = (F.col("start_date") <= day) & (F.col("end_date").isNull() | (F.col("end_date") >= day))
    drug_class = F.create_map(*[F.lit(part) for row in table("drugs") for part in (row["key"], row["class"])])
    course = population.frames[TRUE_COURSE].where(runs).withColumn("class", drug_class[F.col("drug_key")])
    flags = {
        "antihypertensive": F.col("class").isin(*ANTIHYPERTENSIVES),
        "statin": F.col("class") == "statin",
        "for_depression": F.col("reason_key") == "depression",
    }
    return course.groupBy("person").agg(*[F.max(flag.cast("int")).alias(name) for name, flag in flags.items()])


def diseased(population: Population, **groups: tuple[str, ...]) -> DataFrame:
    """person, and for each name whether he has one of its conditions on the census day."""
    began = population.frames[TRUE_DISEASE].where(F.col("onset_date") <= F.lit(population.day))
    flags = [F.max(F.col("condition_key").isin(*keys).cast("int")).alias(name) for name, keys in groups.items()]
    return began.groupBy("person").agg(*flags)


def _taking(population: Population) -> DataFrame:
    has = diseased(population, hypertension=("hypertension",), diabetes=("type_1_diabetes", "type_2_diabetes"))
    names = ("antihypertensive", "statin", "for_depression", "hypertension", "diabetes")
    alive = population.alive.join(taking(population), "person", "left")
    told = alive.join(has, "person", "left").fillna(0, list(names)).withColumn("of", F.lit(1))
    told = told.withColumn("antihypertensive", F.col("antihypertensive") * F.col("hypertension"))
    told = told.withColumn("statin_in_diabetes", F.col("statin") * F.col("diabetes"))
    wide = by_segment(told, [*names, "statin_in_diabetes", "of"])
    found = [
        figures(wide, f"percent_taking_{name}", 100 * F.col(name) / F.col("of"), "of")
        for name in ("antihypertensive", "statin", "for_depression")
    ]
    found += [
        figures(
            wide, "treated_of_hypertension", 100 * F.col("antihypertensive") / F.col("hypertension"), "hypertension"
        ),
        figures(wide, "statin_of_diabetes", 100 * F.col("statin_in_diabetes") / F.col("diabetes"), "diabetes"),
    ]
    return union(*found)


def _filling(population: Population) -> DataFrame:
    """Percent of persons who fill each drug at a pharmacy in the year of the census."""
    year = population.day.year
    filled = (
        population.frames[DISPENSING]
        .where(F.year("start_date") == year)
        .groupBy("drug_key")
        .agg(F.countDistinct("person").alias("has"))
    )
    of = population.years.where(F.col("year") == year).agg(F.count("*").alias("of"))
    told = filled.crossJoin(of).withColumn("segment", F.lit("all"))
    return figures(told, F.concat(F.lit("percent_filling_"), "drug_key"), 100 * F.col("has") / F.col("of"), "of")


def _in_care(population: Population) -> DataFrame:
    """Percent of persons with a visit, a stay or a fill for a condition of a group in the year of the census."""
    year = population.day.year
    seen = population.frames[ENCOUNTER].where(F.year("start_time") == year).select(F.col("id").alias("encounter"))
    coded = population.frames[DIAGNOSIS].where("rank = 1").join(seen, "encounter").select("person", "condition_key")
    orders = population.frames[PRESCRIPTION].select(
        F.col("id").alias("prescription"), F.col("reason_key").alias("condition_key")
    )
    fills = population.frames[DISPENSING].where(F.year("start_date") == year).select("person", "prescription")
    treated = fills.join(orders, "prescription").select("person", "condition_key").union(coded)
    grouped = treated.withColumn("care", _care_group()).where("care is not null").select("person", "care").distinct()
    of = population.years.where(F.col("year") == year).select("person", "age", "sex", "race", "payer")
    has = by_segment(grouped.join(of, "person").withColumn("has", F.lit(1)), ["has"], "care")
    shares = has.join(by_segment(of.withColumn("of", F.lit(1)), ["of"]), "segment")
    return figures(shares, F.concat(F.lit("percent_in_care_"), "care"), 100 * F.col("has") / F.col("of"), "of")


def _care_group() -> Column:
    pairs = [F.lit(part) for group, keys in CARE.items() for key in keys for part in (key, group)]
    return F.create_map(*pairs)[F.col("condition_key")]
