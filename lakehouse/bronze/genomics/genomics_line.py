"""Lines of VCF files and sample manifests."""

from __future__ import annotations

from lakehouse.bronze.landed_line import PLACE, LandedLine
from lakehouse.contract import Column


class GenomicsLine(LandedLine):
    """Every line of every VCF file (plain, gzip or bgzip) and every line of every sample manifest."""

    layer = "bronze"
    grain = "one row per line that landed"
    key = PLACE
    partition = "line_kind"

    line_kind = Column("string", "samples, vcf_header (its line begins with #), or vcf_record")
    header = Column("string", "the line that names the columns: #CHROM ... of a VCF, the first of a manifest")
