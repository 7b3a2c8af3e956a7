"""What was planted and what is known only here: the frames TRUE_*."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lakehouse.synthetic.care.visits import encounter_id
from lakehouse.synthetic.frames import (
    NULL,
    TRUE_DIPLOTYPE,
    TRUE_DISEASE,
    TRUE_GENOTYPE,
    TRUE_INFECTION,
    TRUE_LIABILITY,
    TRUE_PERSON,
    TRUE_REACTION,
    TRUE_RISK,
)  # fmt: skip
from lakehouse.synthetic.journal import Journal
from lakehouse.synthetic.knowledge import by_key, table
from lakehouse.synthetic.places import places
from lakehouse.synthetic.population.conditions import cancers
from lakehouse.synthetic.population.epidemics import outbreaks
from lakehouse.synthetic.population.genome import ABSENT, ANCESTRIES, loci, place_of
from lakehouse.synthetic.population.hazards import DEATH
from lakehouse.synthetic.population.life import Life
from lakehouse.synthetic.world import World

_STAGES = np.array(("I", "II", "III", "IV"), dtype=object)
_INFECTIONS = ("upper_respiratory_infection", "influenza", "covid", "pneumonia", "clostridium_difficile")


def write(world: World, journal: Journal, life: Life) -> None:
    """Write down the truth about the people of a block."""
    _persons(world, journal, life)
    _genomes(journal, life)
    _diseases(world, journal, life)
    _risks(world, journal, life)
    _reactions(journal, life)
    _infections(world, journal, life)


def _persons(world: World, journal: Journal, life: Life) -> None:
    society = life.society
    smoking = np.select(
        [society.smokes(world.last_day), society.smoked(world.last_day)], ["current", "former"], "never"
    ).astype(object)
    shares = {f"ancestry_{name}": life.genome.ancestry[:, place] for place, name in enumerate(ANCESTRIES)}
    journal.add(TRUE_PERSON, {
        "person": life.people.person, **{name: share.round(5) for name, share in shares.items()},
        "adherence": society.adherence, "frailty": society.frailty, "deprivation": society.deprivation,
        "rural": society.rural, "smoking": smoking, "social_needs": _social_needs(life),
    })  # fmt: skip
    for trait, value in life.liabilities.items():
        journal.add(TRUE_LIABILITY, {"person": life.people.person, "trait_key": trait, "value": value})


def _social_needs(life: Life) -> NDArray[Any]:
    """The names of the needs of each person."""
    found = np.empty(len(life.people), dtype=object)
    for person in range(len(life.people)):
        found[person] = [name for name, has in life.society.needs.items() if has[person]]
    return found


def _genomes(journal: Journal, life: Life) -> None:
    """Pathogenic alleles that a person carries, and the diplotypes of the pharmacogenes."""
    genome, person = life.genome, life.people.person
    for row in table("pathogenic_variants"):
        place = place_of()[row["key"]]
        carries = genome.count(place) > 0
        if carries.any():
            father = np.where(genome.paternal[carries, place] == ABSENT, NULL, genome.paternal[carries, place])
            journal.add(TRUE_GENOTYPE, {
                "person": person[carries], "variant_key": row["key"], "gene": row["gene"], "paternal": father,
                "maternal": genome.maternal[carries, place].astype(np.int64),
            })  # fmt: skip
    for name, phenotype in life.phenotypes.items():
        gene = name.partition("*")[0]
        place = place_of()[gene]
        alleles = np.array([*loci()[place].alleles, None], dtype=object)  # the last is that of a man's missing X
        journal.add(TRUE_DIPLOTYPE, {
            "person": person, "gene": name, "maternal_allele": alleles[genome.maternal[:, place]],
            "paternal_allele": alleles[genome.paternal[:, place]], "phenotype": phenotype,
        })  # fmt: skip


def _diseases(world: World, journal: Journal, life: Life) -> None:
    for place, condition in enumerate(life.conditions):
        has = np.flatnonzero((life.onset[:, place] <= world.last_day) & (life.onset[:, place] <= life.death))
        if len(has):
            stage = _STAGES[life.stage[has, place]] if condition in cancers() else None
            known = life.known[has, place]
            is_found = (known <= world.last_day) & (known <= life.death[has])
            found_by = np.where(life.screened[has, place], "screening", "symptoms").astype(object)
            found_by[~is_found | (condition not in cancers())] = None
            journal.add(TRUE_DISEASE, {
                "person": life.people.person[has], "condition_key": condition, "stage": stage,
                "onset_date": life.onset[has, place].astype("datetime64[D]"),
                "found_date": np.where(is_found, known.astype("datetime64[D]"), np.datetime64("NaT")),
                "found_by": found_by,
                "end_date": np.full(len(has), np.datetime64("NaT"), dtype="datetime64[D]"),
            })  # fmt: skip


def _risks(world: World, journal: Journal, life: Life) -> None:
    """The probabilities that the simulation knew, and what came of them; not where the window ends before."""
    returned = {stay.readmission_of for stay in life.stays if stay.readmission_of is not None}
    told = [risk for risk in life.risks if risk.day + risk.horizon_days <= world.last_day]
    person = np.array([risk.person for risk in told], dtype=np.int64)
    day = np.array([risk.day for risk in told], dtype=np.int64)
    outcome = np.array([risk.outcome for risk in told], dtype=object)
    horizon = np.array([risk.horizon_days for risk in told], dtype=np.int64)
    happened = np.zeros(len(told), dtype=bool)
    for name in sorted(set(outcome)):
        of_name = outcome == name
        if name == "readmission":
            happened[of_name] = [told[i].stay in returned for i in np.flatnonzero(of_name)]
        else:
            when = life.death if name == DEATH else life.onset[:, life.column(name)]
            came = when[person[of_name]]
            happened[of_name] = (came >= day[of_name]) & (came < day[of_name] + horizon[of_name])
    encounter = np.array([
        NULL if risk.stay is None else _encounter_of(life, risk.stay) for risk in told
    ], dtype=np.int64)  # fmt: skip
    journal.add(TRUE_RISK, {
        "person": life.people.person[person], "outcome_key": outcome, "start_date": day.astype("datetime64[D]"),
        "encounter": encounter, "horizon_days": horizon, "happened": happened,
        "value": np.array([risk.probability for risk in told]),
    })  # fmt: skip


def _encounter_of(life: Life, stay: int) -> int:
    """The id of the encounter that is a stay."""
    found = life.stays[stay]
    return int(encounter_id("stay", life.people.person[found.person], found.start))


def _reactions(journal: Journal, life: Life) -> None:
    caused = [event for event in life.events if event.reaction]
    if not caused:
        return
    effect = np.array([event.reaction for event in caused], dtype=object)
    person = np.array([event.person for event in caused], dtype=np.int64)
    journal.add(TRUE_REACTION, {
        "person": life.people.person[person], "effect_key": effect, "caused": np.ones(len(caused), dtype=bool),
        "drug_key": np.array([by_key("drug_reactions")[key]["drug_key"] for key in effect], dtype=object),
        "start_date": np.array([event.day for event in caused], dtype=np.int64).astype("datetime64[D]"),
    })  # fmt: skip


def _infections(world: World, journal: Journal, life: Life) -> None:
    """Every infection, seen or not, and the outbreak in whose place and months it fell."""
    found = [(e.person, e.day, e.condition) for e in life.events if e.condition in _INFECTIONS]
    found += [(s.person, s.start, s.cause) for s in life.stays if s.cause in _INFECTIONS]
    if not found:
        return
    person, day = (np.array([one[i] for one in found], dtype=np.int64) for i in (0, 1))
    condition = np.array([one[2] for one in found], dtype=object)
    month = world.month_of(day)
    place = life.society.place[person, month].astype(np.int64)
    county = np.array([row["county_fips"] for row in table("places")], dtype=object)[place]
    outbreak = np.full(len(found), None, dtype=object)
    for one in outbreaks(world):
        lasts = (month >= one.first_month) & (month < one.first_month + len(one.multiples))
        outbreak[lasts & (condition == one.condition) & (county == one.county)] = one.name
    journal.add(TRUE_INFECTION, {
        "person": life.people.person[person], "condition_key": condition, "start_date": day.astype("datetime64[D]"),
        "outbreak": outbreak, "place_key": places().key[place],
    })  # fmt: skip
