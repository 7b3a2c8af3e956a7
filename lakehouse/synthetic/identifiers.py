"""Identifiers that look real, are unique, and were never issued to anybody.

Each is made from a number by a permutation, so that two numbers never share an identifier, and what belongs together
(a person's first record and a duplicate, brothers and sisters) cannot be told from the identifiers.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lakehouse.synthetic.streams import Floats, Integers, identify

_TURNS = 3
_DIGITS = "0123456789"
_LETTERS = "ACDEFGHJKMNPQRTUVWXY"
"""Letters of a Medicare number: CMS leaves out S, L, O, I, B and Z, which resemble digits."""

_MEDICARE_NUMBER = ("123456789", "S", _DIGITS + _LETTERS, _DIGITS, _LETTERS, _DIGITS + _LETTERS, _DIGITS,
                    _LETTERS, _LETTERS, _DIGITS, _DIGITS)  # fmt: skip
_AREA_CODES = (339, 351, 413, 508, 617, 774, 781, 857, 978)
"""Area codes of Massachusetts."""

DEFAULT_SSN = "999-99-9999"
"""What clerks type who do not know the number; nobody's number here."""


def npi(numbers: Integers) -> NDArray[Any]:
    """National Provider Identifiers: ten digits with a valid check digit (Luhn's, under the prefix 80840).

    They begin with 9; issued ones begin with 1 or 2. Unique for numbers below 100 million.
    """
    return _texts(_with_check_digit(f"9{number:08d}") for number in _permuted("npi", 0, numbers, 10_000, 10_000))


def ssn(seed: int, numbers: Integers) -> NDArray[Any]:
    """Social Security numbers of area 999, which is never issued. From number 999,999 on they repeat."""
    permuted = _permuted("ssn", seed, numbers, 999, 1_001)
    return _texts(f"999-{number // 10_000:02d}-{number % 10_000:04d}" for number in permuted)


def record_number(seed: int, numbers: Integers, copy: int = 0) -> NDArray[Any]:
    """Medical record numbers of first records (copy 0) or of duplicates (copy 1). Unique below 500 million."""
    return numbered("MRN", seed, 2 * numbers + copy)


def sample_id(seed: int, numbers: Integers, copy: Integers | int = 0) -> NDArray[Any]:
    """Numbers of a laboratory for first samples (copy 0) or for duplicates (copy 1). Unique below 500 million."""
    return numbered("LAB", seed, numbers + 500_000_000 * copy)


def numbered(prefix: str, seed: int, numbers: Integers) -> NDArray[Any]:
    """The prefix and nine digits. Unique for numbers below a billion."""
    return _texts(f"{prefix}{number:09d}" for number in _permuted(prefix, seed, numbers, 32_000, 31_250))


def medicare_number(seed: int, numbers: Integers) -> NDArray[Any]:
    """Medicare Beneficiary Identifiers of eleven signs, by CMS's format but for the second sign.

    It is S, as in CMS's synthetic data, which an issued number never has. Unique for numbers below 648 billion.
    """
    sizes = [len(signs) for signs in _MEDICARE_NUMBER]
    permuted = _permuted("medicare", seed, numbers, math.prod(sizes[:6]), math.prod(sizes[6:]))
    return _texts(_mixed_radix(number) for number in permuted)


def phone(uniform: Floats) -> NDArray[Any]:
    """Phone numbers from 555-0100 to 555-0199, the range kept for fiction. There are only 900, so people share them."""
    drawn = (uniform * len(_AREA_CODES) * 100).astype(np.int64)
    return _texts(f"({_AREA_CODES[number // 100]}) 555-01{number % 100:02d}" for number in drawn.tolist())


def valid_npi(number: str) -> bool:
    """Whether it is ten digits of which the last is the check digit of the others."""
    return len(number) == 10 and number.isdigit() and number == _with_check_digit(number[:9])


def _permuted(purpose: str, seed: int, numbers: Integers, high: int, low: int) -> list[int]:
    """A random permutation of the numbers below high times low: a Feistel network, each half shifted by the other."""
    left, right = np.divmod(numbers % (high * low), low)
    for turn in range(_TURNS):
        left = (left + identify(purpose, seed, turn, right)) % high
        right = (right + identify(purpose, seed, turn, left)) % low
    permuted: list[int] = (left * low + right).tolist()
    return permuted


def _with_check_digit(digits: str) -> str:
    """Append Luhn's check digit, as if 80840 stood before the digits."""
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed("80840" + digits), start=1)]
    total = sum(value // 10 + value % 10 for value in doubled)
    return f"{digits}{-total % 10}"


def _mixed_radix(number: int) -> str:
    signs = []
    for choices in reversed(_MEDICARE_NUMBER):
        number, place = divmod(number, len(choices))
        signs.append(choices[place])
    return "".join(reversed(signs))


def _texts(values: Any) -> NDArray[Any]:
    return np.array(list(values), dtype=object)
