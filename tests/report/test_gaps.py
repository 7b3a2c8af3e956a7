"""What did not come through is told by its reason, the most frequent first."""

from __future__ import annotations

import io
import re
from pathlib import Path

from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from rich.console import Console

from lakehouse.bronze.ehr.encounter import Encounter
from lakehouse.bronze.unreadable import Unreadable
from lakehouse.catalog import Catalog
from lakehouse.config import Conf
from lakehouse.lake import Lake
from lakehouse.quality import REASONS
from lakehouse.report import gaps
from lakehouse.silver.clinical.person import Person
from lakehouse.silver.vocabulary.unmapped_code import UnmappedCode
from lakehouse.storage import Record, Storage
from tests.support import rows_of


def test_each_gap_is_counted_by_its_reason(spark: SparkSession, tmp_path: Path) -> None:
    storage, record = Storage(spark, str(tmp_path)), Record("", {}, "full")
    unreadable = [
        {"world": "ehr", "reason": "not a JSON object", "delivery": delivery, "file": f"ehr/{delivery}/a.ndjson"}
        for delivery in ("2026-01-01", "2026-02-01", "2026-02-01")
    ]
    storage.replace(Unreadable, rows_of(spark, Unreadable, *unreadable), record)
    storage.replace(Encounter, rows_of(spark, Encounter, {"unread_fields": ["length", "text"]}, {}), record)
    refused = rows_of(spark, Person, {"person_id": 1}).withColumn(REASONS, F.array(F.lit("was born"), F.lit("lives")))
    storage.replace(Person, rows_of(spark, Person), record)
    storage.replace(Person, refused, record, quarantine=True)
    code = {"clinical_table": "measurement", "field": "measurement_source_value", "source_code": "[x]", "rows": 7}
    storage.replace(UnmappedCode, rows_of(spark, UnmappedCode, code), record)
    console = Console(file=io.StringIO(), width=160)
    tables = Catalog((Unreadable, Encounter, Person, UnmappedCode))
    gaps.show(console, Lake(Conf(home=str(tmp_path)), spark, storage, tables))
    told = console.file.getvalue()  # type: ignore[attr-defined]
    assert re.search(r"^ *ehr +not a JSON object +2 +ehr/2026-02-01/a\.ndjson +3 *$", told, re.MULTILINE)
    assert re.findall(r"^ *silver\.person +(.*?) +1 *$", told, re.MULTILINE) == ["lives", "was born"]
    assert re.findall(r"^ *bronze\.encounter +(.*?) +1 *$", told, re.MULTILINE) == ["length", "text"]
    assert re.search(r"^ *measurement +measurement_source_value +\[x\] +7 *$", told, re.MULTILINE)
