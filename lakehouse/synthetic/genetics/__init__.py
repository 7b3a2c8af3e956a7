"""The genetics of what landed, measured: a scorecard of the genomes.

Each module measures one group of figures, with what the founders, published values or conf lead to expect of them.
"""

from __future__ import annotations

from lakehouse.synthetic.genetics.landed import Places
from lakehouse.synthetic.genetics.report import Report, report

__all__ = ["Places", "Report", "report"]
