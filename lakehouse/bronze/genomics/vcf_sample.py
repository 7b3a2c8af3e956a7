"""The samples whose calls a VCF file holds."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.bronze.genomics.genomics_line import GenomicsLine
from lakehouse.bronze.genomics.vcf_header import CALLSET, SAMPLE_NAMES
from lakehouse.bronze.landed_line import FromLine
from lakehouse.contract import Column


class VcfSample(FromLine):
    """The columns of calls of each VCF file: whose calls stand where (VCF 4.2, the #CHROM line)."""

    layer = "bronze"
    grain = "one row per VCF file and sample in it"
    key = ("line_id", "sample_index")

    callset = Column("bigint", "which samples in which order: a hash of their names", required=True)
    sample_index = Column("int", "place of the sample's calls in VcfRecord.calls, from 0", required=True)
    sample_id = Column("string", "the laboratory's name of the sample", required=True)

    @staticmethod
    def build(lines: GenomicsLine) -> DataFrame:
        """Take the names from the header line of each VCF file."""
        return lines.filter("line_kind = 'vcf_header' and defect is null and raw = header").select(
            *FromLine.declared,
            F.expr(CALLSET).alias("callset"),
            F.posexplode(F.expr(SAMPLE_NAMES)).alias("sample_index", "sample_id"),
        )
