"""A part of every note: what it says, and which conditions it mentions."""

from __future__ import annotations

from dataclasses import dataclass

PRESENT, DENIED, FAMILY, HISTORY = "+", "-", "family:", "history:"
"""What stands before the key of a condition: he has it, denies it, a relative has it, or a former note said so."""


@dataclass(frozen=True)
class Section:
    """One text a note, empty where it has none; the conditions in the order of the text."""

    texts: list[str]
    mentions: list[list[str]]

    @classmethod
    def of_facts(cls, texts: list[str]) -> Section:
        """Texts that mention no condition."""
        return cls(texts, [[] for _ in texts])
