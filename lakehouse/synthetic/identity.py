"""Who people are, and under which ids and with which errors each world knows them.

The worlds are the EHR, the payers (Medicare, Medicaid, commercial plans) and the laboratory. Each has registered
people by itself: a world's record of a person is the truth with the errors of identity_errors.py. The EHR has some
people twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lakehouse.synthetic import identifiers
from lakehouse.synthetic.frames import ADDRESS, COVERAGE, IDENTITY, PERSON, TRUE_IDENTITY
from lakehouse.synthetic.identity_errors import DRAWS, make_errors, plain
from lakehouse.synthetic.journal import Journal, Rows
from lakehouse.synthetic.knowledge import by_key
from lakehouse.synthetic.streams import Floats, Integers, Streams
from lakehouse.synthetic.world import BLOCK, World

EHR, LABORATORY = "ehr", "laboratory"
DUPLICATE = "duplicate_record"
"""The error of registering a person anew who has a record."""

_HAS_EMAIL = 0.85

MEMBER_IDS: Mapping[str, Callable[[int, Integers], NDArray[Any]]] = MappingProxyType({
    "medicare": identifiers.medicare_number,
    "medicaid": lambda seed, persons: identifiers.numbered("MCD", seed, persons),
    "commercial": lambda seed, persons: identifiers.numbered("COM", seed, persons),
})  # fmt: skip
"""By payer: the member ids of persons, from the seed and their numbers. A person keeps the id through all gaps."""


def identify_people(streams: Streams, people: Rows) -> Rows:
    """The identifiers of people: ssn, phone, email (None for who has none) and record_number.

    people: person, given_name and family_name, as in PERSON.
    """
    persons = people["person"]
    emails = [_email(*names) for names in zip(people["given_name"], people["family_name"], persons, strict=True)]
    has_none = _of(persons, streams, "identity:email", 1)[:, 0] >= _HAS_EMAIL
    email = np.array(emails, dtype=object)
    email[has_none] = None
    return {
        "ssn": identifiers.ssn(streams.seed, persons),
        "phone": identifiers.phone(_of(persons, streams, "identity:phone", 1)[:, 0]),
        "email": email,
        "record_number": identifiers.record_number(streams.seed, persons),
    }


def member_ids(seed: int, payers: NDArray[Any], persons: Integers) -> NDArray[Any]:
    """The id under which each payer knows each person."""
    ids = np.full(len(persons), None, dtype=object)
    for payer, made in MEMBER_IDS.items():
        ids[payers == payer] = made(seed, persons[payers == payer])
    return ids


def write(world: World, streams: Streams, journal: Journal) -> None:
    """Write down how each world knows the people of the block, the truth of it, and the member ids of the coverage."""
    persons, coverage = journal.rows(PERSON), journal.rows(COVERAGE)
    ids = member_ids(streams.seed, coverage["payer"], coverage["person"].astype(np.int64))
    journal.replace(COVERAGE, coverage | {"member_id": ids})
    for records in views(world, streams, persons, journal.rows(ADDRESS), coverage).values():
        journal.add(IDENTITY, {name: records[name] for name in IDENTITY.columns if name in records})
        journal.add(TRUE_IDENTITY, {name: records[name] for name in TRUE_IDENTITY.columns})


def views(world: World, streams: Streams, persons: Rows, addresses: Rows, coverage: Rows) -> dict[str, Rows]:
    """By world: the records of people, with the columns of IDENTITY and, in `noise`, the errors in each.

    The EHR and the laboratory know everybody, a payer those whom it ever covered. persons, addresses and coverage
    are rows of PERSON, ADDRESS and COVERAGE. An address is the latest of the person, or, where stale, the one before.
    """
    truth = _truth(world, persons, addresses)
    seen = {EHR: _with_duplicates(world, streams, truth, persons)}
    for payer, made in MEMBER_IDS.items():
        members = np.isin(persons["person"], coverage["person"][coverage["payer"] == payer].astype(np.int64))
        records = _seen(world, streams, truth, payer, made(streams.seed, persons["person"]))
        seen[payer] = {name: values[members] for name, values in records.items()}
    sample_ids = identifiers.sample_id(streams.seed, persons["person"])
    seen[LABORATORY] = _seen(world, streams, truth, LABORATORY, sample_ids)
    return seen


def _truth(world: World, persons: Rows, addresses: Rows) -> Rows:
    """What a faultless record would hold, and what may stand there by mistake."""
    same = ("person", "given_name", "middle_name", "family_name", "name_suffix", "birth_date", "sex", "birth_name",
            "phone", "email", "ssn")  # fmt: skip
    twins = dict(zip(persons["person"].tolist(), persons["given_name"], strict=True))
    return {
        **{name: persons[name] for name in same},
        **_latest_two(persons["person"], addresses),
        "twin_given_name": np.array([twins.get(twin) for twin in persons["twin"].tolist()], dtype=object),
        "newborn": persons["birth_date"] >= np.datetime64(world.begin),
    }


def _latest_two(persons: Integers, addresses: Rows) -> Rows:
    """The latest address of each person and the one before; None where there is none."""
    order = np.lexsort((addresses["start_date"].astype("datetime64[D]"), addresses["person"].astype(np.int64)))
    owner = addresses["person"][order].astype(np.int64)
    first = np.searchsorted(owner, persons, side="left")
    last = np.searchsorted(owner, persons, side="right") - 1
    found: Rows = {}
    for prefix, place in (("", last), ("previous_", last - 1)):
        for name in ("line", "place_key"):
            values = np.concatenate([addresses[name][order], np.array([None], dtype=object)])
            found[prefix + name] = values[np.where(place >= first, place, -1)]
    return found


def _with_duplicates(world: World, streams: Streams, truth: Rows, persons: Rows) -> Rows:
    """The records of the EHR: everybody's first, then the duplicates of some."""
    first = _seen(world, streams, truth, EHR, persons["record_number"])
    numbers = identifiers.record_number(streams.seed, persons["person"], copy=1)
    second = _seen(world, streams, truth, "duplicate", numbers) | {"world": first["world"]}
    second["duplicate_of"] = first["source_id"]
    second["noise"] = _listed([[DUPLICATE, *noise] for noise in second["noise"]])
    rate = world.planted.identity_noise * float(by_key("identity_errors")[DUPLICATE][EHR])
    twice = _of(persons["person"], streams, f"identity:{DUPLICATE}", 1)[:, 0] < rate
    return {name: np.concatenate([first[name], second[name][twice]]) for name in first}


