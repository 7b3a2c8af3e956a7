"""Lines of VCF files and sample manifests."""

from __future__ import annotations

from lakehouse.bronze.landed_line import PLACE, LandedLine
from lakehouse.contract import Column


class GenomicsLine(LandedLine):
    """Every line of every VCF file (plain, gzip or bgzip) and every line of every sample manifest."""

    layer = "bronze"
    grain = "one row per line that landed"
    key = PLACE
    partition = "file_kind"

    file_kind = Column("string", "vcf or samples")
    header = Column("string", "the line that names the columns: #CHROM ... of a VCF, the first of a manifest")
