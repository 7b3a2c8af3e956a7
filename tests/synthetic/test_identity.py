"""Identifiers of people, and the errors with which each world knows them."""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lakehouse.synthetic import identifiers, identity
from lakehouse.synthetic.frames import ADDRESS, COVERAGE, IDENTITY, NULL, PERSON, TRUE_IDENTITY
from lakehouse.synthetic.identity_errors import ERRORS, make_errors
from lakehouse.synthetic.journal import Journal, Rows
from lakehouse.synthetic.knowledge import table
from lakehouse.synthetic.names import given_names, surnames
from lakehouse.synthetic.places import places, street_lines
from lakehouse.synthetic.streams import Streams
from lakehouse.synthetic.world import Planted, World

WORLD = World()
NULL_WORLD = World(planted=Planted(identity_noise=0))
COUNT = 1_000
RACES = np.array(["white", "black", "hispanic", "asian", "multiple"], dtype=object)


def only(where: NDArray[np.bool_], values: NDArray[Any]) -> NDArray[Any]:
    """The values there, None elsewhere."""
    chosen = np.full(len(values), None, dtype=object)
    chosen[where] = values[where]
    return chosen


@cache
def block(number: int = 0, count: int = COUNT) -> Journal:
    """People of a block, made up without regard to anything but names, two addresses each and one payer."""
    streams = Streams(7, number)
    person = number * COUNT + np.arange(count)
    female = streams.uniform("sex", COUNT)[:count] < 0.5
    race = RACES[(streams.uniform("race", COUNT)[:count] * len(RACES)).astype(int)]
    birth = np.datetime64("1935-01-01") + (streams.uniform("birth", COUNT)[:count] * 33_000).astype(int)
    year = birth.astype("datetime64[Y]").astype(np.int64) + 1970
    draws = streams.uniform("names", COUNT, 4)[:count]
    people: Rows = {
        "person": person, "twin": np.where(person % 40 == 0, person + 1, NULL), "birth_date": birth,
        "sex": np.where(female, "female", "male").astype(object),
        "given_name": given_names(female, year, race, draws[:, 0]),
        "middle_name": given_names(female, year, race, draws[:, 1]),
        "family_name": surnames(race, draws[:, 2]),
        "birth_name": only(female, surnames(race, draws[:, 3])),
        "name_suffix": only(person % 20 == 0, np.full(count, "Jr", dtype=object)),
    }  # fmt: skip
    journal = Journal()
    journal.add(PERSON, people | identity.identify_people(streams, people))
    for start in ("2010-01-01", "2021-05-01"):
        lines = street_lines(streams.uniform(f"line {start}", COUNT, 3)[:count])
        place = (streams.uniform(f"place {start}", COUNT)[:count] * len(places())).astype(int)
        moved = {"start_date": np.full(count, np.datetime64(start)), "line": lines, "place_key": places().key[place]}
        journal.add(ADDRESS, {"person": person} | moved)
    payers = np.array(["medicare", "medicaid", "commercial"], dtype=object)
    journal.add(COVERAGE, {"id": person, "person": person, "payer": payers[person % 3]})
    return journal


@cache
def views(world: World, number: int = 0, count: int = COUNT) -> dict[str, Rows]:
    rows = block(number, count)
    return identity.views(
        world, Streams(7, number), rows.rows(PERSON), rows.rows(ADDRESS), rows.rows(COVERAGE)
    )  # fmt: skip


@pytest.mark.parametrize(
    ("column", "pattern"),
    [
        ("ssn", r"999-\d\d-\d{4}"),
        ("phone", r"\(\d{3}\) 555-01\d\d"),
        ("record_number", r"MRN\d{9}"),
        ("email", r"[a-z]+\.[a-z]+\.\d+@example\.org"),
    ],
)
def test_identifiers_have_their_shape_and_were_never_issued(column: str, pattern: str) -> None:
    values = [value for value in block().rows(PERSON)[column] if value is not None]
    assert len(values) > 800
    assert all(re.fullmatch(pattern, value) for value in values)


