"""The results of the checks as a person and a program read them."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from rich.console import Console

from lakehouse.errors import UsageError
from lakehouse.report import quality
from lakehouse.report.quality import CheckResult, Delivered, sparkline
from lakehouse.silver.quality.quality_check_result import QualityCheckResult
from lakehouse.storage import Record, Storage
from tests.support import rows_of


def row(delivery: str, looked_at: int, failing: int, field: str = "condition_concept_id") -> dict[str, object]:
    percent = 100 * failing / looked_at if looked_at else None
    return {
        "cdm_table": "condition_occurrence", "cdm_field": field, "check_name": "fkDomain", "category": "conformance",
        "concept_id": 0, "unit_concept_id": 0, "delivery": delivery, "rows_looked_at": looked_at,
        "rows_failing": failing, "percent_failing": percent, "threshold": 0,
        "passed": None if percent is None else percent <= 0,
    }  # fmt: skip


def test_results_have_their_deliveries_in_order(spark: SparkSession, tmp_path: Path) -> None:
    storage = Storage(spark, f"{tmp_path}/tables")
    with pytest.raises(UsageError, match="nothing was checked yet"):
        quality.results(storage)
    rows = [row("2026-02-01", 10, 5), row("all", 30, 6), row("2026-01-01", 20, 1), row("all", 0, 0, "stop_reason")]
    storage.replace(QualityCheckResult, rows_of(spark, QualityCheckResult, *rows), Record("", {}, "full"))
    found, nothing = quality.results(storage)
    assert (found.rows, found.failing, found.percent, found.passed) == (30, 6, 20.0, False)
    assert found.deliveries == (Delivered("2026-01-01", 20, 1, 5.0), Delivered("2026-02-01", 10, 5, 50.0))
    assert (nothing.rows, nothing.percent, nothing.passed, nothing.deliveries) == (0, None, None, ())


def test_trends_are_told_by_bars() -> None:
    assert sparkline([0.0, None, 5.0, 10.0]) == "▁·▅█"
    assert sparkline([0.0, 0.0]) == "▁▁"
    assert sparkline([]) == ""


def test_what_fails_is_shown_with_its_trend() -> None:
    deliveries = (Delivered("2026-01-01", 20, 1, 5.0), Delivered("2026-02-01", 10, 5, 50.0))
    failed = CheckResult("measurement", "unit[s]", "fkDomain", "conformance", 7, 0, 30, 6, 20.0, 0, False, deliveries)
    third = (Delivered("2026-03-01", 2, 0, 0.0),)
    passed = CheckResult("measurement", "unit[s]", "isRequired", "conformance", 0, 0, 2, 0, 0.0, 0, True, third)
    console = Console(file=io.StringIO(), width=160)
    quality.show(console, [failed, passed])
    told = console.file.getvalue()  # type: ignore[attr-defined]
    assert "unit[s]" in told
    assert "20.00" in told
    assert "▂█·" in told
    assert "1 of 2 checks passed" in told
    assert "isRequired" not in told
    assert quality.as_json([failed])[0]["deliveries"] == (
        {"delivery": "2026-01-01", "rows": 20, "failing": 1, "percent": 5.0},
        {"delivery": "2026-02-01", "rows": 10, "failing": 5, "percent": 50.0},
    )
