"""Billing: amounts add up to the cent, versions end in one that stands, and nobody bills what nobody insures."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lakehouse.synthetic.arrays import is_missing
from lakehouse.synthetic.billing import bill
from lakehouse.synthetic.frames import CLAIM, CLAIM_LINE, COVERAGE, DISPENSING, DRUG_CLAIM, ENCOUNTER, NULL, Frame
from lakehouse.synthetic.journal import Journal, Rows
from tests.synthetic.billing.hand_made import (
    DIRECTORY,
    KINDS,
    STREAMS,
    WORLD,
    Visit,
    conditions,
    dispensings,
    insured_as,
    journal,
    one_of_each,
)

MONEY = ("charge", "allowed", "paid", "deductible", "coinsurance")
PEOPLE = 140

visits = st.lists(
    st.builds(
        Visit,
        person=st.integers(1, 7),
        kind=st.sampled_from(sorted(KINDS)),
        day=st.dates(date(2020, 1, 1), date(2023, 11, 30)),
        days=st.integers(0, 130),
        procedures=st.sampled_from([(), ("chest_xray",), ("knee_replacement", "chest_xray", "chest_xray")]),
        panels=st.sampled_from([(), ("lipid_panel",), ("lipid_panel", "complete_blood_count")]),
        vaccines=st.sampled_from([(), ("influenza",)]),
        drugs=st.sampled_from([(), ("metformin",)]),
        diagnoses=st.sampled_from([(), ("hypertension",), ("pneumonia", "hypertension")]),
        stated=st.fixed_dictionaries({
            "drg": st.sampled_from([None, "291", "470"]), "icu_days": st.sampled_from([NULL, 0, 200]),
            "admission_type": st.sampled_from([None, "1", "3"]), "discharge_status": st.sampled_from(["01", "20"]),
        }),
    ),
    min_size=1,
    max_size=40,
)  # fmt: skip


def billed(told: Journal) -> Journal:
    bill(WORLD, STREAMS, told, DIRECTORY)
    return told


@pytest.fixture(scope="module")
def many() -> Journal:
    """Many persons with every kind of encounter, drugs and needs of equipment."""
    told = journal(PEOPLE, one_of_each(PEOPLE))
    fills = [date(2021, month, 1) for month in range(1, 13)]
    for drug in ("metformin", "insulin_glargine"):
        dispensings(told, PEOPLE, drug, fills)
    conditions(told, PEOPLE, "sleep_apnea", date(2020, 6, 1))
    return billed(told)


def sums(rows: Rows, by: str, of: NDArray[Any]) -> dict[int, list[int]]:
    totals: dict[int, list[int]] = {int(key): [0] * len(MONEY) for key in of}
    for place, key in enumerate(rows[by].tolist()):
        totals[key] = [total + int(rows[name][place]) for total, name in zip(totals[key], MONEY, strict=True)]
    return totals


def check_amounts(told: Journal) -> None:
    claims, lines = told.rows(CLAIM), told.rows(CLAIM_LINE)
    for rows in (claims, lines):
        if len(rows["allowed"]):
            assert (rows["allowed"] == rows["paid"] + rows["deductible"] + rows["coinsurance"]).all()
            assert (np.abs(rows["allowed"]) <= np.abs(rows["charge"])).all()
            sign = np.where(rows["charge"] < 0, -1, 1)
            assert all((rows[name] * sign >= 0).all() for name in MONEY)
    for claim, totals in sums(lines, "claim", claims["id"]).items():
        place = int(np.flatnonzero(claims["id"] == claim)[0])
        assert totals == [claims[name][place] for name in MONEY]


def check_versions(told: Journal, frame: Frame) -> None:
    rows = told.rows(frame)
    if not len(rows["id"]):
        return
    assert len(set(rows["id"].tolist())) == len(rows["id"])
    groups, finals = np.unique(rows["group"][rows["final"]], return_counts=True)
    assert set(groups.tolist()) == set(rows["group"].tolist())
    assert (finals == 1).all()
    order = np.lexsort((rows["version"], rows["group"]))
    same = rows["group"][order][1:] == rows["group"][order][:-1]
    processed, superseded = (
        rows[f"{name}_date"][order].astype("datetime64[D]") for name in ("processed", "superseded")
    )
    assert (np.diff(processed.astype(int))[same] > 0).all()
    assert np.array_equal(superseded[:-1][same], processed[1:][same])
    assert np.array_equal(np.isnat(superseded), rows["final"][order].astype(bool))
    end = rows["end_date"] if "end_date" in rows else rows["start_date"]
    assert (rows["processed_date"] > end).all()


def check_coverage(told: Journal, frame: Frame) -> None:
    rows = told.rows(frame)
    for person, payer in zip(rows["person"].tolist(), rows["payer"].tolist(), strict=True):
        assert insured_as(person)[0] == payer


@settings(max_examples=25, deadline=None)
@given(visits)
def test_whatever_happens_amounts_add_up(happened: list[Visit]) -> None:
    told = billed(journal(7, happened))
    check_amounts(told)
    check_versions(told, CLAIM)
    check_coverage(told, CLAIM)


def test_amounts_add_up_and_versions_end(many: Journal) -> None:
    check_amounts(many)
    for frame in (CLAIM, DRUG_CLAIM):
        check_versions(many, frame)
        check_coverage(many, frame)
    drugs = many.rows(DRUG_CLAIM)
    assert (drugs["cost"] == drugs["patient_paid"] + drugs["plan_paid"]).all()
    assert all(frame.batch(many.rows(frame)).num_rows for frame in (CLAIM, CLAIM_LINE, DRUG_CLAIM))


def test_a_void_takes_all_back(many: Journal) -> None:
    for frame, money in ((CLAIM, MONEY), (DRUG_CLAIM, ("cost", "patient_paid", "plan_paid"))):
        rows = many.rows(frame)
        voided = rows["group"][rows["action"] == "void"]
        assert len(voided) > 0
        of_voided = np.isin(rows["group"], voided)
        assert all(rows[name][of_voided].sum() == 0 for name in money)
        assert (np.abs(rows[money[0]][of_voided]) > 0).all()


def test_every_kind_of_encounter_has_its_claims(many: Journal) -> None:
    claims, encounters = many.rows(CLAIM), many.rows(ENCOUNTER)
    kind = dict(zip(encounters["id"].tolist(), encounters["encounter_key"].tolist(), strict=True))
    found: dict[str, set[str]] = {}
    for encounter, rif in zip(claims["encounter"].tolist(), claims["rif"].tolist(), strict=True):
        found.setdefault(kind.get(encounter, "equipment"), set()).add(rif)
    assert found == {
        "primary_care_visit": {"carrier"}, "wellness_visit": {"carrier"}, "specialist_visit": {"carrier"},
        "telehealth_visit": {"carrier"}, "urgent_care": {"carrier"}, "emergency": {"outpatient", "carrier"},
        "infusion": {"outpatient", "carrier"}, "dialysis_session": {"outpatient", "carrier"},
        "surgery_outpatient": {"outpatient", "carrier"}, "imaging_visit": {"outpatient", "carrier"},
        "inpatient": {"inpatient", "carrier"}, "skilled_nursing": {"snf", "carrier"}, "home_health": {"hha"},
        "hospice": {"hospice"}, "equipment": {"dme"},
    }  # fmt: skip


def test_the_uninsured_and_medicare_advantage_have_no_medical_claims(many: Journal) -> None:
    persons = set(many.rows(CLAIM)["person"].tolist())
    plans = {insured_as(person)[:2] for person in persons}
    assert ("medicare", "advantage") not in plans
    assert (None, None) not in plans
    with_drugs = {insured_as(person)[:2] for person in many.rows(DRUG_CLAIM)["person"].tolist()}
    assert ("medicare", "advantage") in with_drugs
    assert (None, None) not in with_drugs


def test_about_as_many_are_denied_adjusted_and_never_billed_as_intended(many: Journal) -> None:
    claims = many.rows(CLAIM)
    first = (claims["version"] == 1) & (claims["denial"] != "duplicate")
    for payer, rate in (("commercial", 0.19), ("medicare", 0.085)):
        chosen = first & (claims["payer"] == payer)
        denied = (~is_missing(claims["denial"][chosen])).mean()
        assert denied == pytest.approx(rate, abs=4 * np.sqrt(rate / chosen.sum()))
    encounters = many.rows(ENCOUNTER)
    expected = [insured_as(p)[1] not in (None, "advantage") for p in encounters["person"].tolist()]
    never = 1 - np.isin(encounters["id"][expected], claims["encounter"]).mean()
    assert never == pytest.approx(0.03, abs=0.02)


def test_claims_are_processed_as_late_as_payers_say(many: Journal) -> None:
    claims = many.rows(CLAIM)
    first = (claims["version"] == 1) & (claims["denial"] != "duplicate") & (claims["rif"] == "carrier")
    lag = (claims["processed_date"][first] - claims["end_date"][first]).astype(int)
    assert (lag <= 30).mean() == pytest.approx(0.78, abs=0.06)
    assert (lag <= 91).mean() == pytest.approx(0.95, abs=0.03)
    assert set(claims["processed_date"].astype("datetime64[D]").astype(int) % 7) == {1}, "not a Friday"


def test_deductibles_of_medicare() -> None:
    told = billed(journal(1, [
        Visit(1, "inpatient", date(2021, 2, 1), 10, stated={"drg": "470"}),
        Visit(1, "inpatient", date(2021, 3, 20), 4, stated={"drg": "470"}),
        Visit(1, "inpatient", date(2021, 9, 1), 4, stated={"drg": "470"}),
        *(Visit(1, "specialist_visit", date(2021, 1, 4) + timedelta(7 * n)) for n in range(20)),
    ]))  # fmt: skip
    claims = told.rows(CLAIM)
    stands = claims["final"] & (claims["allowed"] > 0)
    of_stays = claims["deductible"][stands & (claims["rif"] == "inpatient")]
    assert set(of_stays.tolist()) <= {0, 148_400}
    assert (of_stays > 0).sum() <= 2, "one deductible in each benefit period"
    assert claims["deductible"][stands & (claims["rif"] == "carrier")].sum() == 20_300


def test_a_commercial_plan_stops_asking_at_its_maximum() -> None:
    stays = [Visit(5, "inpatient", date(2021, 1, 4) + timedelta(20 * n), 6, stated={"drg": "470"}) for n in range(12)]
    claims = billed(journal(5, stays)).rows(CLAIM)
    stands = claims["final"] & (claims["allowed"] > 0)
    owed = (claims["deductible"] + claims["coinsurance"])[stands].sum()
    assert owed == 450_000
    assert claims["deductible"][stands].sum() == 170_000


def test_medicaid_asks_for_nothing_and_prevention_is_free(many: Journal) -> None:
    claims, lines = many.rows(CLAIM), many.rows(CLAIM_LINE)
    medicaid = claims["payer"] == "medicaid"
    assert not (claims["deductible"] + claims["coinsurance"])[medicaid].any()
    free = np.isin(lines["service_key"].astype(str), ["wellness_visit", "influenza"])
    assert free.any()
    assert not (lines["deductible"] + lines["coinsurance"])[free].any()


def test_a_long_stay_is_billed_by_periods() -> None:
    told = billed(journal(8, [Visit(person, "skilled_nursing", date(2021, 2, 1), 70) for person in (1, 8)]))
    claims = told.rows(CLAIM)
    snf = (claims["version"] == 1) & (claims["rif"] == "snf") & (claims["person"] == 8)
    assert sorted(claims["bill_type"][snf].tolist()) == ["212", "213", "214"]
    assert sorted(claims["discharge_status"][snf].tolist()) == ["01", "30", "30"]
    assert (claims["admission_date"][snf] == np.datetime64("2021-02-01")).all()


def test_an_emergency_visit_that_ends_in_a_stay_is_billed_with_it() -> None:
    emergencies = [Visit(4, "emergency", date(2021, month, 1)) for month in range(1, 11)]
    stays = [
        Visit(4, "inpatient", date(2021, month, 1), 3, stated={"drg": "291", "from_encounter": 999 + month})
        for month in range(1, 6)
    ]
    claims = billed(journal(4, [*emergencies, *stays])).rows(CLAIM)
    billed_alone = claims["encounter"][claims["rif"] == "outpatient"]
    assert set(billed_alone.tolist()) <= set(range(1_005, 1_010))
    assert len(billed_alone)
    assert "inpatient" in claims["rif"]


def test_nothing_else_changes_when_more_happens() -> None:
    few = one_of_each(7)
    alone, more = billed(journal(7, few)), billed(journal(7, [*few, Visit(1, "urgent_care", date(2023, 11, 1))]))
    before, after = alone.rows(CLAIM), more.rows(CLAIM)
    kept = np.isin(after["id"], before["id"])
    for name in ("id", "processed_date", "action", "allowed"):
        assert (after[name][kept] == before[name]).all()


def test_no_claims_without_anybody() -> None:
    told = billed(journal(7, []))
    assert not len(told.rows(CLAIM)["id"])
    assert not len(told.rows(DRUG_CLAIM)["id"])
    assert len(told.rows(COVERAGE)["id"])
    assert not len(told.rows(DISPENSING)["id"])