def test_medicare_numbers_are_shaped_as_in_the_synthetic_data_of_cms() -> None:
    shape = r"[1-9]S[0-9AC-HJKMNP-RT-Y]\d[AC-HJKMNP-RT-Y][0-9AC-HJKMNP-RT-Y]\d[AC-HJKMNP-RT-Y]{2}\d\d"
    assert all(re.fullmatch(shape, number) for number in identifiers.medicare_number(7, np.arange(2_000)))
    assert re.fullmatch(shape, "1S00E00AA03")


def test_a_duplicate_cannot_be_told_from_its_record_number() -> None:
    numbers = np.arange(5_000)
    first, second = (
        np.array([int(number[3:]) for number in identifiers.record_number(7, numbers, copy)]) for copy in (0, 1)
    )
    assert len(set((first - second) % 1_000_000_000)) > 4_990
    assert (second % 2).mean() == pytest.approx(0.5, abs=0.03)
    assert np.corrcoef(first, second)[0, 1] == pytest.approx(0, abs=0.06)


def test_identifiers_are_unique() -> None:
    numbers = np.arange(50_000)
    for ids in (
        identifiers.ssn(7, numbers),
        identifiers.npi(numbers),
        identifiers.medicare_number(7, numbers),
        np.concatenate([identifiers.record_number(7, numbers, copy) for copy in (0, 1)]),
    ):
        assert len(set(ids)) == len(ids)
    assert identifiers.DEFAULT_SSN not in set(identifiers.ssn(7, np.arange(999_999)))


def test_the_same_people_come_out_again_and_whoever_else_is_there() -> None:
    all_of_them, again, fewer = views(WORLD), views.__wrapped__(WORLD), views(WORLD, count=300)
    for seen_by, records in all_of_them.items():
        assert all(records[name].tolist() == again[seen_by][name].tolist() for name in records)
        first = np.isin(records["person"], np.arange(300))
        for name, values in fewer[seen_by].items():
            if name != "noise":
                assert records[name][first].tolist() == values.tolist(), (seen_by, name)


def test_blocks_differ_and_do_not_share_ids() -> None:
    one, other = views(WORLD, 0), views(WORLD, 1)
    for seen_by in one:
        assert not set(one[seen_by]["source_id"]) & set(other[seen_by]["source_id"])
        assert [*map(len, one[seen_by]["noise"])] != [*map(len, other[seen_by]["noise"])]


def test_a_payer_knows_its_members_and_the_others_everybody() -> None:
    seen = views(WORLD)
    assert {name: len(set(records["person"])) for name, records in seen.items()} == {
        "ehr": 1_000, "medicare": 334, "medicaid": 333, "commercial": 333, "laboratory": 1_000,
    }  # fmt: skip


def test_the_null_world_is_the_truth() -> None:
    people = block().rows(PERSON)
    for seen_by, records in views(NULL_WORLD).items():
        assert not any(records["noise"]), seen_by
        assert len(set(records["person"])) == len(records["person"])
        for name in ("given_name", "middle_name", "family_name", "name_suffix", "birth_date", "sex", "ssn", "phone"):
            assert records[name].tolist() == people[name][records["person"]].tolist()


def test_every_error_changes_what_it_names() -> None:
    """A record with one error is the truth but for it; a record with none is the truth."""
    true_records = views(NULL_WORLD)["ehr"]
    for records in views(WORLD).values():
        for row, (person, noise) in enumerate(zip(records["person"], records["noise"], strict=True)):
            differs = [
                name
                for name in ("given_name", "middle_name", "family_name", "name_suffix", "birth_date", "line", "ssn",
                             "phone", "email")
                if records[name][row] != true_records[name][person]
            ]  # fmt: skip
            real = [error for error in noise if error != identity.DUPLICATE]
            assert bool(differs) == bool(real) or real == ["phone_stale"], (noise, differs)


