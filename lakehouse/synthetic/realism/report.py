"""The report: published figures beside the population's own, which hold, which do not and by how much."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from rich.console import Console
from rich.table import Table

from lakehouse.synthetic import page
from lakehouse.synthetic.frames import ALL, FRAME
from lakehouse.synthetic.realism import (
    billing,
    costs,
    demography,
    hospital,
    laboratory,
    mortality,
    prevalence,
    prevention,
    treatment,
    utilisation,
)
from lakehouse.synthetic.realism.persons import Population
from lakehouse.synthetic.realism.targets import Target, targets
from lakehouse.synthetic.world import World

GROUPS: tuple[ModuleType, ...] = (
    demography, mortality, prevalence, treatment, prevention, laboratory, utilisation, hospital, costs, billing,
)  # fmt: skip
"""The modules that measure, one a group of figures; each reads the frames in one job."""


@dataclass(frozen=True)
class Comparison:
    """A published figure and the population's: value and n are None where the population has nothing to measure."""

    target: Target
    value: float | None
    n: int

    @property
    def holds(self) -> bool:
        """Whether the population's figure is within the tolerance."""
        return self.value is not None and self.target.low <= self.value <= self.target.high

    @property
    def ratio(self) -> float | None:
        """The population's figure as a multiple of the published one."""
        return self.value / self.target.value if self.value is not None and self.target.value else None


@dataclass(frozen=True)
class Report:
    """All comparisons, in the order of the targets."""

    comparisons: tuple[Comparison, ...]

    @cached_property
    def verified(self) -> tuple[Comparison, ...]:
        """Those that count for pass or fail."""
        return tuple(one for one in self.comparisons if one.target.is_verified)

    @property
    def held(self) -> int:
        """How many of the verified figures hold."""
        return sum(one.holds for one in self.verified)

    @property
    def failed(self) -> tuple[Comparison, ...]:
        """The verified figures that do not hold."""
        return tuple(one for one in self.verified if not one.holds)

    def as_json(self) -> dict[str, Any]:
        """The report as plain values."""
        rows = [
            {**asdict(one.target), "population": one.value, "n": one.n, "holds": one.holds} for one in self.comparisons
        ]
        return {"verified": len(self.verified), "held": self.held, "figures": rows}

    def print(self, console: Console) -> None:
        """A table for each group, then the count, and what does not hold."""
        for group in dict.fromkeys(one.target.group for one in self.comparisons):
            console.print(_table(group, [one for one in self.comparisons if one.target.group == group]))
        console.print(self.summary)
        for one in self.failed:
            console.print(f"  {one.target.measure}, {one.target.segment}: {_missed(one)}")

    @property
    def summary(self) -> str:
        """How many figures hold."""
        share = 100 * self.held / max(len(self.verified), 1)
        others = Counter(one.holds for one in self.comparisons if not one.target.is_verified)
        wide = f" Of figures that were not verified, {others[True]} of {others.total()} hold." if others else ""
        return f"{self.held} of {len(self.verified)} verified figures hold ({share:.0f} %).{wide}"


def report(spark: SparkSession, frames: DataFrame, world: World, path: Path | str) -> Report:
    """Measure the population and compare it; writes the report as a page to a local path too.

    frames: the rows of all frames in the union's columns, as staged.
    """
    found = measure(frames, world)
    comparisons = tuple(Comparison(one, *found.get((one.measure, one.segment), (None, 0))) for one in targets())
    made = Report(comparisons)
    page.write(path, made.print)
    return made


def measure(frames: DataFrame, world: World) -> dict[tuple[str, str], tuple[float | None, int]]:
    """Value and n of every measure and segment that a target asks for."""
    by_frame = {one: frames.where(F.col(FRAME) == one.name).select(*one.select()) for one in ALL}
    population = Population(by_frame, world)
    wanted = sorted({one.measure for one in targets()})
    found: dict[tuple[str, str], tuple[float | None, int]] = {}
    for group in GROUPS:
        rows = group.measures(population).where(F.col("measure").isin(wanted)).collect()
        found |= {(row.measure, row.segment): (row.value, row.n or 0) for row in rows}
    population.forget()
    return found


def _table(group: str, comparisons: list[Comparison]) -> Table:
    held = sum(one.holds for one in comparisons)
    title = f"{group}: {held} of {len(comparisons)} hold"
    return page.table(title, "published", "population", map(_row, comparisons))


def _row(one: Comparison) -> tuple[str, ...]:
    target = one.target
    verdict = "holds" if one.holds else "[bold red]no[/]" if target.is_verified else "[yellow]no[/]"
    return (
        target.measure, target.segment, page.number(target.value), page.number(one.value), page.number(target.low),
        page.number(target.high), f"{one.n:,}", verdict, f"{target.source} ({target.verification})",
    )  # fmt: skip


def _missed(one: Comparison) -> str:
    if one.value is None:
        return "not measured"
    return (
        f"{page.number(one.value)} instead of {page.number(one.target.value)} (x {one.ratio:.2f})"
        if one.ratio
        else page.number(one.value)
    )
