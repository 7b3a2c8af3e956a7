"""What is true of a world as a whole, whoever lives in it: what was planted, and how large it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from math import exp
from types import MappingProxyType

from pyspark.sql import DataFrame, SparkSession

from lakehouse.synthetic.genomes.known import true_effects
from lakehouse.synthetic.knowledge import Row, by_key, number, table
from lakehouse.synthetic.population import epidemics, reactions
from lakehouse.synthetic.world import World


def planted(spark: SparkSession, world: World) -> DataFrame:
    """How much of each thing is planted: 1 as published or as described, 0 not at all."""
    rows = [(name, float(size)) for name, size in asdict(world.planted).items()]
    return spark.createDataFrame(rows, "planted string, size double")


def outbreaks(spark: SparkSession, world: World) -> DataFrame:
    """Outbreaks: the infection, the county, and how many times the usual risk there is in each month from the first."""
    months = world.months.astype("datetime64[D]").tolist()
    rows = [
        (o.name, o.condition, o.county, months[o.first_month], list(o.multiples)) for o in epidemics.outbreaks(world)
    ]
    columns = "outbreak string, condition_key string, county_fips string, first_month date, multiples array<double>"
    return spark.createDataFrame(rows, columns)


def drug_reactions(spark: SparkSession, world: World) -> DataFrame:
    """Adverse reactions and interactions, and negative controls, which do nothing.

    relative_risk is as published; planted_relative_risk is that of the modifier (a gene or another drug) among
    users, null where there is none; planted_excess_per_1000_years is what happens beyond the risk without the drug,
    or without the modifier.
    """
    scale = float(world.planted.adverse_reactions)
    monthly = {reaction.key: reaction.monthly for reaction in reactions.reactions()}
    rows = [_reaction(row, scale, monthly.get(row["key"], 0.0)) for row in table("drug_reactions")]
    columns = (
        "effect_key string, drug_key string, modifier string, outcome_key string, negative_control boolean, "
        "relative_risk double, planted_relative_risk double, planted_excess_per_1000_years double, source string"
    )
    return spark.createDataFrame(rows, columns)


def comparisons(spark: SparkSession, world: World) -> DataFrame:
    """Confounded choices between two groups of drugs, and the true hazard ratio of the new against the old ones."""
    rows = [
        (
            row["key"], row["condition_key"], row["new_drug_keys"].split(";"), row["old_drug_keys"].split(";"),
            row["outcome_key"], number(row, "tilt_per_sd_frailty") * world.planted.confounding,
            number(row, "tilt_per_decade") * world.planted.confounding,
            exp(world.planted.treatment * (_effect(row, "new_drug_keys") - _effect(row, "old_drug_keys"))),
        )
        for row in table("comparisons")
    ]  # fmt: skip
    columns = (
        "comparison string, condition_key string, new_drug_keys array<string>, old_drug_keys array<string>, "
        "outcome_key string, log_odds_of_new_per_sd_frailty double, log_odds_of_new_per_decade double, "
        "hazard_ratio double"
    )
    return spark.createDataFrame(rows, columns)


def trait_effects(spark: SparkSession, world: World) -> DataFrame:
    """What one copy of an allele adds to a trait, in the unit of the study, and where the files tell of the variant.

    stands_in: the variant is told of at a base beside its own, which shows another trait's (see genomes/known.py).
    planted: how much of it the lives were led by: the size of `genetics`.
    """
    rows = [
        (
            one.trait, one.site.chrom, one.site.position, one.site.reference, one.site.alternate[0], one.site.name,
            one.effect_allele, one.beta, one.site.stands_in, float(world.planted.genetics),
        )
        for one in true_effects()
    ]  # fmt: skip
    columns = (
        "trait_key string, chrom string, position bigint, reference string, alternate string, name string, "
        "effect_allele string, beta double, stands_in boolean, planted double"
    )
    return spark.createDataFrame(rows, columns)


TABLES: Mapping[str, Callable[[SparkSession, World], DataFrame]] = MappingProxyType({
    "comparisons": comparisons, "drug_reactions": drug_reactions, "outbreaks": outbreaks, "planted": planted,
    "trait_effects": trait_effects,
})  # fmt: skip
"""How each table is made."""


def _reaction(row: Row, scale: float, monthly: float) -> tuple[object, ...]:
    excess_risk = number(row, "relative_risk", 1.0) - 1 if monthly else 0.0
    return (
        row["key"], row["drug_key"], row["modifier"] or None, row["outcome_key"], row["negative_control"] == "1",
        number(row, "relative_risk", 1.0), 1 + scale * excess_risk if row["modifier"] else None,
        scale * monthly * 12_000, row["source"],
    )  # fmt: skip


def _effect(comparison: Row, drugs: str) -> float:
    """The log hazard ratio of the outcome, on the mean of the drugs, by risks.csv."""
    keys = comparison[drugs].split(";")
    of_class = {
        row["factor"].removeprefix("drug:"): number(row, "log_hazard")
        for row in table("risks")
        if row["outcome_key"] == comparison["outcome_key"] and row["factor"].startswith("drug:")
    }
    return sum(of_class.get(by_key("drugs")[key]["class"], 0.0) for key in keys) / len(keys)
