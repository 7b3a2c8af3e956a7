"""Hand-made lines of RIF files, and the sample's files as Python's own csv reader sees them."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import datetime

from pyspark.sql import DataFrame, SparkSession

from lakehouse.bronze.claims.claims_line import ClaimsLine
from tests.conftest import SAMPLE


def landed(kind: str) -> list[dict[str, str]]:
    """The sample's lines of one kind of file."""
    rows: list[dict[str, str]] = []
    for file in sorted((SAMPLE / "claims" / "2026-01-01").glob(f"{kind}*.csv")):
        with file.open(encoding="utf-8") as text:
            rows += csv.DictReader(text, delimiter="|", quoting=csv.QUOTE_NONE)
    return rows


def claims_lines(spark: SparkSession, kind: str, lines: Iterable[tuple[str, dict[str, str]]]) -> DataFrame:
    """Lines of one kind of file, each given by its delivery and its fields, as landing them would make them."""
    rows = []
    for number, (delivery, fields) in enumerate(lines, start=1):
        raw = "|".join(fields.values())
        row = {
            "delivery": delivery,
            "file": f"claims/{delivery}/{kind}.csv",
            "block_start": 0,
            "line": number,
            "line_id": number,
            "arrived_at": datetime(2026, 1, 1),
            "raw": raw,
            "file_kind": kind,
            "header": "|".join(fields),
            "bene_id": fields["BENE_ID"],
            "field_values": [value or None for value in fields.values()],
        }
        rows.append(tuple(row.get(name) for name in ClaimsLine.declared))
    return spark.createDataFrame(rows, ClaimsLine.ddl())