@pytest.mark.parametrize("error", ERRORS)
def test_each_error_happens_as_often_as_the_table_says(error: str) -> None:
    rate = next(float(row["ehr"]) for row in table("identity_errors") if row["key"] == error)
    happened = eligible = 0
    for number in range(12):
        people = block(number).rows(PERSON)
        twins = people["given_name"][np.where(people["twin"] == NULL, 0, people["twin"] - number * COUNT)]
        records = views(NULL_WORLD, number)["ehr"] | {
            "birth_name": people["birth_name"], "previous_line": np.full(COUNT, "1 Former Street", dtype=object),
            "previous_place_key": np.full(COUNT, "01002", dtype=object),
            "newborn": people["birth_date"] >= np.datetime64("2019-01-01"),
            "twin_given_name": only(people["twin"] != NULL, twins),
        }  # fmt: skip
        eligible += int(ERRORS[error].can_happen(records).sum())
        happened += sum(error in noise for noise in views(WORLD, number)["ehr"]["noise"][:COUNT])
    deviation = np.sqrt(eligible * rate * (1 - rate))
    # An earlier error may take away what a later one needs, so a share of the eligible is lost.
    assert 0.7 * eligible * rate - 4 * deviation - 1 <= happened <= eligible * rate + 4 * deviation + 1


def test_about_8_in_100_have_a_second_record_in_the_ehr() -> None:
    duplicates = [views(WORLD, number)["ehr"] for number in range(5)]
    second = np.concatenate([records["duplicate_of"] for records in duplicates])
    count = sum(value is not None for value in second)
    assert count == pytest.approx(400, abs=4 * np.sqrt(5_000 * 0.08 * 0.92))
    for records in duplicates:
        owner = dict(zip(records["source_id"], records["person"], strict=True))
        for person, first, noise in zip(records["person"], records["duplicate_of"], records["noise"], strict=True):
            assert (first is not None) == (identity.DUPLICATE in noise)
            assert first is None or owner[first] == person


def test_duplicates_disagree_as_published() -> None:
    """Middle name 58.3 %, SSN 53.5 % of pairs (Just et al. 2016), here of duplicate and truth."""
    records = [views(WORLD, number)["ehr"] for number in range(10)]
    truth = [views(NULL_WORLD, number)["ehr"] for number in range(10)]
    for column, published in (("middle_name", 0.583), ("ssn", 0.535)):
        differ = [
            seen[column][row] != true[column][seen["person"][row] % COUNT]
            for seen, true in zip(records, truth, strict=True)
            for row in range(COUNT, len(seen["person"]))
        ]
        assert np.mean(differ) == pytest.approx(published, abs=0.07)


def test_scale_is_a_factor_on_the_rates() -> None:
    full, half = (views(World(planted=Planted(identity_noise=noise)))["ehr"]["noise"] for noise in (1.0, 0.5))
    assert sum(map(len, half)) == pytest.approx(sum(map(len, full)) / 2, rel=0.12)
    certain = views(World(planted=Planted(identity_noise=1e9)))["medicaid"]["noise"]
    assert all("ssn_missing" in noise for noise in certain)


def test_a_leap_day_is_no_obstacle() -> None:
    births = np.array(["2000-02-29", "1999-12-31", "2024-02-29", "1980-01-01"], dtype="datetime64[D]")
    for error in ("birth_year_mistyped", "birth_day_and_month_transposed", "birth_date_default"):
        records: Rows = {"birth_date": births.copy(), "person": np.arange(4)}
        chosen = ERRORS[error].can_happen(records)
        ERRORS[error].happens(records, chosen, np.zeros((int(chosen.sum()), 2)))
        assert (records["birth_date"][chosen] != births[chosen]).all()
        assert (records["birth_date"] <= births).all()


def test_transposing_day_and_month() -> None:
    records: Rows = {"birth_date": np.array(["1980-03-07", "1980-03-13", "1980-05-05"], dtype="datetime64[D]")}
    chosen = ERRORS["birth_day_and_month_transposed"].can_happen(records)
    assert chosen.tolist() == [True, False, False]
    ERRORS["birth_day_and_month_transposed"].happens(records, chosen, np.zeros((1, 2)))
    assert records["birth_date"][0] == np.datetime64("1980-07-03")


