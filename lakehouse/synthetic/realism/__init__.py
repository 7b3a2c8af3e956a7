"""Whether the population is like the real one: published figures beside its own.

Each module of measures computes one group of figures from the frames, as rows of measure, segment, value and n;
`targets.csv` has what is published about the same measure and segment, and how far the population may be from it.
"""

from __future__ import annotations

from lakehouse.synthetic.realism.report import Report, report

__all__ = ["Report", "report"]
