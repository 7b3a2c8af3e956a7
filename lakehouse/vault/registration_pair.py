"""Which registrations are one person, pair by pair."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce
from operator import add, and_, or_

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.bronze.identity.codes import SAME_PERSON, TWO_PERSONS
from lakehouse.bronze.identity.person_decision import PersonDecision
from lakehouse.contract import Column, Table, expect_or_drop
from lakehouse.vault.candidates import candidate_pairs
from lakehouse.vault.codes import APART, DECIDED, EHR, EXACT, PROBABLE, REVIEW
from lakehouse.vault.match_model import (
    CERTAIN_ENOUGH,
    CONTRADICTIONS,
    DOUBTS,
    EXACT_RULES,
    NAMED,
    NEARLY_NAMED,
    OTHER,
    SAME,
    UNIQUE_NUMBERS,
    WORTH_A_LOOK,
)
from lakehouse.vault.match_scores import scored_pairs
from lakehouse.vault.registration import Registration


class RegistrationPair(Table):
    """Two registrations that are, may be or seem to be one person: by which rule or weight, and on what evidence.

    What somebody decided comes first. Rules and weights stand in lakehouse.vault.match_model. Not in the table are
    pairs that nobody would take for one.
    """

    layer = "vault"
    grain = "one row per pair of registrations that are alike"
    key = ("registration_id_l", "registration_id_r")
    accounts_for = (PersonDecision,)

    registration_id_l = Column("string", "one registration: source|source_id", required=True)
    registration_id_r = Column("string", "the other, later in the alphabet", required=True)
    verdict = Column(
        "string",
        "exact: one person by a rule or a decision; probable: by weight; review: somebody should decide; apart: two",
        required=True,
    )
    rule = Column("string", "the first exact rule that holds; decided, where somebody decided what they are")
    bits = Column("double", "log2 of the odds that they are one person, given how many are registered", "bits")
    evidence = Column(
        "array<struct<comparison: string, level: string>>",
        "how far they agree in what is known of both, in the order of the model",
        required=True,
    )
    line_id = Column("bigint", "landed line of the decision; null where nobody decided")
    delivery = Column("string", "dated directory of the landing zone that the decision came in")

    expectations = (expect_or_drop("both are registered", "bits is not null"),)

    @staticmethod
    def build(registrations: Registration, decisions: PersonDecision) -> DataFrame:
        """Compare those registrations that agree on enough, or were decided on, and judge each pair."""
        decided = PersonDecision.current(decisions).select(*RegistrationPair.key, "decision", "line_id", "delivery")
        number = registrations.agg(F.log2(F.count("*").cast("double")).alias("bits_against"))
        scored = scored_pairs(registrations, candidate_pairs(registrations, decided)).crossJoin(F.broadcast(number))
        judged = (
            scored.join(F.broadcast(decided), list(RegistrationPair.key), "left")
            .withColumn("bits", F.round(F.col("bits") - F.col("bits_against"), 6))
            .withColumn("rule", F.coalesce(*(F.when(_reaches(levels), rule) for rule, levels in EXACT_RULES.items())))
            .withColumn("verdict", F.coalesce(F.expr(_BY_DECISION), _verdict()))
            .filter("verdict is not null")
            .withColumn("rule", F.when(F.col("verdict") == EXACT, F.col("rule")))
            .withColumn("rule", F.when(F.col("decision").isNotNull(), DECIDED).otherwise(F.col("rule")))
            .withColumn("evidence", F.map_entries("evidence").cast(RegistrationPair.evidence.type))
            .select(*RegistrationPair.declared)
        )
        return judged.unionByName(_of_nobody(decided, registrations), allowMissingColumns=True)


def _of_nobody(decided: DataFrame, registrations: DataFrame) -> DataFrame:
    """Decisions on registrations of which one is not known."""
    known = decided
    for side in RegistrationPair.key:
        known = known.join(registrations.select(F.col("registration_id").alias(side)), side, "left_semi")
    return decided.join(known, list(RegistrationPair.key), "left_anti").select(
        *RegistrationPair.key,
        F.expr(_BY_DECISION).alias("verdict"),
        F.lit(DECIDED).alias("rule"),
        F.array().cast(RegistrationPair.evidence.type).alias("evidence"),
        "line_id",
        "delivery",
    )


_BY_DECISION = f"case decision when '{SAME_PERSON}' then '{EXACT}' when '{TWO_PERSONS}' then '{APART}' end"


def _verdict() -> SparkColumn:
    contradictions = reduce(add, (_reaches({name: (OTHER,)}).cast("int") for name in CONTRADICTIONS))
    doubted = _any(_reaches({name: (OTHER,)}) for name in DOUBTS)
    of_one = _any(_reaches({number: (SAME,)}) for number in UNIQUE_NUMBERS)
    is_named = _reaches({"given_name": NAMED}) | _reaches(NEARLY_NAMED)
    is_known = is_named & F.col("evidence")["birth_date"].isNotNull()
    # A payer knows a person once.
    one_payer = (F.col("register_l") == F.col("register_r")) & (F.col("register_l") != EHR)
    alike = F.col("bits") >= WORTH_A_LOOK
    return (
        F.when(one_payer | (contradictions > of_one.cast("int")), F.when(alike, APART))
        .when((contradictions == 0) & ~doubted & F.col("rule").isNotNull(), EXACT)
        .when((contradictions > 0) | doubted | ~(is_known | of_one), F.when(alike, REVIEW))
        .when(F.col("bits") >= CERTAIN_ENOUGH, PROBABLE)
        .when(alike, REVIEW)
    )


def _any(conditions: Iterable[SparkColumn]) -> SparkColumn:
    return reduce(or_, conditions)


def _reaches(levels: Mapping[str, tuple[str, ...]]) -> SparkColumn:
    """Whether the pair reaches one of the named levels in each of the comparisons."""
    reached = (F.coalesce(F.col("evidence")[name].isin(*named), F.lit(False)) for name, named in levels.items())
    return reduce(and_, reached)
