"""Harm by drugs: alone, with a gene, or with another drug (knowledge/drug_reactions.csv).

A row without a modifier adds its rate to what users of the drug suffer; one with a modifier adds, for users who have
it, the rate times what the relative risk exceeds one. Negative controls add nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from lakehouse.synthetic.knowledge import by_key, number, table
from lakehouse.synthetic.population.life import Event
from lakehouse.synthetic.population.therapy import Therapy
from lakehouse.synthetic.streams import Floats, Streams

INPATIENT_SHARE = {"anticoagulant_bleed": 0.5, "drug_reaction": 0.15, "statin_myopathy": 0.05}
"""Outcomes without another cause, and the share of them that is admitted; the rest is seen in an emergency."""


@dataclass(frozen=True)
class Reaction:
    """A row that does harm: who is at risk of it, and by how much a month."""

    key: str
    drugs: tuple[str, ...]
    gene: str
    phenotype: str
    other_drugs: tuple[str, ...]
    outcome: str
    monthly: float


@cache
def reactions() -> tuple[Reaction, ...]:
    """The rows that do harm, with what they name resolved to drugs."""
    found = []
    for row in table("drug_reactions"):
        excess = number(row, "relative_risk", 1.0) - 1 if row["modifier"] else 1.0
        monthly = number(row, "rate_per_1000_years") / 1_000 / 12 * excess
        if row["negative_control"] == "1" or monthly <= 0:
            continue
        kind, _, rest = row["modifier"].partition(":")
        gene, phenotype = (kind, rest) if kind not in ("", "drug") else ("", "")
        others = _drugs(rest) if kind == "drug" else ()
        found.append(
            Reaction(row["key"], _drugs(row["drug_key"]), gene, phenotype, others, row["outcome_key"], monthly)
        )
    return tuple(found)


def _drugs(name: str) -> tuple[str, ...]:
    """The drugs that a drug's key or a class names. Raises KeyError where there is none."""
    name = name.removeprefix("class:")
    if name in by_key("drugs"):
        return (name,)
    found = tuple(row["key"] for row in table("drugs") if row["class"] == name)
    if not found:
        raise KeyError(name)
    return found


class Reactions:
    """The chances of a block, drawn once, and what they come to month by month."""

    def __init__(self, streams: Streams, persons: int, months: int, phenotypes: dict[str, NDArray[np.object_]]) -> None:
        self._chance = {
            reaction: streams.uniform(f"reaction:{reaction.key}", persons, months).astype(np.float32)
            for reaction in reactions()
        }
        self._susceptible = {reaction: _susceptible(reaction, phenotypes, persons) for reaction in reactions()}

    def step(self, month: int, first_day: int, days: int, therapy: Therapy, scale: float) -> list[Event]:
        """The reactions of a month among the courses that run; their setting is left open."""
        found = []
        for reaction in reactions():
            users = therapy.users(reaction.drugs)
            if reaction.other_drugs:
                users = users * (therapy.users(reaction.other_drugs) > 0)
            risk = users * self._susceptible[reaction] * reaction.monthly * scale
            chance = self._chance[reaction][:, month]
            for person in np.flatnonzero(chance < risk):
                day = first_day + int(chance[person] / risk[person] * days)
                found.append(Event(int(person), reaction.outcome, day, "", reaction.key))
        return found


def _susceptible(reaction: Reaction, phenotypes: dict[str, NDArray[np.object_]], persons: int) -> Floats:
    if not reaction.gene:
        return np.ones(persons)
    gene, phenotype = reaction.gene, reaction.phenotype
    if phenotype.startswith("*"):  # the status of one allele of a gene that has many
        gene += phenotype.partition("_")[0]
    return np.asarray(phenotypes[gene] == phenotype, dtype=np.float64) if gene in phenotypes else np.zeros(persons)
