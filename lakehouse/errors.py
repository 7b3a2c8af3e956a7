"""Errors that a person at the terminal can act on: one line, and what to do."""

from __future__ import annotations


class LakehouseError(Exception):
    """Work that failed for a reason the user can mend. The command ends with exit code 1."""


class UsageError(LakehouseError):
    """The command, its arguments or its conf are wrong. The command ends with exit code 2."""


class ContractError(LakehouseError):
    """A table's declaration contradicts itself, or its rows break what it promises."""