def _seen(world: World, streams: Streams, truth: Rows, seen_by: str, source_ids: NDArray[Any]) -> Rows:
    """The records of all persons in one world, with its errors."""
    records = {name: values.copy() for name, values in truth.items()}
    persons = records["person"]
    noise = make_errors(
        records, seen_by, world.planted.identity_noise,
        lambda error: _of(persons, streams, f"identity:{seen_by}:{error}", DRAWS),
    )  # fmt: skip
    given = {
        "world": np.full(len(persons), seen_by, dtype=object),
        "source_id": source_ids,
        "duplicate_of": np.full(len(persons), None, dtype=object),
        "noise": noise,
    }
    return {name: records[name] for name in IDENTITY.columns if name in records} | given


def _of(persons: Integers, streams: Streams, purpose: str, numbers: int) -> Floats:
    """Numbers of [0, 1) for each person, which do not depend on who else is asked about."""
    return streams.uniform(purpose, BLOCK, numbers)[persons - streams.block * BLOCK]


def _email(given_name: str, family_name: str, person: int) -> str:
    letters = [sign for sign in plain(f"{given_name}.{family_name}").lower() if sign.isalpha() or sign == "."]
    return f"{''.join(letters)}.{person}@example.org"


def _listed(lists: list[list[str]]) -> NDArray[Any]:
    """An array whose elements are the lists."""
    array = np.empty(len(lists), dtype=object)
    array[:] = lists
    return array
