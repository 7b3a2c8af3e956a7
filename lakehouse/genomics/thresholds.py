"""The thresholds of quality control, each with its source.

Those of Anderson and others 2010 (Nature Protocols 5:1564) are cited from memory of the paper; the others
were read in the published code that is named.
"""

from __future__ import annotations

# One genotype: what gnomAD calls "adj" (Karczewski and others 2020, Nature 581:434; cited from memory).
GENOTYPE_QUALITY = 20
GENOTYPE_DEPTH = 10
HAPLOID_GENOTYPE_DEPTH = 5

# One sample.
SAMPLE_CALL_RATE = 0.97
"""At least (Hail's tutorial of a genome-wide association study)."""
SAMPLE_MEAN_DEPTH = 15.0
"""At least, for whole genomes (gnomAD v2 and v3, gnomad_qc: hard filters)."""

# One variant.
VARIANT_CALL_RATE = 0.95
"""At least (Anderson and others 2010)."""
HARDY_WEINBERG_P_VALUE = 1e-6
"""More than (Hail's tutorial of a genome-wide association study)."""
