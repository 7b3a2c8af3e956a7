"""Sample manifests of the laboratory."""

from __future__ import annotations

from pyspark.sql import DataFrame

from lakehouse.bronze.genomics.genomics_line import GenomicsLine
from lakehouse.bronze.landed_line import PLACE, FromLine
from lakehouse.bronze.record import SourceRecord
from lakehouse.contract import Column, expect_or_drop


class SampleManifest(SourceRecord):
    """Whose sample each is, as the laboratory registered it (samples.tsv, found by the names in its header)."""

    layer = "bronze"
    grain = "one row per version of a sample's registration that landed"
    key = PLACE
    record = ("sample_id",)

    sample_id = Column("string", "the laboratory's name of the sample, as in the VCF files")
    medical_record_number = Column("string", "the hospital's number of the patient")
    batch = Column("string", "samples that were prepared and sequenced together")
    sex = Column("string", "sex as registered: male or female")
    collection_date = Column("date", "day on which the sample was taken")

    expectations = (expect_or_drop("names a sample", "sample_id is not null"),)

    @staticmethod
    def build(lines: GenomicsLine) -> DataFrame:
        """Read the lines of the manifests."""
        return lines.filter("line_kind = 'samples' and defect is null and raw != header").selectExpr(
            *FromLine.declared,
            "xxhash64(raw) as content",
            *(f"cast({_field(name)} as {SampleManifest.declared[name].type}) as {name}" for name in _NAMES),
        )


_NAMES = ("sample_id", "medical_record_number", "batch", "sex", "collection_date")


def _field(name: str) -> str:
    """SQL: the field of that name; null where it is blank or the manifest has no such column."""
    return f"nullif(trim(get(split(raw, '\\t'), array_position(split(header, '\\t'), '{name}') - 1)), '')"
