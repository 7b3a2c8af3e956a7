"""Numbers that Hail computes, as tables take them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hail.expr import Float64Expression


def finite(number: Float64Expression) -> Float64Expression:
    """The number, or missing where it is a ratio over nothing."""
    import hail as hl

    return hl.or_missing(hl.is_finite(number), number)
