"""Sample manifests of the laboratory."""

from __future__ import annotations

from pyspark.sql import DataFrame

from lakehouse.bronze.genomics.genomics_line import GenomicsLine
from lakehouse.bronze.landed_line import PLACE, FromLine
from lakehouse.bronze.record import SourceRecord
from lakehouse.contract import Column, expect, expect_or_drop


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
    collection_date = Column("date", "day on which the sample was taken; null where it is not told as yyyy-mm-dd")
    collection_date_told = Column("string", "the same as the manifest tells it")

    expectations = (
        expect_or_drop("names a sample", "sample_id is not null"),
        expect("its date is a date", "collection_date is not null or collection_date_told is null"),
    )

    @staticmethod
    def build(lines: GenomicsLine) -> DataFrame:
        """Read the lines of the manifests."""
        return lines.filter("line_kind = 'samples' and defect is null and raw != header").selectExpr(
            *FromLine.declared,
            "xxhash64(raw) as content",
            *(f"{_field(name)} as {name}" for name in ("sample_id", "medical_record_number", "batch", "sex")),
            f"cast({_field('collection_date')} as date) as collection_date",
            f"{_field('collection_date')} as collection_date_told",
        )


def _field(name: str) -> str:
    """SQL: the field of that name; null where it is blank or the manifest has no such column."""
    return f"nullif(trim(get(split(raw, '\\t'), array_position(split(header, '\\t'), '{name}') - 1)), '')"
