"""The names of the checks that a variant can fail."""

from __future__ import annotations

CALLER_FILTER, LOW_CALL_RATE, HARDY_WEINBERG = "caller's filter", "low call rate", "Hardy-Weinberg"
