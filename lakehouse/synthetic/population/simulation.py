"""The simulation of a block: everybody's life from the first day to the last, one month at a time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from lakehouse.synthetic.knowledge import table
from lakehouse.synthetic.population import baseline, childbirth, insurance, people, physiology, society, stays
from lakehouse.synthetic.population import genome as genome_of
from lakehouse.synthetic.population.conditions import Diseases, conditions
from lakehouse.synthetic.population.epidemics import intensity
from lakehouse.synthetic.population.factors import Factors
from lakehouse.synthetic.population.hazards import DEATH, hazards
from lakehouse.synthetic.population.hospital import Hospital
from lakehouse.synthetic.population.life import Event, Life, Risk
from lakehouse.synthetic.population.people import DAYS_A_YEAR
from lakehouse.synthetic.population.physiology import TRACKED
from lakehouse.synthetic.population.reactions import INPATIENT_SHARE, Reactions
from lakehouse.synthetic.population.settings import EMERGENCY, INPATIENT, inpatient_shares, setting
from lakehouse.synthetic.population.society import NEVER
from lakehouse.synthetic.population.therapy import Therapy
from lakehouse.synthetic.streams import Floats, Integers, Streams
from lakehouse.synthetic.world import World

RECENT_DAYS = 365
"""How long an acute event counts as a risk factor of others."""

YEARLY_RISKS = {"type_2_diabetes": "type_2_diabetes", "death": DEATH}
"""Outcomes whose risk within a year is told at each new year: name and hazard."""


def simulate(world: World, block: int) -> Life:
    """The lives of the people of a block."""
    return Simulation(world, Streams(world.seed, block)).run()


class Simulation:
    """The state of a block, and how a month changes it."""

    def __init__(self, world: World, streams: Streams) -> None:
        self.world, self.streams = world, streams
        self.people = people.draw(world, streams)
        self.persons = len(self.people)
        self.months = len(world.months) - 1
        self.hazards = hazards()
        self._draw_persons()
        self.therapy = Therapy(world, streams, self.people, self.life.society, self.life.physiology.measures)
        self.reactions = Reactions(streams, self.persons, self.months, self.life.phenotypes)
        self.intensity = intensity(world, self.hazards.acute)
        self.recent = {name: np.full(self.persons, -NEVER) for name in self.hazards.acute}
        self.diseases = Diseases(world, streams, self.life, self.months)
        self.hospital = Hospital(world, streams, self.life, self._follow)
        self.chance = {
            name: streams.uniform(f"hazard:{name}", self.persons, self.months).astype(np.float32)
            for name in (*self.hazards.acute, DEATH)
        }
        self.setting_chance = {
            name: streams.uniform(f"setting:{name}", self.persons, self.months).astype(np.float32)
            for name in self.hazards.acute
        }

    def _draw_persons(self) -> None:
        """Genes, circumstances, body, and what everybody has on the first day."""
        world, streams, persons = self.world, self.streams, self.persons
        genome = genome_of.draw(streams, self.people)
        liabilities, carriers = genome_of.liabilities(genome), genome_of.affected(genome)
        around = society.draw(world, streams, self.people, liabilities["bmi"])
        body = physiology.draw(streams, self.people, around, liabilities, carriers, world.planted.genetics)
        self.factors = Factors(world, self.hazards.factors, self.people, around, genome, liabilities, carriers)
        names = conditions()
        self.life = Life(
            self.people, genome, around, insurance.draw(world, streams, self.people, around), body, liabilities,
            genome_of.phenotypes(genome), names,
            onset=np.full((persons, len(names)), NEVER), known=np.full((persons, len(names)), NEVER),
            stage=np.zeros((persons, len(names)), dtype=np.int8), screened=np.zeros((persons, len(names)), dtype=bool),
            death=np.full(persons, NEVER), death_cause=np.full(persons, None, dtype=object),
            shift=np.zeros((self.months, persons, len(body.measures)), dtype=np.float32),
            pregnancies=childbirth.draw(world, streams, self.people),
        )  # fmt: skip
        self._shifts = _condition_shifts(self.life)
        self.family = _family_history(streams, self.people, liabilities)

    # --- the course ------------------------------------------------------------------------------------------------

    def run(self) -> Life:
        """Live through every month."""
        life, first = self.life, self.world.first_day
        factors = self._factors(first, np.zeros((self.persons, len(life.conditions)), dtype=bool), None)
        life.onset = baseline.onsets(self.streams, self.hazards, self.people, first, factors, life.conditions)
        self._follow_habits(first)
        for place, condition in enumerate(life.conditions):
            self.diseases.find(condition, np.flatnonzero(life.onset[:, place] < NEVER))
        for month in range(self.months):
            self._live(month)
        life.courses = self.therapy.courses
        return life

    def _live(self, month: int) -> None:
        """One month: treat, weigh every risk, and let happen what chance says."""
        life, start, end = self.life, int(self.world.months[month]), int(self.world.months[month + 1])
        alive = (self.people.birth < start) & (life.death >= start)
        self._follow_habits(start)
        active = life.onset <= start
        measures = self._measures(start, active)
        known = {name: life.known[:, place] for place, name in enumerate(life.conditions)}
        self.therapy.step(month, known, measures, alive)
        life.shift[month] = self.therapy.shift
        factors = self._factors(start, active, measures)
        hazard = self._hazards(month, start, active, factors) * alive[:, None]
        if month % 12 == 0:
            self._tell_risks(start, hazard, active, alive)
        self.diseases.step(month, start, end, hazard)
        events = self._acute_events(month, start, end, hazard)
        reactions = self.reactions.step(month, start, end - start, self.therapy, self.world.planted.adverse_reactions)
        events += [self._settle_reaction(month, event) for event in reactions if alive[event.person]]
        self._deaths(month, start, end, hazard)
        self.hospital.step(month, start, end, events, hazard)

    def _hazards(self, month: int, day: int, active: NDArray[np.bool_], factors: Floats) -> Floats:
        """Monthly hazards of all outcomes, with seasons and outbreaks where people live; none for what one has."""
        chronic = active[:, : len(self.hazards.chronic)]
        ratios = self.hazards.log_ratios(chronic, factors)
        found = self.hazards.monthly(self.people.age(day), self.people.sex, ratios)
        acute = slice(len(self.hazards.chronic), len(self.hazards.chronic) + len(self.hazards.acute))
        found[:, acute] *= self.intensity[month, self.life.society.place[:, month]]
        found[:, : len(self.hazards.chronic)][chronic] = 0
        for place, row in enumerate(table("acute")):
            if row["among"]:
                found[:, acute.start + place] *= active[:, self.life.column(row["among"])]
        found[:, -1] *= self.diseases.cancer_mortality(day)
        return found

    # --- the state as numbers --------------------------------------------------------------------------------------

    def _follow_habits(self, day: int) -> None:
        """Obesity and tobacco use begin on the first of a month in which body mass and smoking say so."""
        life = self.life
        heavy = (physiology.body_mass(life.society.log_bmi, self.people.age(day)) >= 30) & (self.people.age(day) >= 18)
        for condition, has in (("obesity", heavy), ("tobacco_use", life.society.smokes(day))):
            place = life.column(condition)
            begins = has & (life.onset[:, place] == NEVER)
            if begins.any():
                before = (self.people.birth + 20 * DAYS_A_YEAR).astype(np.int64)
                life.onset[begins, place] = np.minimum(before, day)[begins] if day == self.world.first_day else day
                self.diseases.find(condition, np.flatnonzero(begins))

    def _measures(self, day: int, active: NDArray[np.bool_]) -> dict[str, Floats]:
        """The tracked measures as they would be read on an average day."""
        body, decades = self.life.physiology, np.maximum(self.people.age(day) - 50, -35) / 10
        found = {}
        for measure in TRACKED:
            place = body.place(measure)
            value = body.own[:, place] + body.slope[place] * decades + self.therapy.shift[:, place]
            for condition, shift in self._shifts[measure].items():
                value = value + shift * active[:, condition]
            found[measure] = physiology.natural(measure, value)
        return found

    def _factors(self, day: int, active: NDArray[np.bool_], measures: dict[str, Floats] | None) -> Floats:
        """Every factor of everybody on a day."""
        life = self.life
        changing: dict[str, Floats] = {
            "bmi_per_5": np.maximum(physiology.body_mass(life.society.log_bmi, self.people.age(day)) - 27, -5) / 5,
            "smoking_current": life.society.smokes(day).astype(float),
            "smoking_former": life.society.smoked(day).astype(float),
            "pregnancy": self._pregnant(day).astype(float),
            **{name: (has_since <= day).astype(float) for name, has_since in self.family.items()},
            **{name: active[:, place].astype(float) for place, name in enumerate(life.conditions)},
            **{name: (day - last < RECENT_DAYS).astype(float) for name, last in self.recent.items()},
            **{name: np.zeros(self.persons) for name in ("gestational_diabetes", "preeclampsia")},
        }
        values = measures if measures is not None else self._measures(day, active)
        return self.factors.update(changing, values, self._exposure)

    def _exposure(self, drug_class: str) -> Floats | None:
        known = drug_class in self.therapy.classes
        return self.therapy.takes(drug_class) * self.world.planted.treatment if known else None

    def _pregnant(self, day: int) -> NDArray[np.bool_]:
        found = np.zeros(self.persons, dtype=bool)
        found[[p.mother for p in self.life.pregnancies if p.start <= day < p.end]] = True
        return found

    # --- acute events ----------------------------------------------------------------------------------------------

    def _acute_events(self, month: int, start: int, end: int, hazard: Floats) -> list[Event]:
        found = []
        for place, condition in enumerate(self.hazards.acute):
            risk = 1 - np.exp(-hazard[:, len(self.hazards.chronic) + place])
            chance = self.chance[condition][:, month]
            for person in np.flatnonzero(chance < risk).tolist():
                day = start + int(chance[person] / risk[person] * (end - start))
                found.append(Event(person, condition, day, self._setting(condition, person, month, day)))
        return found

    def _setting(self, condition: str, person: int, month: int, day: int) -> str:
        chance = float(self.setting_chance[condition][person, month])
        return setting(condition, self.people.age_of(person, day), chance)

    def _settle_reaction(self, month: int, event: Event) -> Event:
        """Where a reaction is treated: as its outcome is, whatever brought it about."""
        if event.condition in self.hazards.acute:
            return replace(event, setting=self._setting(event.condition, event.person, month, event.day))
        stream = self.streams.of(f"reaction setting:{event.reaction}:{event.person}:{event.day}")
        admitted = stream.random() < INPATIENT_SHARE.get(event.condition, 0)
        return replace(event, setting=INPATIENT if admitted else EMERGENCY)

    def _follow(self, person: int, condition: str, day: int) -> None:
        """What an event that somebody saw leaves behind: drugs for some days, a risk for a year, a condition."""
        self.therapy.treat(person, condition, day)
        if condition in self.recent:
            self.recent[condition][person] = day
        self.diseases.follow(person, condition, day)

    # --- death -----------------------------------------------------------------------------------------------------

    def _deaths(self, month: int, start: int, end: int, hazard: Floats) -> None:
        """Deaths outside of hospitals; the cause is the disease that weighs most."""
        risk = 1 - np.exp(-hazard[:, -1])
        chance = self.chance[DEATH][:, month]
        carries_child = [p.mother for p in self.life.pregnancies if p.end >= start]  # it will be born
        for person in np.setdiff1d(np.flatnonzero(chance < risk), carries_child).tolist():
            self.life.death[person] = start + int(chance[person] / risk[person] * (end - start))
            self.life.death_cause[person] = self.diseases.cause_of_death(person, start)

    # --- truth -----------------------------------------------------------------------------------------------------

    def _tell_risks(self, day: int, hazard: Floats, active: NDArray[np.bool_], alive: NDArray[np.bool_]) -> None:
        """The risks of the year that begins, as they are known now."""
        for outcome, name in YEARLY_RISKS.items():
            place = self.hazards.outcomes.index(name)
            free = alive & (self.people.age(day) >= 18)
            if name in self.life.conditions:
                free &= ~active[:, self.life.column(name)]
            monthly = hazard[:, place] + (self._death_in_hospital(day, hazard) if name == DEATH else 0)
            yearly = 1 - np.exp(-12 * monthly)
            self.life.risks += [Risk(int(p), outcome, day, 365, float(yearly[p])) for p in np.flatnonzero(free)]

    def _death_in_hospital(self, day: int, hazard: Floats) -> Floats:
        """The monthly hazard of dying in a stay for an acute event; returns from other stays are not foreseen."""
        age, first = self.people.age(day), len(self.hazards.chronic)
        admitted = np.stack([inpatient_shares(years) for years in np.maximum(age, 0)])
        dies = [stays.death_share(cause, age, self.life.society.frailty) for cause in self.hazards.acute]
        return np.asarray((hazard[:, first:-1] * admitted * np.stack(dies, axis=1)).sum(axis=1))


def _condition_shifts(life: Life) -> dict[str, dict[int, Floats]]:
    """By tracked measure and column of condition: what the condition adds to each person's measure."""
    return {
        measure: {
            life.column(row["factor"]): physiology.shift(life.physiology, measure, row["factor"])
            for row in physiology.effects_on(measure)
            if row["factor"] in life.conditions
        }
        for measure in TRACKED
    }


_FAMILY = {
    "family_history_breast_cancer": ("breast_cancer", 0.10),
    "family_history_heart_disease": ("coronary_artery_disease", 0.22),
    "family_history_colon_cancer": ("colorectal_cancer", 0.08),
}
"""Factor, the trait whose liability relatives share, and the share of adults who have such a relative (R)."""


def _family_history(streams: Streams, block: people.People, liabilities: dict[str, Floats]) -> dict[str, Integers]:
    """Since when each person has a relative with the disease: from birth on, likelier with a high liability."""
    found = {}
    for name, (trait, share) in _FAMILY.items():
        lean = 0.5 * liabilities.get(trait, np.zeros(len(block)))
        has = streams.uniform(f"family:{name}", len(block)) < share * np.exp(lean - 0.125)
        found[name] = np.where(has, block.birth, NEVER)
    return found
