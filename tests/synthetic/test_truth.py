"""What was planted is in the data: fitted directly, it comes back, and in the null world it does not."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import fields
from functools import partial

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pytest
from scipy.stats import mannwhitneyu  # type: ignore[import-untyped]

from lakehouse.synthetic.block import record
from lakehouse.synthetic.frames import (
    ADDRESS,
    CLAIM,
    COVERAGE,
    DIAGNOSIS,
    DRUG_CLAIM,
    ENCOUNTER,
    FRAME,
    MEASUREMENT,
    PERSON,
    TRUE_COURSE,
    TRUE_DIPLOTYPE,
    TRUE_DISEASE,
    TRUE_INFECTION,
    TRUE_LIABILITY,
    TRUE_PERSON,
    TRUE_REACTION,
    TRUE_RISK,
    Frame,
)
from lakehouse.synthetic.knowledge import by_key, number, table
from lakehouse.synthetic.population.epidemics import outbreaks
from lakehouse.synthetic.world import Planted, World
from tests.synthetic.regression import Fit, linear, logistic, poisson

WORLD = World(people=4_000)
NULL = World(people=4_000, planted=Planted(**{field.name: 0.0 for field in fields(Planted)}))

_KEPT = (
    ADDRESS, CLAIM, COVERAGE, DIAGNOSIS, DRUG_CLAIM, ENCOUNTER, MEASUREMENT, PERSON, TRUE_COURSE, TRUE_DIPLOTYPE,
    TRUE_DISEASE, TRUE_INFECTION, TRUE_LIABILITY, TRUE_PERSON, TRUE_REACTION, TRUE_RISK,
)  # fmt: skip
_DAYS_A_YEAR = 365.25

_OFFICE = ("primary_care_visit", "wellness_visit", "specialist_visit")

LESS_STARTED = 0.18
"""How many fewer of the under-treated group are given the first drug, as planted."""

STRONGER = 10.0
"""How much likelier harm by drugs is made where it is too rare to be measured as published."""

Frames = dict[Frame, pd.DataFrame]
"""The rows of a world by frame."""


def _record(world: World, block: int) -> dict[str, pa.Table]:
    kept = {frame.name: frame for frame in _KEPT}
    batches = {batch.column(FRAME)[0].as_py(): batch for batch in record(world, block)}
    return {
        name: pa.Table.from_batches([batches[name]]).select(frame.select())
        for name, frame in kept.items()
        if name in batches
    }


def _people(world: World) -> Frames:
    with ProcessPoolExecutor(2) as pool:
        blocks = list(pool.map(partial(_record, world), range(world.blocks)))
    return {
        frame: pa.concat_tables([block[frame.name] for block in blocks if frame.name in block]).to_pandas()
        if any(frame.name in block for block in blocks)
        else pd.DataFrame(columns=frame.select())
        for frame in _KEPT
    }


@pytest.fixture(scope="module")
def people() -> Frames:
    return _people(WORLD)


@pytest.fixture(scope="module")
def null_people() -> Frames:
    return _people(NULL)


def _of(rows: pd.DataFrame, column: str, values: Iterable[str]) -> pd.DataFrame:
    """The rows whose column has one of the values."""
    return rows[rows[column].isin(list(values))]


def _comes_back(fit: Callable[[Frames], Fit], planted: float, people: Frames, null_people: Frames) -> None:
    """The effect is found where it was planted, and nothing where nothing was."""
    found = fit(people)
    assert found.includes(planted), found
    assert not found.includes(0), found
    assert fit(null_people).includes(0), fit(null_people)


# --- genes and measures ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("measure", "trait"), [("ldl", "ldl_cholesterol"), ("sbp", "systolic_blood_pressure")])
def test_a_liability_moves_its_measure(people: Frames, null_people: Frames, measure: str, trait: str) -> None:
    planted = next(
        number(row, "effect")
        for row in table("measure_effects")
        if (row["measure_key"], row["factor"]) == (measure, f"liability:{trait}")
    )
    _comes_back(partial(_slope_of_liability, measure, trait), planted, people, null_people)


def _slope_of_liability(measure: str, trait: str, frames: Frames) -> Fit:
    """On the mean value at office visits of adults without a condition that moves the measure, nor a drug for it."""
    moved_by = {row["factor"] for row in table("measure_effects") if row["measure_key"] == measure}
    ill = _of(frames[TRUE_DISEASE], "condition_key", moved_by)["person"]
    at = _of(frames[ENCOUNTER], "encounter_key", _OFFICE)["id"]
    taken = _of(frames[MEASUREMENT], "measure_key", [measure])
    seen = taken[taken["encounter"].isin(at)].groupby("person")
    values = seen.agg(value=("value", "mean"), start_time=("start_time", "min"))
    liability = _of(frames[TRUE_LIABILITY], "trait_key", [trait]).set_index("person")["value"].rename("liability")
    who = _described(frames).join(values, how="inner").join(liability)
    who = who[~who.index.isin(ill) & ~who.index.isin(_takers(frames, measure))]
    age = (who["start_time"].dt.tz_localize(None) - pd.to_datetime(who["birth_date"])).dt.days / _DAYS_A_YEAR
    grown = age >= 18
    who, age = who[grown], age[grown]
    value = np.log(who["value"]) if by_key("measures")[measure]["scale"] == "log" else who["value"]
    return linear(value, who["liability"], age, who["female"], who["black"], who["asian"], who["hispanic"])


def _takers(frames: Frames, measure: str) -> pd.Series:
    moved_by = {row["class_or_drug"] for row in table("drug_effects") if row["measure_key"] == measure}
    drugs = [row["key"] for row in table("drugs") if row["key"] in moved_by or row["class"] in moved_by]
    return _of(frames[TRUE_COURSE], "drug_key", drugs)["person"]


def _described(frames: Frames) -> pd.DataFrame:
    """One row a person: birth, and race and sex as numbers."""
    person = frames[PERSON].set_index("person")
    told = person[["birth_date", "death_date"]].copy()
    told["female"] = (person["sex"] == "female").astype(float)
    told["hispanic"] = (person["ethnicity"] == "hispanic").astype(float)
    for race in ("black", "asian"):
        told[race] = ((person["race"] == race) & (person["ethnicity"] != "hispanic")).astype(float)
    return told


# --- readmission ----------------------------------------------------------------------------------------------------


def test_frailty_brings_patients_back(people: Frames, null_people: Frames) -> None:
    planted = next(number(row, "log_odds") for row in table("readmission") if row["factor"] == "frailty_per_sd")
    _comes_back(_log_odds_of_frailty, planted, people, null_people)


def _log_odds_of_frailty(frames: Frames) -> Fit:
    """Adjusted for the cause of the stay, age, deprivation, and what the diseases of the patient add."""
    stays = _index_stays(frames).join(frames[TRUE_PERSON].set_index("person")[["frailty", "deprivation"]], on="person")
    cause = {row["cause_key"]: number(row, "readmission_log_odds") for row in table("admissions")}
    return logistic(
        stays["happened"], stays["frailty"], stays["reason_key"].map(cause), stays["age"], stays["deprivation"],
        _burden(frames, stays), stays["long"], stays["medicaid"],
    )  # fmt: skip


def _index_stays(frames: Frames) -> pd.DataFrame:
    """Discharges with what came of them."""
    told = _of(frames[TRUE_RISK], "outcome_key", ["readmission"])
    stays = told.merge(frames[ENCOUNTER], left_on="encounter", right_on="id", suffixes=("", "_of_stay"))
    birth = pd.to_datetime(stays["person"].map(frames[PERSON].set_index("person")["birth_date"]))
    stays["day"] = pd.to_datetime(stays["start_date"])
    stays["age"] = (stays["day"] - birth).dt.days / _DAYS_A_YEAR
    stays["long"] = ((stays["end_time"] - stays["start_time"]).dt.days >= 7).astype(float)
    cover = _of(frames[COVERAGE], "payer", ["medicaid"]).merge(stays[["encounter", "person", "day"]], on="person")
    covered = (pd.to_datetime(cover["start_date"]) <= cover["day"]) & (
        pd.to_datetime(cover["end_date"]) >= cover["day"]
    )
    stays["medicaid"] = stays["encounter"].isin(cover[covered]["encounter"]).astype(float)
    return stays


def _burden(frames: Frames, stays: pd.DataFrame) -> pd.Series:
    """The sum of the planted log odds of the diseases that each patient has on the day of discharge."""
    log_odds = {row["factor"]: number(row, "log_odds") for row in table("readmission")}
    diseases = _of(frames[TRUE_DISEASE], "condition_key", log_odds)
    pairs = stays[["encounter", "person", "day"]].merge(
        diseases[["person", "condition_key", "onset_date"]], on="person"
    )
    active = pairs[pd.to_datetime(pairs["onset_date"]) <= pairs["day"]]
    added = active["condition_key"].map(log_odds).groupby(active["encounter"]).sum()
    return stays["encounter"].map(added).fillna(0.0)


# --- treatment ------------------------------------------------------------------------------------------------------


def test_a_group_is_treated_less(people: Frames, null_people: Frames) -> None:
    started = next(
        number(row, "start_share")
        for row in table("treatments")
        if (row["condition_key"], row["line"]) == ("hypertension", "1")
    )
    less = started * (1 - LESS_STARTED)
    planted = np.log(less / (1 - less)) - np.log(started / (1 - started))
    _comes_back(_log_odds_of_treatment, float(planted), people, null_people)


def _log_odds_of_treatment(frames: Frames) -> Fit:
    """Of a first drug for hypertension in who was known to have it for half a year, and took no other before."""
    starts = frames[ENCOUNTER][["id", "start_time"]]
    coded = _of(frames[DIAGNOSIS], "condition_key", ["hypertension"]).merge(starts, left_on="encounter", right_on="id")
    known = coded.groupby("person")["start_time"].min()
    lasting = known[known < pd.Timestamp(WORLD.end, tz="UTC") - pd.Timedelta(days=180)].index
    courses = frames[TRUE_COURSE]
    for_pressure = courses["reason_key"] == "hypertension"
    others = courses[~for_pressure & courses["drug_key"].isin(_pressure_drugs())]["person"]
    who = _described(frames).loc[lasting[~lasting.isin(others)]]
    return logistic(who.index.isin(courses[for_pressure]["person"]), who["black"] + who["hispanic"], who["female"])


def _pressure_drugs() -> list[str]:
    lines = [row for row in table("treatments") if row["condition_key"] == "hypertension"]
    classes = {by_key("drugs")[row["drug_key"]]["class"] for row in lines}
    return [row["key"] for row in table("drugs") if row["class"] in classes]


def test_drugs_do_the_harm_that_was_planted(people: Frames, null_people: Frames) -> None:
    alone = [row for row in table("drug_reactions") if not row["modifier"] and row["negative_control"] != "1"]
    expected = sum(number(row, "rate_per_1000_years") / 1_000 * _exposure(people, row["drug_key"]) for row in alone)
    observed = people[TRUE_REACTION]["effect_key"].isin([row["key"] for row in alone]).sum()
    assert abs(observed - expected) < 2.576 * np.sqrt(expected)
    controls = [row["key"] for row in table("drug_reactions") if row["negative_control"] == "1"]
    assert not people[TRUE_REACTION]["effect_key"].isin(controls).any()
    assert null_people[TRUE_REACTION].empty


def _exposure(frames: Frames, drug: str) -> float:
    """Years of life in the window on a drug or on one of a class, as far as it was taken."""
    name = drug.removeprefix("class:")
    drugs = [row["key"] for row in table("drugs") if name in (row["key"], row["class"])]
    return float(_years_taken(_of(frames[TRUE_COURSE], "drug_key", drugs)).sum())


def _years_taken(courses: pd.DataFrame) -> pd.Series:
    """Years within the window, as far as the drug was taken."""
    first, last = np.datetime64(WORLD.begin), np.datetime64(WORLD.end)
    start = np.maximum(pd.to_datetime(courses["start_date"]).to_numpy(), first)
    end = np.minimum(pd.to_datetime(courses["end_date"]).fillna(pd.Timestamp(WORLD.end)).to_numpy(), last)
    days = np.maximum((end - start) / np.timedelta64(1, "D"), 0)
    return pd.Series(days / _DAYS_A_YEAR * courses["adherence"].to_numpy(), index=courses.index)


# --- outbreaks ------------------------------------------------------------------------------------------------------


def test_outbreaks_are_as_large_as_planted(people: Frames, null_people: Frames) -> None:
    _comes_back(_log_multiple, 1.0, people, null_people)


def _log_multiple(frames: Frames) -> Fit:
    """Infections of a county and month against those elsewhere in that month, by the log of the planted multiple."""
    county = {row["key"]: row["county_fips"] for row in table("places")}
    infections = frames[TRUE_INFECTION]
    of_county = infections["place_key"].map(county)
    month = pd.to_datetime(infections["start_date"]).dt.to_period("M")
    months = pd.period_range(WORLD.begin, WORLD.end, freq="M")
    lived_in = frames[ADDRESS]["place_key"].map(county)
    rows = []
    for outbreak in outbreaks(WORLD):
        share = float((lived_in == outbreak.county).mean())
        for one, multiple in zip(months[outbreak.first_month :], outbreak.multiples, strict=False):
            of_month = of_county[(infections["condition_key"] == outbreak.condition) & (month == one)]
            here = int((of_month == outbreak.county).sum())
            if here < len(of_month):
                rows.append((here, (len(of_month) - here) * share / (1 - share), np.log(multiple)))
    observed, expected, multiple = np.array(rows).T
    return poisson(observed, expected, multiple)


# --- how well the future can be known -------------------------------------------------------------------------------


@pytest.mark.parametrize(("outcome", "low", "high"), [("readmission", 0.66, 0.78), ("type_2_diabetes", 0.76, 0.88)])
def test_the_truth_predicts_as_well_as_is_published(people: Frames, outcome: str, low: float, high: float) -> None:
    told = _of(people[TRUE_RISK], "outcome_key", [outcome])
    told = told[told["value"].between(0, 1, inclusive="neither") & ~told["encounter"].isin(_deliveries(people))]
    assert low < _area_under_curve(told) < high
    assert abs(told["happened"].mean() - told["value"].mean()) < 2.576 * np.sqrt(told["value"].mean() / len(told))
    assert logistic(told["happened"], np.log(told["value"] / (1 - told["value"]))).includes(1)


def _deliveries(frames: Frames) -> pd.Series:
    """Stays to give birth, which studies of readmission leave out: hardly any mother returns."""
    return _of(frames[ENCOUNTER], "reason_key", ["normal_delivery", "cesarean_delivery"])["id"]


def _area_under_curve(told: pd.DataFrame) -> float:
    """The probability that a person whom it befell had the higher risk of two."""
    befell = told["happened"].astype(bool)
    higher = mannwhitneyu(told["value"][befell], told["value"][~befell]).statistic
    return float(higher / (befell.sum() * (~befell).sum()))


def test_next_years_cost_is_predictable_as_is_published(people: Frames) -> None:
    features, cost = _state_and_cost(people)
    first = features.index.get_level_values("person") % 2 == 0
    effects, *_ = np.linalg.lstsq(features[first], cost[first], rcond=None)
    left = cost[~first] - features[~first] @ effects
    assert 0.15 < 1 - left.var() / cost[~first].var() < 0.45


def _state_and_cost(frames: Frames) -> tuple[pd.DataFrame, pd.Series]:
    """By person and year: the true state on its first day, and what is allowed in it, cut at the 99th percentile."""
    spent = []
    for frame, amount in ((CLAIM, "allowed"), (DRUG_CLAIM, "cost")):
        final = frames[frame][frames[frame]["final"] & (frames[frame]["action"] != "void")]
        year = pd.to_datetime(final["start_date"]).dt.year.rename("year")
        spent.append(final.groupby([final["person"], year])[amount].sum() / 100)
    cost = spent[0].add(spent[1], fill_value=0)
    states = [_state(frames, year) for year in range(WORLD.begin.year, WORLD.end.year + 1)]
    features = pd.concat(states)
    cost = cost.reindex(features.index).fillna(0)
    return features, cost.clip(upper=float(cost.quantile(0.99)))


def _state(frames: Frames, year: int) -> pd.DataFrame:
    """Persons with claims of a payer through a year: age, sex, payer, diseases, drugs, and what is not recorded."""
    day, end = pd.Timestamp(year, 1, 1), pd.Timestamp(year, 12, 31)
    cover = frames[COVERAGE]
    within = (pd.to_datetime(cover["start_date"]) <= day) & (pd.to_datetime(cover["end_date"]) >= end)
    payer = cover[within & (cover["plan"] != "advantage")].set_index("person")["payer"]
    who = _described(frames).join(payer, how="inner")
    who["age"] = (day - pd.to_datetime(who["birth_date"])).dt.days / _DAYS_A_YEAR
    began = frames[TRUE_DISEASE][pd.to_datetime(frames[TRUE_DISEASE]["onset_date"]) < day]
    diseases = pd.crosstab(began["person"], began["condition_key"]).clip(upper=1)
    hidden = frames[TRUE_PERSON].set_index("person")[["frailty", "deprivation"]]
    state = who[["age", "female", "black", "hispanic"]].join(pd.get_dummies(who["payer"], dtype=float))
    state = state.join(hidden).join(diseases.reindex(columns=_diseases(), fill_value=0)).fillna(0)
    state["age_squared"], state["constant"] = state["age"] ** 2, 1.0
    state["drugs"] = _daily_cost_of_drugs(frames, day).reindex(state.index).fillna(0)
    state.index = pd.MultiIndex.from_arrays([state.index, [year] * len(state)], names=["person", "year"])
    return state


def _daily_cost_of_drugs(frames: Frames, day: pd.Timestamp) -> pd.Series:
    """Cents a day of the courses that each person is on."""
    courses = frames[TRUE_COURSE]
    ends = pd.to_datetime(courses["end_date"]).fillna(pd.Timestamp.max)
    runs = courses[(pd.to_datetime(courses["start_date"]) <= day) & (ends > day)]
    daily = {
        row["key"]: number(row, "cost_per_fill_cents") / max(number(row, "days_supply"), 1) for row in table("drugs")
    }
    return (runs["drug_key"].map(daily) * runs["adherence"]).groupby(runs["person"]).sum()


def _diseases() -> list[str]:
    return sorted({row["condition_key"] for row in table("prevalence")})


# --- what takes many people -----------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_gene_makes_a_drug_harmful() -> None:
    """Myopathy by simvastatin with a slow transporter: carriers of one slow allele against who has none."""
    row = by_key("drug_reactions")["simvastatin_intermediate_transporter"]
    stronger = _people(World(people=20_000, planted=Planted(adverse_reactions=STRONGER)))
    assert _log_rate_ratio_of_carriers(stronger).includes(float(np.log(number(row, "relative_risk"))))
    assert not _log_rate_ratio_of_carriers(stronger).includes(0)


def _log_rate_ratio_of_carriers(frames: Frames) -> Fit:
    """Of myopathy in users of simvastatin, by their years on it."""
    phenotype = _of(frames[TRUE_DIPLOTYPE], "gene", ["SLCO1B1"]).set_index("person")["phenotype"]
    courses = _of(frames[TRUE_COURSE], "drug_key", ["simvastatin"])
    years = _years_taken(courses).groupby(courses["person"]).sum()
    harmful = ["statin_myopathy", "simvastatin_intermediate_transporter", "simvastatin_poor_transporter"]
    harm = _of(frames[TRUE_REACTION], "effect_key", harmful).groupby("person").size()
    users = pd.DataFrame({"years": years[years > 0.05], "phenotype": phenotype, "harm": harm}).dropna(subset=["years"])
    users = users[users["phenotype"] != "poor_function"]
    return poisson(users["harm"].fillna(0), users["years"], users["phenotype"] == "decreased_function")
