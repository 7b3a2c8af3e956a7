"""The report compares what is published with what is there."""

from __future__ import annotations

import json
from collections import Counter
from io import StringIO
from pathlib import Path

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest
from pyspark.sql import DataFrame, SparkSession
from rich.console import Console

from lakehouse.synthetic.block import record
from lakehouse.synthetic.frames import ALL, DDL, FRAME
from lakehouse.synthetic.realism import Report, demography, report
from lakehouse.synthetic.realism.persons import Population
from lakehouse.synthetic.realism.report import Comparison
from lakehouse.synthetic.realism.targets import Target, targets
from lakehouse.synthetic.world import World

FEW, MANY = World(people=1_000), World(people=20_000)

ENOUGH = 120
"""Verified figures that there must be at least."""

HOLDING = 0.9
"""The share of them that must hold at 20,000 people."""


def _stage(spark: SparkSession, world: World, folder: Path) -> DataFrame:
    """The frames of a world, written to a folder."""
    for block in range(world.blocks):
        for number, batch in enumerate(record(world, block)):
            pq.write_table(pa.Table.from_batches([batch]), folder / f"{block}-{number}.parquet")
    return spark.read.schema(DDL).parquet(str(folder))


def _target(measure: str, value: float, verification: str = "V") -> Target:
    return Target(measure, "group", measure, "all", value, 8.0, 12.0, "percent", "20%", "source", verification)


def test_targets_are_well_formed() -> None:
    assert max(Counter(one.key for one in targets()).values()) == 1
    assert max(Counter((one.measure, one.segment) for one in targets()).values()) == 1
    assert all(one.low <= one.value <= one.high and one.source and one.tolerance for one in targets())
    assert sum(one.is_verified for one in targets()) >= ENOUGH


def test_a_figure_holds_within_its_tolerance() -> None:
    assert Comparison(_target("share", 10.0), 8.0, 5).holds
    assert not Comparison(_target("share", 10.0), 12.1, 5).holds
    assert not Comparison(_target("share", 10.0), None, 0).holds


def test_it_says_what_does_not_hold() -> None:
    told = Report((
        Comparison(_target("near", 10.0), 11.0, 5),
        Comparison(_target("far", 10.0), 15.0, 5),
        Comparison(_target("absent", 10.0), None, 0),
        Comparison(_target("guessed", 10.0, "E"), 20.0, 5),
    ))  # fmt: skip
    console = Console(record=True, width=120, file=StringIO())
    told.print(console)
    text = console.export_text()
    assert "1 of 3 verified figures hold (33 %). Of figures that were not verified, 0 of 1 hold." in text
    assert "far, all: 15 instead of 10 (x 1.50)" in text
    assert "absent, all: not measured" in text
    assert "guessed, all:" not in text
    assert json.loads(json.dumps(told.as_json()))["held"] == 1


def test_shares_are_those_of_the_persons(spark: SparkSession, tmp_path: Path) -> None:
    frames = _stage(spark, FEW, tmp_path)
    population = Population({one: frames.where(frames[FRAME] == one.name).select(*one.select()) for one in ALL}, FEW)
    found = {(row.measure, row.segment): row.value for row in demography.measures(population).collect()}
    population.forget()
    assert sum(found["share_of_population", sex] for sex in ("female", "male")) == pytest.approx(100)
    bands = ("0-17", "18-24", "25-44", "45-64", "65+")
    assert sum(found["share_of_population", band] for band in bands) == pytest.approx(100)
    kinds = ("insured_private", "insured_public", "insured_uninsured")
    assert sum(found[kind, "45-64"] for kind in kinds) == pytest.approx(100)


@pytest.mark.slow
def test_nine_of_ten_published_figures_hold(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "frames").mkdir()
    told = report(spark, _stage(spark, MANY, tmp_path / "frames"), MANY, tmp_path / "realism.html")
    assert not [one.target.key for one in told.comparisons if one.value is None]
    assert told.held >= HOLDING * len(told.verified), told.summary
    assert f"{told.held} of {len(told.verified)}" in (tmp_path / "realism.html").read_text(encoding="utf-8")
