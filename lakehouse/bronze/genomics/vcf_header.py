"""What the #CHROM line of a VCF file tells, as SQL."""

from __future__ import annotations

SAMPLE_NAMES = "slice(split(header, '\\t'), 10, greatest(size(split(header, '\\t')) - 9, 0))"
"""The names of the samples."""

CALLSET = f"xxhash64({SAMPLE_NAMES})"
"""Which samples a file holds calls of, and in which order."""
