"""Sums of amounts that may be missing."""


def total(*amounts: str) -> str:
    """SQL: the sum of these columns; a missing amount adds nothing."""
    return " + ".join(f"coalesce({amount}, 0)" for amount in amounts)
