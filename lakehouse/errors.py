"""Errors that a person at the terminal can act on: one line, and what to do."""

from __future__ import annotations

import reprlib
from typing import Any

_SHORT = reprlib.Repr()
_SHORT.maxlevel, _SHORT.maxstring, _SHORT.maxother = 2, 120, 120


class LakehouseError(Exception):
    """Work that failed for a reason the user can mend. The command ends with exit code 1."""


class UsageError(LakehouseError):
    """The command, its arguments or its conf are wrong. The command ends with exit code 2."""


class ContractError(LakehouseError):
    """A table's declaration contradicts itself, or its rows break what it promises."""


def shown(value: Any) -> str:
    """What somebody gave, for the message that refuses it: as Python writes it, and cut where it is long."""
    return _SHORT.repr(value)
