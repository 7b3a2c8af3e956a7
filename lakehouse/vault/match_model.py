"""When two registrations are one person: what is compared, how much each agreement says, and what is certain.

Fellegi and Sunter's model (A theory for record linkage, Journal of the American Statistical Association, 1969): for
each comparison the level that two registrations reach weighs log2(m / u) bits, where m is the share of pairs of one
person that reach it, and u that of pairs of two persons. Splink computes it (lakehouse.vault.match_scores).

m was estimated by Splink's expectation maximisation on a synthetic population of 5,000 (seed 11), and rounded. u was
counted there among random pairs where that can be seen in so few; where the pairs of one person themselves would be
most of those that agree (numbers, addresses, birth dates) it is reasoned: a birthday is one of 365 in some 80 years, a
number nobody else's but by mistake, an address one of 3,000 in a county.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Level:
    """How far two registrations agree: a predicate over their columns with _l and _r; m and u as shares of pairs.

    by_frequency: the column whose common values weigh less than its rare ones.
    """

    name: str
    predicate: str
    m: float
    u: float
    by_frequency: str | None = None


@dataclass(frozen=True)
class Comparison:
    """What is compared. unknown: where it says nothing. levels: the first that holds counts; the last is the rest."""

    unknown: str
    levels: tuple[Level, ...]


def _missing(column: str) -> str:
    return f"{column}_l is null or {column}_r is null"


def _list(column: str, *levels: Level) -> Comparison:
    """Two lists, of which one value in common is enough."""
    return Comparison(f"size({column}_l) = 0 or size({column}_r) = 0", levels)


def _in_common(column: str, m: float, u: float) -> Level:
    return Level(SAME, f"arrays_overlap({column}_l, {column}_r)", m, u)


SAME, OTHER = "same", "other"
_ELSE = "else"
_SWAPPED = "given_name_l = family_name_r and family_name_l = given_name_r"
_LONG = "least(length({0}_l), length({0}_r)) > {1}"
_TURNED = (
    "year(birth_date_l) = year(birth_date_r) and month(birth_date_l) = day(birth_date_r) "
    "and day(birth_date_l) = month(birth_date_r)"
)
_SAME_DAY_OF_YEAR = "month(birth_date_l) = month(birth_date_r) and day(birth_date_l) = day(birth_date_r)"
_NEW_YEAR = "(month({0}) = 1 and day({0}) = 1)"

COMPARISONS: dict[str, Comparison] = {
    "given_name": Comparison(_missing("given_name"), (
        Level(SAME, "given_name_l = given_name_r", 0.82, 5.8e-3, by_frequency="given_name"),
        Level("short form", "array_contains(given_names_l, given_name_r) "
              "or array_contains(given_names_r, given_name_l)", 0.08, 1.9e-3),
        Level("given and family name changed places", _SWAPPED, 0.004, 1.3e-6),
        Level("given and middle name changed places",
              "given_name_l = middle_name_r and middle_name_l = given_name_r", 0.003, 1.0e-5),
        Level("called by the middle name",
              "given_name_l = middle_name_r or middle_name_l = given_name_r", 0.009, 4.4e-3),
        Level("one letter", f"levenshtein(given_name_l, given_name_r) <= 1 and {_LONG.format('given_name', 3)}",
              0.04, 9.0e-4),
        Level("two letters", f"levenshtein(given_name_l, given_name_r) <= 2 and {_LONG.format('given_name', 4)}",
              0.02, 2.0e-3),
        Level(OTHER, _ELSE, 0.024, 0.985),
    )),
    "middle_name": Comparison(_missing("middle_name"), (
        Level(SAME, "middle_name_l = middle_name_r and length(middle_name_l) > 1", 0.40, 2.6e-3),
        Level("initial", "left(middle_name_l, 1) = left(middle_name_r, 1) "
              "and least(length(middle_name_l), length(middle_name_r)) = 1", 0.58, 4.8e-2),
        Level("called by the middle name",
              "given_name_l = middle_name_r or middle_name_l = given_name_r", 0.01, 6.9e-3),
        Level(OTHER, _ELSE, 0.01, 0.942),
    )),
    "family_name": Comparison(_missing("family_name"), (
        Level(SAME, "family_name_l = family_name_r", 0.90, 1.2e-2, by_frequency="family_name"),
        Level("earlier name", "arrays_overlap(family_names_l, family_names_r)", 0.004, 1.0e-3),
        Level("given and family name changed places", _SWAPPED, 0.004, 0.004),
        Level("half of a double name", "least(length(family_name_l), length(family_name_r)) > 3 and ("
              "startswith(family_name_l, family_name_r) or startswith(family_name_r, family_name_l))", 0.012, 3.9e-4),
        Level("one letter", f"levenshtein(family_name_l, family_name_r) <= 1 and {_LONG.format('family_name', 3)}",
              0.022, 4.0e-4),
        Level("two letters", f"levenshtein(family_name_l, family_name_r) <= 2 and {_LONG.format('family_name', 4)}",
              0.01, 6.0e-4),
        Level(OTHER, _ELSE, 0.048, 0.986),
    )),
    "name_suffix": Comparison(_missing("name_suffix"), (
        Level(SAME, "name_suffix_l = name_suffix_r", 0.99, 0.5),
        Level(OTHER, _ELSE, 0.01, 0.5),
    )),
    "birth_date": Comparison(_missing("birth_date"), (
        Level(SAME, "birth_date_l = birth_date_r", 0.963, 4.0e-5),
        Level("month and day changed places", _TURNED, 0.006, 9.0e-6),
        Level("one digit of the year",
              f"{_SAME_DAY_OF_YEAR} and abs(year(birth_date_l) - year(birth_date_r)) in (1, 10)", 0.012, 1.2e-4),
        Level("only the year is sure", "year(birth_date_l) = year(birth_date_r) and "
              f"({_NEW_YEAR.format('birth_date_l')} or {_NEW_YEAR.format('birth_date_r')})", 0.018, 1.7e-4),
        Level(OTHER, _ELSE, 0.001, 0.9997),
    )),
    "sex": Comparison(_missing("sex"), (
        Level(SAME, "sex_l = sex_r", 0.995, 0.5),
        Level(OTHER, _ELSE, 0.005, 0.5),
    )),
    "social_security_number": Comparison(_missing("social_security_number"), (
        Level(SAME, "social_security_number_l = social_security_number_r", 0.88, 1.0e-6),
        Level("two digits", "levenshtein(social_security_number_l, social_security_number_r) <= 2", 0.06, 1.4e-3),
        Level(OTHER, _ELSE, 0.06, 0.9986),
    )),
    "member_numbers": _list("member_numbers",
        _in_common("member_numbers", 0.93, 1.0e-6),
        Level(OTHER, _ELSE, 0.07, 1.0),
    ),
    "telephones": _list("telephones",
        _in_common("telephones", 0.5, 1.2e-3),
        Level(OTHER, _ELSE, 0.5, 0.9988),
    ),
    "emails": _list("emails",
        _in_common("emails", 0.95, 1.0e-6),
        Level(OTHER, _ELSE, 0.05, 1.0),
    ),
    "addresses": _list("addresses",
        _in_common("addresses", 0.78, 3.0e-4),
        Level("ZIP code", "arrays_overlap(zip_codes_l, zip_codes_r)", 0.02, 1.6e-2),
        Level(OTHER, _ELSE, 0.2, 0.984),
    ),
}  # fmt: skip
"""By the column that they are about."""

_BORN_EITHER_WAY = "concat(year(birth_date), least(month(birth_date), day(birth_date)), '/', " \
    "greatest(month(birth_date), day(birth_date)), ' ')"  # fmt: skip
_BOTH_NAMES = "concat(least(given_name, family_name), ' ', greatest(given_name, family_name), ' ')"

COMPARED_IF_THEY_SHARE: dict[str, str] = {
    "Social Security number": "array(social_security_number)",
    "member number": "member_numbers",
    "e-mail address": "emails",
    "birth date and a name": f"transform(array_append(family_names, given_name), n -> concat({_BORN_EITHER_WAY}, n))",
    "birth date and ZIP code": f"transform(zip_codes, z -> concat({_BORN_EITHER_WAY}, z))",
    "names and ZIP code": f"transform(zip_codes, z -> concat({_BOTH_NAMES}, z))",
    "names and day of the year": f"array(concat({_BOTH_NAMES}, date_format(birth_date, 'MM-dd')))",
    "given name and address": "transform(addresses, a -> concat(given_name, ' ', a))",
}
"""Keys of a registration, an array of texts by what they are made of. Those that share none are not compared.

