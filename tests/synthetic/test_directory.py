"""Facilities and practitioners: what their identifiers promise, and who goes where."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from lakehouse.synthetic import identifiers
from lakehouse.synthetic.choice import Choice
from lakehouse.synthetic.directory import Directory
from lakehouse.synthetic.frames import NULL
from lakehouse.synthetic.knowledge import by_key, table
from lakehouse.synthetic.places import places
from lakehouse.synthetic.streams import Streams


@pytest.fixture(scope="module")
def directory() -> Directory:
    return Directory.of(7)


def test_places_are_weighted_persons_of_whom_15_in_100_are_rural() -> None:
    weight = places().weight / places().weight.sum()
    assert weight @ places().rural == pytest.approx(0.15, abs=0.005)
    assert weight @ places().deprivation == pytest.approx(0, abs=0.01)
    assert weight @ places().deprivation ** 2 == pytest.approx(1, abs=0.02)
    assert all(row["county_fips"].startswith("25") and len(row["key"]) == 5 for row in table("places"))


def test_distance_between_boston_and_springfield() -> None:
    keys = places().key.tolist()
    assert places().distances_km()[keys.index("02118"), keys.index("01109")] == pytest.approx(124, abs=3)


def test_there_is_as_much_of_each_kind_as_the_table_says(directory: Directory) -> None:
    kinds = by_key("facility_kinds")
    assert Counter(directory.facilities["kind"]) == {kind: int(row["count"]) for kind, row in kinds.items()}
    in_ehr = Counter(directory.facilities["kind"][directory.facilities["in_ehr"]])
    assert (in_ehr["hospital"], in_ehr["primary_care"]) == (5, 28)
    assert 650 <= len(directory.practitioners["id"]) <= 800


def test_ids_are_the_rows(directory: Directory) -> None:
    for rows in (directory.facilities, directory.practitioners):
        assert rows["id"].tolist() == list(range(1, len(rows["id"]) + 1))


def test_npis_are_valid_unique_and_never_issued(directory: Directory) -> None:
    npis = [*directory.facilities["npi"], *directory.practitioners["npi"]]
    assert len(set(npis)) == len(npis)
    assert all(identifiers.valid_npi(npi) and npi.startswith("9") for npi in npis)


@pytest.mark.parametrize(("npi", "valid"), [("1234567893", True), ("1234567890", False), ("123456789", False)])
def test_the_check_digit_is_that_of_the_standard(npi: str, valid: bool) -> None:
    assert identifiers.valid_npi(npi) is valid


def test_certification_numbers_are_of_no_state(directory: Directory) -> None:
    numbers = [ccn for ccn in directory.facilities["ccn"] if ccn is not None]
    assert len(set(numbers)) == len(numbers) == 8 + 12 + 8 + 6 + 8
    assert all(len(ccn) == 6 and ccn.startswith("ZZ") for ccn in numbers)


def test_names_are_unique_within_a_kind(directory: Directory) -> None:
    named = list(zip(directory.facilities["kind"], directory.facilities["name"], strict=True))
    assert len(set(named)) == len(named)


def test_a_directory_follows_from_its_seed() -> None:
    one, again, other = Directory.of(7), Directory.of.__wrapped__(7), Directory.of(8)
    for name, values in one.facilities.items():
        assert np.array_equal(values, again.facilities[name])
    assert not np.array_equal(one.facilities["style"], other.facilities["style"])
    assert one.practitioners["family_name"].tolist() == again.practitioners["family_name"].tolist()


def test_most_care_is_near(directory: Directory) -> None:
    uniform = Streams(1).uniform("test", 20_000)
    homes = Choice.of(places().weight[None, :]).pick(np.zeros(20_000, np.int64), Streams(2).uniform("test", 20_000))
    chosen = directory.nearest("primary_care", homes, uniform)
    assert set(directory.facilities["kind"][chosen - 1]) == {"primary_care"}
    distance = places().distances_km()[homes, directory.facilities["place_code"][chosen - 1]]
    assert np.median(distance) < 10
    assert distance.max() > 25
    assert np.array_equal(chosen[:100], directory.nearest("primary_care", homes[:100], uniform[:100]))


def test_a_specialty_leads_to_its_groups_and_an_unknown_one_to_any(directory: Directory) -> None:
    homes, uniform = np.zeros(500, np.int64), Streams(1).uniform("test", 500)
    cardiology = directory.nearest("specialist_group", homes, uniform, specialty="06")
    assert set(directory.facilities["specialty"][cardiology - 1]) == {"06"}
    anywhere = directory.nearest("specialist_group", homes, uniform, specialty="99")
    assert np.array_equal(anywhere, directory.nearest("specialist_group", homes, uniform))
    with pytest.raises(KeyError):
        directory.nearest("spa", homes, uniform)


def test_practitioners_work_at_the_facility(directory: Directory) -> None:
    facilities = np.repeat(directory.facilities["id"], 50)
    uniform = Streams(1).uniform("test", len(facilities))
    chosen = directory.practitioner_of(facilities, uniform)
    works = chosen != NULL
    assert np.array_equal(directory.practitioners["facility"][chosen[works] - 1], facilities[works])
    assert set(directory.facilities["kind"][facilities[~works] - 1]) == {"pharmacy", "dme_supplier"}


def test_every_hospital_has_an_emergency_physician(directory: Directory) -> None:
    hospitals = directory.facilities["id"][directory.facilities["kind"] == "hospital"]
    chosen = directory.practitioner_of(hospitals, np.full(len(hospitals), 0.999), specialty="93")
    assert set(directory.practitioners["specialty"][chosen - 1]) == {"93"}
    assert np.array_equal(directory.practitioners["facility"][chosen - 1], hospitals)


def test_waits_are_longer_where_few_places_serve_many_people(directory: Directory) -> None:
    facilities = directory.facilities
    homes = Choice.of(places().weight[None, :]).pick(np.zeros(100_000, np.int64), Streams(2).uniform("test", 100_000))
    chosen = directory.nearest("primary_care", homes, Streams(1).uniform("test", 100_000)) - 1
    ids, visits = np.unique(chosen, return_counts=True)
    by_capacity = visits / facilities["capacity"][ids]
    assert facilities["load"][chosen].mean() == pytest.approx(1, abs=0.01)
    assert by_capacity / by_capacity.mean() == pytest.approx(
        facilities["load"][ids] / facilities["load"][ids].mean(), rel=0.25
    )
    assert np.corrcoef(np.log(facilities["load"][ids]), np.log(facilities["wait_days"][ids]))[0, 1] > 0.5
    assert facilities["wait_days"][chosen].mean() == pytest.approx(22, abs=6)  # 20.6 in cities, more in the country


def test_style_is_one_on_the_mean(directory: Directory) -> None:
    assert directory.facilities["style"].mean() == pytest.approx(1, abs=0.06)
    assert np.log(directory.facilities["style"]).std() == pytest.approx(0.2, abs=0.04)


def test_choice_follows_its_weights_and_never_takes_what_weighs_nothing() -> None:
    choice = Choice.of(np.array([[1.0, 3.0, 0.0], [0.0, 0.0, 2.0]]))
    rows = np.repeat([0, 1], 10_000)
    drawn = choice.pick(rows, Streams(3).uniform("test", 20_000))
    assert Counter(drawn[:10_000])[1] == pytest.approx(7_500, abs=200)
    assert set(drawn[:10_000]) == {0, 1}
    assert set(drawn[10_000:]) == {2}
    edges = choice.pick(np.array([0, 0, 1, 1]), np.array([0.0, np.nextafter(1, 0)] * 2))
    assert edges.tolist() == [0, 1, 2, 2]
    with pytest.raises(ValueError, match="positive weight"):
        Choice.of(np.zeros((1, 2)))
