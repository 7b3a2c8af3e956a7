"""How conditions and measures are named in a text: in full, abbreviated (knowledge/terms.csv), or misspelt."""

from __future__ import annotations

from functools import cache
from typing import Any

from numpy.typing import NDArray

from lakehouse.synthetic.knowledge import table
from lakehouse.synthetic.streams import Floats

_ABBREVIATED, _MISSPELT = 0.5, 0.03
"""Shares of the mentions: abbreviated where there is an abbreviation, and misspelt (E)."""

_PROPER_NAMES = ("Parkinson's", "Clostridioides")
_LEAST_MISSPELT_LENGTH = 6


def condition_terms(keys: NDArray[Any], uniform: Floats) -> list[str]:
    """A name for each condition, of whichever form the number of [0, 1) leads to."""
    forms = _forms()
    return [
        forms[key][0 if chance < _MISSPELT else 1 if chance < _MISSPELT + _ABBREVIATED else 2]
        for key, chance in zip(keys.tolist(), uniform.tolist(), strict=True)
    ]


@cache
def abbreviations(name: str) -> dict[str, str]:
    """By key: the abbreviations of the rows of a table of knowledge."""
    return {row["key"]: row["text"] for row in table("terms") if row["table"] == name}


@cache
def _forms() -> dict[str, tuple[str, str, str]]:
    """Of each condition: the name misspelt, abbreviated and in full."""
    short = abbreviations("conditions")
    names = {row["key"]: _in_a_sentence(row["name"]) for row in table("conditions")}
    return {key: (_misspelt(name), short.get(key, name), name) for key, name in names.items()}


def _in_a_sentence(name: str) -> str:
    """With a small letter at the beginning, unless the first word is a proper name or an abbreviation."""
    first = name.split()[0]
    is_proper = first in _PROPER_NAMES or not first[1:2].islower()
    return name if is_proper else name[0].lower() + name[1:]


def _misspelt(name: str) -> str:
    """Two letters within the longest word are transposed; short names stay as they are."""
    word = max(name.split(), key=len)
    unlike = [place for place in range(1, len(word) - 2) if word[place] != word[place + 1]]
    if len(word) < _LEAST_MISSPELT_LENGTH or not unlike:
        return name
    place = unlike[len(unlike) // 2]
    wrong = word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    return name.replace(word, wrong, 1)