Day and month count in either order, and so do given and family name.
"""

NAMED = (SAME, "short form", "given and family name changed places", "given and middle name changed places")
"""Levels of the given name at which it is the same name."""

NEARLY_NAMED = {"given_name": ("one letter", "two letters"), "middle_name": (SAME, "initial")}
"""A twin's given name may be spelled almost alike: it is taken for a slip where the middle name agrees."""

_BORN = (SAME, "month and day changed places", "one digit of the year", "only the year is sure")

EXACT_RULES: dict[str, dict[str, tuple[str, ...]]] = {
    "Social Security number and birth date": {"social_security_number": (SAME,), "birth_date": _BORN},
    "Social Security number and given name": {"social_security_number": (SAME,), "given_name": NAMED},
    "member number, given name and birth date": {"member_numbers": (SAME,), "given_name": NAMED, "birth_date": _BORN},
    "e-mail address, given name and birth date": {"emails": (SAME,), "given_name": NAMED, "birth_date": _BORN},
}
"""By its name: the levels that a pair must reach to be one person for certain, where nothing speaks against it.

A family may share an e-mail address and the number of its policy: with these name and birth date must agree.
"""

CONTRADICTIONS = ("given_name", "birth_date", "social_security_number")
"""Where one of these is another, no weight of all else makes a pair one person: families agree on all the rest.

Where one of the unique numbers agrees nonetheless, a person should decide.
"""

DOUBTS = ("middle_name", "name_suffix", "sex")
"""Where one of these is another, a person should decide."""

UNIQUE_NUMBERS = ("social_security_number", "member_numbers", "emails")
"""Without one of these, only who is the same by name and birth date, both known, is one by weight."""

CERTAIN_ENOUGH = 7.0
"""Bits from which on a pair is one person: odds of 128 to 1, the number of registrations considered."""

WORTH_A_LOOK = -2.0
"""Bits from which on a pair is judged at all: odds of 1 to 4."""
