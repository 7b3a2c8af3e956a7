"""How good the tables of OMOP are: the results of the checks, and how they went from delivery to delivery."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from pyspark.sql import functions as F
from rich.console import Console
from rich.markup import escape

from lakehouse.errors import UsageError
from lakehouse.report.summary import grid
from lakehouse.silver.quality.checks import EVERY_DELIVERY
from lakehouse.silver.quality.quality_check_result import QualityCheckResult
from lakehouse.storage import Storage

_BARS = "▁▂▃▄▅▆▇█"
_NOTHING = "·"


@dataclass(frozen=True)
class Delivered:
    """What a check found among the rows of one delivery."""

    delivery: str
    rows: int
    failing: int
    percent: float | None


@dataclass(frozen=True)
class CheckResult:
    """What a check found in the whole table, and in each delivery.

    passed: None where there was nothing to look at.
    """

    table: str
    field: str
    check: str
    category: str
    concept_id: int
    unit_concept_id: int
    rows: int
    failing: int
    percent: float | None
    threshold: int
    passed: bool | None
    deliveries: tuple[Delivered, ...]


def results(storage: Storage) -> list[CheckResult]:
    """The result of every check. Raises UsageError where nothing was checked yet."""
    if not storage.exists(QualityCheckResult):
        raise UsageError("nothing was checked yet: run `lakehouse refresh`")
    found = F.struct(
        "delivery", F.col("rows_looked_at").alias("rows"), F.col("rows_failing").alias("failing"),
        F.col("percent_failing").alias("percent"),
    )  # fmt: skip
    is_whole = F.col("delivery") == EVERY_DELIVERY
    by_check = (
        storage.read(QualityCheckResult)
        .groupBy("cdm_table", "cdm_field", "check_name", "category", "concept_id", "unit_concept_id", "threshold")
        .agg(
            F.max(F.when(is_whole, found)).alias("whole"),
            F.bool_and(F.when(is_whole, F.col("passed"))).alias("passed"),
            F.sort_array(F.collect_list(F.when(~is_whole, found))).alias("deliveries"),
        )
        .orderBy("cdm_table", "cdm_field", "check_name", "concept_id", "unit_concept_id")
    )
    return [
        CheckResult(
            row.cdm_table, row.cdm_field, row.check_name, row.category, row.concept_id, row.unit_concept_id,
            row.whole.rows, row.whole.failing, row.whole.percent, row.threshold, row.passed,
            tuple(Delivered(*delivery) for delivery in row.deliveries),
        )
        for row in by_check.collect()
    ]  # fmt: skip


def as_json(found: Iterable[CheckResult]) -> list[dict[str, object]]:
    """The results as plain values."""
    return [asdict(result) for result in found]


def sparkline(percents: Iterable[float | None]) -> str:
    """A bar for each percentage, the highest for the largest of them; a dot where there is none."""
    values = list(percents)
    most = max((value for value in values if value is not None), default=0.0)
    return "".join(_NOTHING if v is None else _BARS[round(v / most * (len(_BARS) - 1)) if most else 0] for v in values)


def show(console: Console, found: list[CheckResult]) -> None:
    """How many checks of each table pass, then those that fail, each with its trend over the deliveries."""
    tables = grid("table", "checks", "passed", "failed", "nothing to check", right=("checks", "passed", "failed"))
    for name in dict.fromkeys(result.table for result in found):
        outcomes = Counter(result.passed for result in found if result.table == name)
        cells = (outcomes.total(), outcomes[True], outcomes[False], outcomes[None])
        tables.add_row(name, *(f"{number:,}" if number else "" for number in cells))
    console.print(tables)
    failed = [result for result in found if result.passed is False]
    deliveries: dict[str, set[str]] = defaultdict(set)
    for result in found:
        deliveries[result.table].update(told.delivery for told in result.deliveries)
    checks = grid(
        "table", "field", "check", "of", "rows", "failing", "percent", "may", "by delivery",
        right=("rows", "failing", "percent", "may"),
    )  # fmt: skip
    for result in failed:
        checks.add_row(
            result.table,
            escape(result.field),
            result.check,
            str(result.concept_id or ""),
            f"{result.rows:,}",
            f"{result.failing:,}",
            f"{result.percent:.2f}",
            str(result.threshold),
            sparkline(map({d.delivery: d.percent for d in result.deliveries}.get, sorted(deliveries[result.table]))),
        )
    if failed:
        console.print(checks)
        console.print(
            "of: the concept that is looked at; percent: of the rows that fail, may: up to which a check passes; by "
            "delivery: the same percentage in each, from the oldest"
        )
    judged = [result for result in found if result.passed is not None]
    console.print(f"{len(judged) - len(failed):,} of {len(judged):,} checks passed", highlight=False)
