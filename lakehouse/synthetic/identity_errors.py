"""What goes wrong when a person is registered: each error, and to whom it can happen.

How often each happens in each world stands in knowledge/identity_errors.csv, whose order is the order in which they
happen. A rate is among the records to which the error can happen.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lakehouse.synthetic import identifiers
from lakehouse.synthetic.journal import Rows
from lakehouse.synthetic.knowledge import table
from lakehouse.synthetic.streams import Floats

Mask = NDArray[np.bool_]

DRAWS = 3
"""How many numbers of [0, 1) an error has for each record: the first decides whether it happens, the others how."""

_DEFAULT_BIRTH_DATE = np.datetime64("1900-01-01")
_WHOLLY_DEFAULT_SHARE = 0.3
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Error:
    """can_happen: to which records. happens: change those records in place, by two numbers for each.

    Records are the columns of the IDENTITY frame, with what else may be written for it: birth_name, twin_given_name,
    previous_line, previous_place_key and newborn.
    """

    can_happen: Callable[[Rows], Mask]
    happens: Callable[[Rows, Mask, Floats], None]


def make_errors(records: Rows, world: str, scale: float, draws: Callable[[str], Floats]) -> NDArray[Any]:
    """Let the errors of that world happen to the records, in place. Returns for each the list of its errors.

    scale: factor on every rate. draws: for an error, a row of `DRAWS` numbers of [0, 1) for each record.
    """
    noise: list[list[str]] = [[] for _ in records["person"]]
    for row in table("identity_errors"):
        rate = min(1.0, scale * float(row[world]))
        if row["key"] not in ERRORS or rate == 0:
            continue
        error, drawn = ERRORS[row["key"]], draws(row["key"])
        chosen = error.can_happen(records) & (drawn[:, 0] < rate)
        error.happens(records, chosen, drawn[chosen, 1:])
        for record in np.flatnonzero(chosen).tolist():
            noise[record].append(row["key"])
    listed = np.empty(len(noise), dtype=object)
    listed[:] = noise
    return listed


def plain(name: str) -> str:
    """The name without accents."""
    return "".join(sign for sign in unicodedata.normalize("NFD", name) if not unicodedata.combining(sign))


def _known(column: str) -> Callable[[Rows], Mask]:
    return lambda records: np.array([value is not None for value in records[column]], dtype=bool)


def _differs(column: str, other: str) -> Callable[[Rows], Mask]:
    """Where both are known and not the same."""
    return lambda records: _known(column)(records) & _known(other)(records) & (records[column] != records[other])


def _if(column: str, condition: Callable[[str], bool]) -> Callable[[Rows], Mask]:
    return lambda records: np.array([value is not None and condition(value) for value in records[column]], dtype=bool)


def _missing(*columns: str) -> Error:
    def happens(records: Rows, chosen: Mask, draws: Floats) -> None:
        for column in columns:
            records[column][chosen] = None

    return Error(_known(columns[0]), happens)


def _replaced(*columns: tuple[str, str]) -> Error:
    """Columns that are written as another column says."""

    def happens(records: Rows, chosen: Mask, draws: Floats) -> None:
        for column, other in columns:
            records[column][chosen] = records[other][chosen]

    return Error(_differs(*columns[0]), happens)


def _rewritten(column: str, condition: Callable[[str], bool], change: Callable[..., str]) -> Error:
    """Texts that meet the condition, rewritten by what is drawn."""

    def happens(records: Rows, chosen: Mask, draws: Floats) -> None:
        pairs = zip(records[column][chosen], draws.tolist(), strict=True)
        records[column][chosen] = np.array([change(value, *drawn) for value, drawn in pairs], dtype=object)

    return Error(_if(column, condition), happens)


def _swapped(one: str, other: str) -> Error:
    def happens(records: Rows, chosen: Mask, draws: Floats) -> None:
        records[one][chosen], records[other][chosen] = records[other][chosen], records[one][chosen]

    return Error(_differs(one, other), happens)


def _both_names(condition: Callable[[str], bool], change: Callable[[str], str]) -> Error:
    """Given and family name, where either meets the condition, rewritten together."""

    def can_happen(records: Rows) -> Mask:
        return _if("given_name", condition)(records) | _if("family_name", condition)(records)

    def happens(records: Rows, chosen: Mask, draws: Floats) -> None:
        for column in ("given_name", "family_name"):
            records[column][chosen] = np.array([change(name) for name in records[column][chosen]], dtype=object)

    return Error(can_happen, happens)


@cache
def _nicknames() -> Mapping[str, list[str]]:
    nicknames: dict[str, list[str]] = {}
    for row in table("nicknames"):
        nicknames.setdefault(row["name"], []).append(row["nickname"])
    return MappingProxyType(nicknames)


def _nickname(name: str, which: float, _: float) -> str:
    return _nicknames()[name][int(which * len(_nicknames()[name]))]


def _mistyped(name: str, kind: float, where: float) -> str:
    """One slip of the fingers after the first letter: two letters transposed, one left out, or a wrong one."""
    place = 1 + int(where * (len(name) - 2))
    here, following = name[place], name[place + 1]
    if kind < 1 / 3 and here != following:
        return name[:place] + following + here + name[place + 2 :]
    if kind < 2 / 3:
        return name[:place] + name[place + 1 :]
    wrong = _LETTERS[(_LETTERS.find(here.lower()) + 1 + int(kind * 100) % 7) % len(_LETTERS)]
    return name[:place] + wrong + name[place + 1 :]


def _without_punctuation(name: str) -> str:
    return "".join(sign for sign in name if sign.isalpha())


def _digits_transposed(ssn: str, where: float, _: float) -> str:
    """Two unlike neighbours among the last six digits change places."""
    digits = ssn.replace("-", "")
    unlike = [place for place in range(3, 8) if digits[place] != digits[place + 1]]
    place = unlike[int(where * len(unlike))]
    digits = digits[:place] + digits[place + 1] + digits[place] + digits[place + 2 :]
    return f"{digits[:3]}-{digits[3:5]}-{digits[5:]}"


def _other_phone(records: Rows, chosen: Mask, draws: Floats) -> None:
    records["phone"][chosen] = identifiers.phone(draws[:, 0])


def _unnamed(records: Rows, chosen: Mask, draws: Floats) -> None:
    records["given_name"][chosen] = np.where(records["sex"][chosen] == "male", "BABYBOY", "BABYGIRL")
    records["middle_name"][chosen] = None


def _month_and_day(records: Rows) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """First days of the year, months of it from 0, and days of the month from 0, of the births."""
    months = records["birth_date"].astype("datetime64[M]")
    days = (records["birth_date"] - months).astype(np.int64)
    return records["birth_date"].astype("datetime64[Y]"), months.astype(np.int64) % 12, days


def _transposable(records: Rows) -> Mask:
    _, month, day = _month_and_day(records)
    return np.asarray((day < 12) & (day != month))


def _transpose(records: Rows, chosen: Mask, draws: Floats) -> None:
    year, month, day = _month_and_day(records)
    transposed = (year.astype("datetime64[M]") + day).astype("datetime64[D]") + month
    records["birth_date"][chosen] = transposed[chosen]


def _mistype_year(records: Rows, chosen: Mask, draws: Floats) -> None:
    """A year, or ten, too early: never in the future. 29 February becomes 1 March where there is none."""
    year, month, day = _month_and_day(records)
    earlier = year[chosen] - np.where(draws[:, 0] < 0.5, 1, 10)
    mistyped = (earlier.astype("datetime64[M]") + month[chosen]).astype("datetime64[D]") + day[chosen]
    records["birth_date"][chosen] = mistyped


def _not_first_of_january(records: Rows) -> Mask:
    _, month, day = _month_and_day(records)
    return np.asarray((month > 0) | (day > 0))


def _default_birth_date(records: Rows, chosen: Mask, draws: Floats) -> None:
    first_of_year = records["birth_date"][chosen].astype("datetime64[Y]").astype("datetime64[D]")
    wholly = draws[:, 0] < _WHOLLY_DEFAULT_SHARE
    records["birth_date"][chosen] = np.where(wholly, _DEFAULT_BIRTH_DATE, first_of_year)


ERRORS: Mapping[str, Error] = MappingProxyType({
    "twin_name": _replaced(("given_name", "twin_given_name")),
    "newborn_unnamed": Error(lambda records: np.asarray(records["newborn"]), _unnamed),
    "maiden_name": _replaced(("family_name", "birth_name")),
    "nickname": _rewritten("given_name", lambda name: name in _nicknames(), _nickname),
    "given_name_typo": _rewritten("given_name", lambda name: len(name) >= 4, _mistyped),
    "family_name_typo": _rewritten("family_name", lambda name: len(name) >= 4, _mistyped),
    "names_swapped": _swapped("given_name", "family_name"),
    "given_and_middle_swapped": _swapped("given_name", "middle_name"),
    "middle_name_missing": _missing("middle_name"),
    "middle_name_initial": _rewritten("middle_name", lambda name: len(name) > 1, lambda name, *_: name[0]),
    "accents_stripped": _both_names(lambda name: plain(name) != name, plain),
    "punctuation_lost": _both_names(lambda name: _without_punctuation(name) != name, _without_punctuation),
    "half_of_double_name": _rewritten("family_name", lambda name: "-" in name, lambda name, *_: name.split("-")[0]),
    "suffix_missing": _missing("name_suffix"),
    "upper_case": _both_names(lambda name: name != name.upper(), str.upper),
    "birth_day_and_month_transposed": Error(_transposable, _transpose),
    "birth_year_mistyped": Error(lambda records: np.full(len(records["person"]), True), _mistype_year),
    "birth_date_default": Error(_not_first_of_january, _default_birth_date),
    "ssn_missing": _missing("ssn"),
    "ssn_default": _rewritten("ssn", lambda ssn: ssn != identifiers.DEFAULT_SSN, lambda *_: identifiers.DEFAULT_SSN),
    "ssn_digits_transposed": _rewritten("ssn", lambda ssn: len(set(ssn[4:])) > 2, _digits_transposed),
    "phone_missing": _missing("phone"),
    "phone_stale": Error(_known("phone"), _other_phone),
    "email_missing": _missing("email"),
    "address_missing": _missing("line", "place_key"),
    "address_stale": _replaced(("line", "previous_line"), ("place_key", "previous_place_key")),
})  # fmt: skip
"""Every error by its key."""