@pytest.mark.parametrize(
    ("error", "column", "before", "after"),
    [
        ("accents_stripped", "family_name", "Núñez", "Nunez"),
        ("punctuation_lost", "family_name", "De La Cruz", "DeLaCruz"),
        ("punctuation_lost", "family_name", "O'Brien", "OBrien"),
        ("half_of_double_name", "family_name", "Smith-Jones", "Smith"),
        ("upper_case", "given_name", "José", "JOSÉ"),
        ("nickname", "given_name", "William", "Bill"),
        ("middle_name_initial", "middle_name", "Rose", "R"),
        ("newborn_unnamed", "given_name", "Liam", "BABYBOY"),
        ("ssn_digits_transposed", "ssn", "999-12-3456", "999-21-3456"),
    ],
)
def test_what_an_error_writes(error: str, column: str, before: str, after: str) -> None:
    records: Rows = {
        name: np.array([value], dtype=object)
        for name, value in {
            "given_name": "Ann", "family_name": "Lee", "middle_name": None, "sex": "male", column: before
        }.items()
    } | {"newborn": np.array([True])}  # fmt: skip
    chosen = ERRORS[error].can_happen(records)
    assert chosen.all()
    ERRORS[error].happens(records, chosen, np.zeros((1, 2)))
    assert records[column][0] == after


def test_errors_come_in_the_order_of_the_table() -> None:
    records: Rows = {"person": np.arange(1)} | {
        name: np.array([value], dtype=object)
        for name, value in {"given_name": "José", "family_name": "Peña", "middle_name": "Luis", "sex": "male"}.items()
    }
    for name in ("birth_name", "twin_given_name", "name_suffix", "ssn", "phone", "email", "line", "place_key",
                 "previous_line", "previous_place_key"):  # fmt: skip
        records[name] = np.array([None], dtype=object)
    records |= {"birth_date": np.array([np.datetime64("1980-06-30")]), "newborn": np.array([False])}
    noise = make_errors(records, "duplicate", 1e9, lambda _: np.zeros((1, 3)))
    keys = [row["key"] for row in table("identity_errors")]
    assert noise[0] == sorted(noise[0], key=keys.index)
    assert {"nickname", "middle_name_missing", "upper_case"} <= set(noise[0])


def test_it_is_written_down_as_frames() -> None:
    journal = block.__wrapped__()
    identity.write(WORLD, Streams(7, 0), journal)
    assert None not in journal.rows(COVERAGE)["member_id"].tolist()
    rows = IDENTITY.batch(journal.rows(IDENTITY)).to_pylist()
    truth = TRUE_IDENTITY.batch(journal.rows(TRUE_IDENTITY)).to_pylist()
    assert [(row["world"], row["source_id"]) for row in rows] == [(row["world"], row["source_id"]) for row in truth]
    assert isinstance(rows[0]["birth_date"], date)
    assert isinstance(truth[0]["noise"], list)
    member = {row["source_id"] for row in rows if row["world"] in identity.MEMBER_IDS}
    assert member == set(journal.rows(COVERAGE)["member_id"])


def test_without_coverage_and_addresses_the_hospital_still_knows_people() -> None:
    journal = Journal()
    journal.add(PERSON, block().rows(PERSON))
    identity.write(NULL_WORLD, Streams(7, 0), journal)
    records = journal.rows(IDENTITY)
    assert len(records["person"]) == 2 * COUNT
    assert set(records["line"]) == {None}
    assert sum(batch.num_rows for batch in journal.batches()) == 5 * COUNT


def test_every_rate_names_an_error() -> None:
    assert {row["key"] for row in table("identity_errors")} == {*ERRORS, identity.DUPLICATE}


def test_names_suit_sex_year_and_race() -> None:
    rows = 4_000
    uniform = Streams(1).uniform("test", rows)
    names = given_names(np.full(rows, True), np.full(rows, 1940), np.full(rows, "white", dtype=object), uniform)
    assert {"Betty", "Mary"} <= set(names)
    assert not {"Ashley", "James", "María"} & set(names)
    hispanic = surnames(np.full(rows, "hispanic", dtype=object), uniform)
    assert np.isin(hispanic, ["Garcia", "Rodriguez", "Martinez", "Hernandez"]).mean() > 0.15
    assert given_names(np.array([True]), np.array([1800]), np.array(["white"], dtype=object), uniform[:1])[0]
