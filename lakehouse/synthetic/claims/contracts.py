"""Contracts of private Medicare plans. No real contract has such a number: CMS's begin with E, H, R or S."""

from __future__ import annotations

_PLANS = 10
PACKAGE = "'800'"
"""SQL: the benefit package of every plan."""


def contract(letter: str) -> str:
    """SQL: the contract of the person's plan; the same in all files."""
    return f"concat('{letter}', lpad(cast(pmod(person, {_PLANS}) + 1 as string), 4, '0'))"


ADVANTAGE = contract("Y")
DRUGS = contract("Z")
