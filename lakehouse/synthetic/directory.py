"""Who gives care and where: facilities and practitioners, the same in a world of any size.

Kinds of facilities, specialties and who works where stand in knowledge/facility_kinds.csv, specialties.csv and
staffing.csv. Names are made up. The identifiers cannot be real: an NPI begins with 9, and the state of a CMS
certification number is ZZ, while CMS assigns two digits or a letter and a digit; its last four digits are those of
the kind of facility.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lakehouse.synthetic import identifiers
from lakehouse.synthetic.choice import Choice
from lakehouse.synthetic.frames import NULL
from lakehouse.synthetic.journal import Rows
from lakehouse.synthetic.knowledge import Row, by_key, number, table
from lakehouse.synthetic.names import given_names, surnames
from lakehouse.synthetic.places import places, street_lines
from lakehouse.synthetic.streams import Floats, Integers, Streams

ANY = ""
"""No specialty in particular."""

_STYLE_SD = 0.2
_CAPACITY_SD = 0.4
_WAIT_SD = 0.35
_RURAL_WAIT = 1.3
_PRACTITIONER_BORN = (1952, 1994)
_PRACTITIONER_RACES = np.array(["white", "asian", "hispanic", "black"], dtype=object)
_PRACTITIONER_RACE_SHARES = np.array([[0.58, 0.22, 0.11, 0.09]])


@dataclass(frozen=True)
class Directory:
    """Facilities and practitioners, column by column; the row of an id is the id less one.

    facilities: id, kind (key of facility_kinds), specialty (CMS code, of a specialist group only), name, line,
    place_key, place_code, phone, npi, ccn (None where CMS certifies no such kind), style (factor on the intensity
    of care, 1 on the mean), capacity (beds of hospitals and nursing facilities, elsewhere visits a day), in_ehr
    (whether it belongs to the health system whose records are exported), load (how many people it is there for, by
    its capacity, 1 on the mean of people), wait_days (mean wait for an appointment; it grows with the load).

    practitioners: id, npi, given_name, family_name, specialty (CMS code), facility.
    """

    facilities: Rows
    practitioners: Rows
    _catchments: Mapping[tuple[str, str], tuple[Integers, Choice]]
    _staff: Mapping[str, tuple[Integers, Integers]]

    @staticmethod
    @cache
    def of(seed: int) -> Directory:
        """The directory of the worlds of that seed."""
        streams = Streams(seed)
        facilities = _facilities(streams)
        practitioners = _practitioners(streams, facilities)
        pulls = _pulls(facilities)
        load = _load(facilities, pulls)
        facilities |= {"load": load, "wait_days": facilities["wait_days"] * load}
        catchments = {group: (ids, Choice.of(pull)) for group, (ids, pull) in pulls.items()}
        return Directory(facilities, practitioners, catchments, _staff(facilities, practitioners))

    def nearest(self, kind: str, place_codes: Integers, uniform: Floats, specialty: str = ANY) -> Integers:
        """A facility of the kind for each who lives at such a place: mostly near ones, sometimes farther ones.

        The same number of [0, 1) at the same place leads to the same facility. A specialty that no group has leads
        to any group. Raises KeyError for an unknown kind.
        """
        ids, choice = self._catchments.get((kind, specialty)) or self._catchments[kind, ANY]
        return np.asarray(ids[choice.pick(place_codes, uniform)])

    def practitioner_of(self, facilities: Integers, uniform: Floats, specialty: str = ANY) -> Integers:
        """Somebody who works at each facility, of the specialty where it has one; `NULL` where nobody works."""
        first, count = self._staff.get(specialty, self._staff[ANY])
        lacks = count[facilities] == 0
        first_of_any, count_of_any = self._staff[ANY]
        start = np.where(lacks, first_of_any[facilities], first[facilities])
        among = np.where(lacks, count_of_any[facilities], count[facilities])
        return np.where(among > 0, start + np.floor(uniform * among).astype(np.int64), NULL)


def _facilities(streams: Streams) -> Rows:
    """All facilities, kind by kind; of specialist groups, specialty by specialty."""
    kinds = [_kind(streams, row) for row in table("facility_kinds")]
    rows = {name: np.concatenate([kind[name] for kind in kinds]) for name in kinds[0]}
    count = len(rows["kind"])
    rows["id"] = np.arange(1, count + 1)
    rows["place_key"] = places().key[rows["place_code"]]
    rows["line"] = street_lines(np.column_stack([streams.uniform("directory:line", count, 2), np.ones(count)]))
    rows["phone"] = identifiers.phone(streams.uniform("directory:phone", count))
    rows["npi"] = identifiers.npi(rows["id"])
    return rows


def _kind(streams: Streams, row: Row) -> Rows:
    """The facilities of one kind. Waits are longer in rural places."""
    purpose, count = f"directory:{row['key']}", int(row["count"])
    specialties = _specialties(row["key"], count)
    place_code = _spread(streams.of(f"{purpose}:place"), specialties)
    wait = np.array([_wait_days(row, code) for code in specialties]) * np.where(
        places().rural[place_code], _RURAL_WAIT, 1
    )
    return {
        "kind": np.full(count, row["key"], dtype=object),
        "specialty": np.array([code or None for code in specialties], dtype=object),
        "name": _names(streams.of(f"{purpose}:name"), row, specialties),
        "place_code": place_code,
        "ccn": np.array([_certification(row, place) for place in range(count)], dtype=object),
        "style": _log_normal(streams, f"{purpose}:style", count, _STYLE_SD),
        "capacity": np.ceil(number(row, "capacity") * _log_normal(streams, f"{purpose}:capacity", count, _CAPACITY_SD)),
        "wait_days": wait * _log_normal(streams, f"{purpose}:wait", count, _WAIT_SD),
        "in_ehr": streams.of(f"{purpose}:in_ehr").permutation(count) < round(count * number(row, "in_ehr")),
    }


def _specialties(kind: str, count: int) -> NDArray[Any]:
    """The specialty of each group of specialists; none for the other kinds."""
    if kind != "specialist_group":
        return np.full(count, ANY, dtype=object)
    rows = table("specialties")
    return np.repeat(np.array([row["key"] for row in rows], dtype=object), [int(row["groups"]) for row in rows])


def _wait_days(kind: Row, specialty: str) -> float:
    return number(kind if specialty == ANY else by_key("specialties")[specialty], "wait_days")


def _spread(generator: np.random.Generator, specialties: NDArray[Any]) -> Integers:
    """Places by their population, those of one specialty as evenly over the state as they are over the people."""
    shares = np.cumsum(places().weight) / places().weight.sum()
    codes = np.empty(len(specialties), dtype=np.int64)
    for specialty in dict.fromkeys(specialties.tolist()):
        chosen = np.flatnonzero(specialties == specialty)
        position = (np.arange(len(chosen)) + generator.random()) / len(chosen)
        codes[chosen] = np.searchsorted(shares, position)
    return np.minimum(codes, len(shares) - 1)


def _names(generator: np.random.Generator, row: Row, specialties: NDArray[Any]) -> NDArray[Any]:
    """Made-up names, each once in its kind."""
    words = generator.permutation([name["name"] for name in table("facility_names")])
    endings = row["endings"].split(";")
    return np.array(
        [
            f"{words[i]} {by_key('specialties')[code]['title'] if code else endings[i % len(endings)]}"
            for i, code in enumerate(specialties)
        ],
        dtype=object,
    )


def _certification(row: Row, place: int) -> str | None:
    return f"ZZ{int(row['ccn_from']) + place:04d}" if row["ccn_from"] else None


def _log_normal(streams: Streams, purpose: str, count: int, deviation: float) -> Floats:
    """Log-normal factors with a mean of one."""
    return np.asarray(np.exp(deviation * streams.normal(purpose, count) - deviation**2 / 2))


def _practitioners(streams: Streams, facilities: Rows) -> Rows:
    """Who works where; those of one facility and specialty stand together."""
    specialties = [_staffed(*facility) for facility in zip(facilities["kind"], facilities["specialty"], strict=True)]
    specialty = np.array([code for codes in specialties for code in codes], dtype=object)
    count = len(specialty)
    drawn = Choice.of(_PRACTITIONER_RACE_SHARES).pick(
        np.zeros(count, np.int64), streams.uniform("directory:race", count)
    )
    race = _PRACTITIONER_RACES[drawn]
    female = streams.uniform("directory:sex", count) < 0.5
    born = streams.of("directory:birth").integers(*_PRACTITIONER_BORN, count)
    return {
        "id": np.arange(1, count + 1),
        # Practitioners are numbered after all facilities that there could be.
        "npi": identifiers.npi(np.arange(count) + 10_000),
        "given_name": given_names(female, born, race, streams.uniform("directory:given_name", count)),
        "family_name": surnames(race, streams.uniform("directory:family_name", count)),
        "specialty": specialty,
        "facility": np.repeat(facilities["id"], [len(codes) for codes in specialties]),
    }


@cache
def _staffed(kind: str, specialty: str | None) -> list[str]:
    """The specialties of those who work at such a facility, in order, as near to the shares as whole persons allow."""
    count = int(by_key("facility_kinds")[kind]["practitioners"])
    if specialty is not None:
        return [specialty] * count
    rows = [row for row in table("staffing") if row["facility_kind_key"] == kind]
    shares = np.cumsum([number(row, "weight") for row in rows])
    places_in_shares = (np.arange(count) + 0.5) / max(count, 1) * (shares[-1] if count else 0)
    return [rows[i]["specialty_key"] for i in np.searchsorted(shares, places_in_shares)]


def _pulls(facilities: Rows) -> dict[tuple[str, str], tuple[Integers, Floats]]:
    """By kind, and by specialty of specialist groups: the ids, and how strongly each draws people of each place.

    The pull of a facility grows with its capacity and falls exponentially with distance.
    """
    distances = places().distances_km()[:, facilities["place_code"]]
    reach = {row["key"]: number(row, "reach_km") for row in table("facility_kinds")}
    pull = facilities["capacity"] * np.exp(-distances / [reach[kind] for kind in facilities["kind"]])
    groups = {(kind, ANY): facilities["kind"] == kind for kind in reach}
    for specialty in {code for code in facilities["specialty"] if code is not None}:
        groups["specialist_group", specialty] = facilities["specialty"] == specialty
    return {group: (facilities["id"][chosen], pull[:, chosen]) for group, chosen in groups.items()}


def _load(facilities: Rows, pulls: dict[tuple[str, str], tuple[Integers, Floats]]) -> Floats:
    """The people who are expected at each facility by its capacity: 1 on the mean of the people of its kind."""
    load = np.ones(len(facilities["id"]))
    weight = places().weight / places().weight.sum()
    for kind, specialty in dict.fromkeys(zip(facilities["kind"], facilities["specialty"], strict=True)):
        ids, pull = pulls[kind, specialty or ANY]
        people = weight @ (pull / pull.sum(axis=1, keepdims=True))
        per_capacity = people / facilities["capacity"][ids - 1]
        load[ids - 1] = per_capacity / (people @ per_capacity)
    return load


def _staff(facilities: Rows, practitioners: Rows) -> dict[str, tuple[Integers, Integers]]:
    """By specialty: for each facility id the first practitioner and how many follow."""
    rows = len(facilities["id"]) + 1
    staff = {}
    for specialty in (ANY, *dict.fromkeys(practitioners["specialty"].tolist())):
        chosen = practitioners["specialty"] == specialty if specialty else np.full(len(practitioners["id"]), True)
        facility, first, count = np.unique(practitioners["facility"][chosen], return_index=True, return_counts=True)
        firsts, counts = np.zeros(rows, dtype=np.int64), np.zeros(rows, dtype=np.int64)
        firsts[facility], counts[facility] = practitioners["id"][chosen][first], count
        staff[specialty] = (firsts, counts)
    return staff
