"""Landed lines from the text of files, for golden cases."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from lakehouse.bronze.genomics.genomics_line import GenomicsLine
from lakehouse.keys import row_id

META = "##fileformat=VCFv4.2"
COLUMNS = "#CHROM POS ID REF ALT QUAL FILTER INFO FORMAT"


def vcf(samples: str, *records: str, meta: tuple[str, ...] = ()) -> list[str]:
    """The lines of a VCF file; fields are separated by blanks."""
    return ["\t".join(line.split()) for line in (META, *meta, f"{COLUMNS} {samples}", *records)]


def landed(spark: SparkSession, files: Mapping[str, list[str]]) -> Any:
    """The lines of files, by their path `genomics/<delivery>/<name>`, as landing takes them: GenomicsLine rows."""
    rows = []
    for file, lines in files.items():
        is_vcf = not file.endswith(".tsv")
        header = next(line for line in lines if not is_vcf or line.startswith("#CHROM"))
        for number, line in enumerate(lines, 1):
            kind = ("vcf_header" if line.startswith("#") else "vcf_record") if is_vcf else "samples"
            known = {"delivery": file.split("/")[1], "file": file, "line_kind": kind, "header": header, "raw": line}
            place = {"block_start": 0, "line": number, "line_id": hash_of(file, number)}
            rows.append({**known, **place, "arrived_at": datetime(2026, 1, 1, tzinfo=UTC), "defect": None})
    names = list(GenomicsLine.declared)
    return spark.createDataFrame([tuple(row[name] for name in names) for row in rows], GenomicsLine.ddl())


def hash_of(file: str, line: int) -> int:
    """An id of a line that is the same in every run."""
    return int.from_bytes(file.encode()[-5:], "big") * 1000 + line


def names_of(samples: DataFrame) -> dict[int, str]:
    """The laboratory's names of samples by the ids that tables know them by. samples: a column `sample_id`."""
    rows = samples.select(row_id("sample", "sample_id").alias("specimen_id"), "sample_id").distinct().collect()
    return {row.specimen_id: row.sample_id for row in rows}
