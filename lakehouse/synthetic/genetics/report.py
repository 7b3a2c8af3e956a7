"""The report: what was found in the genomes that landed beside what is expected, and pictures of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from rich.console import Console
from rich.table import Table

from lakehouse.synthetic import page
from lakehouse.synthetic.genetics import (
    families,
    founders,
    frequencies,
    homozygosity,
    landed,
    linkage,
    pharmacogenes,
    phenotypes,
    pictures,
    structure,
    traits,
)
from lakehouse.synthetic.genetics.figures import Figure
from lakehouse.synthetic.genetics.founders import Founders
from lakehouse.synthetic.genetics.landed import Landed, Places
from lakehouse.synthetic.world import World


@dataclass(frozen=True)
class Report:
    """All figures, group by group, and the pictures as elements of a page."""

    figures: tuple[Figure, ...]
    pictures: tuple[str, ...] = ()

    @property
    def counted(self) -> tuple[Figure, ...]:
        """Those that are for pass or fail."""
        return tuple(one for one in self.figures if one.counts)

    @property
    def failed(self) -> tuple[Figure, ...]:
        """Those of them that do not hold."""
        return tuple(one for one in self.counted if not one.holds)

    @property
    def summary(self) -> str:
        """How many figures hold."""
        held, rest = len(self.counted) - len(self.failed), len(self.figures) - len(self.counted)
        return f"{held} of {len(self.counted)} figures of genetics hold; {rest} are shown and not counted."

    def as_json(self) -> dict[str, Any]:
        """The report as plain values."""
        rows = [{**asdict(one), "holds": one.holds} for one in self.figures]
        return {"counted": len(self.counted), "held": len(self.counted) - len(self.failed), "figures": rows}

    def print(self, console: Console) -> None:
        """A table for each group, then the count, and what does not hold."""
        for group in dict.fromkeys(one.group for one in self.figures):
            console.print(_table(group, [one for one in self.figures if one.group == group]))
        console.print(self.summary)
        for one in self.failed:
            told = f"{page.number(one.found)} instead of {page.number(one.low)} to {page.number(one.high)}"
            console.print(f"  {one.measure}, {one.segment}: {told}")


def report(spark: SparkSession, frames: DataFrame, world: World, places: Places, path: Path | str) -> Report:
    """Measure the genomes of a world that landed; writes the report as a page to a local path too.

    frames: the rows of all frames in the union's columns, as staged.
    Raises LakehouseError where no sample is left when those that the laboratory spoilt are left out.
    """
    genomes = landed.read(spark, world, frames, places)
    made = measure(world, frames, genomes, founders.read(world, places.panels, genomes))
    page.write(path, made.print, "\n".join(made.pictures))
    return made


def measure(world: World, frames: DataFrame, genomes: Landed, of: Founders) -> Report:
    """All figures and pictures of genomes and the founders that they are made of."""
    scores, decays = structure.components(genomes, of), linkage.decays(genomes, of)
    estimates = tuple(traits.estimates(genomes, frames))
    figures = (
        *frequencies.figures(genomes, of), *linkage.figures(decays), *structure.figures(genomes, of, scores),
        *homozygosity.figures(world, genomes, of), *families.figures(genomes, of), *traits.figures(estimates),
        *phenotypes.figures(world, genomes, frames, {trait.key: trait for trait, _, _ in estimates}),
        *pharmacogenes.figures(genomes),
    )  # fmt: skip
    drawn = (
        pictures.components(genomes, scores), pictures.spectra(tuple(frequencies.spectra(genomes, of))),
        pictures.decays(decays), pictures.effects(estimates),
    )  # fmt: skip
    return Report(figures, drawn)


def _table(group: str, figures: list[Figure]) -> Table:
    counted = [one for one in figures if one.counts]
    title = f"{group}: {sum(one.holds for one in counted)} of {len(counted)} hold"
    return page.table(title, "expected", "found", map(_row, figures))


def _row(one: Figure) -> tuple[str, ...]:
    return (
        one.measure, one.segment, page.number(one.expected), page.number(one.found), page.number(one.low),
        page.number(one.high), f"{one.n:,}", _verdict(one), one.source,
    )  # fmt: skip


def _verdict(one: Figure) -> str:
    if one.found is None:
        return "too few"
    return "holds" if one.holds else "[bold red]no[/]" if one.counts else "[yellow]no[/]"
