"""The stages of the work, as commands and jobs run them: what they do and what they print."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyspark.sql import DataFrame, SparkSession
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from lakehouse import session, tracking
from lakehouse.bronze.unreadable import Unreadable
from lakehouse.config import Conf
from lakehouse.contract import LandedTable
from lakehouse.erasure.record import unfinished
from lakehouse.erasure.source_ids import PERSON, SOURCES
from lakehouse.errors import LakehouseError, UsageError
from lakehouse.lake import Lake
from lakehouse.refresh import lease
from lakehouse.refresh.plan import Decision
from lakehouse.refresh.run import Outcome, Refresh
from lakehouse.release import asked as asked_for
from lakehouse.release import record as released
from lakehouse.release.cells import counted
from lakehouse.release.rows import anonymous, coarse
from lakehouse.report import accounts, gaps, query, summary
from lakehouse.report import quality as checked

if TYPE_CHECKING:
    from lakehouse.synthetic.generate import Generated
    from lakehouse.synthetic.world import World


def run_all(conf: Conf, wait_seconds: float = 0, debug: bool = False) -> int:
    """Refresh everything, train the models, and print what came of it. Returns the exit code.

    debug: print the stack traces of tables that fail.
    """
    tracking.tracking_uri(conf)  # refused now, and not after hours, where runs cannot be kept
    console = _console()
    started = time.monotonic()
    with _opened(conf) as lake:
        outcomes = _refresh(lake, console, (), False, wait_seconds)
        console.rule("tables")
        summary.print_outcomes(console, outcomes, time.monotonic() - started, debug)
        console.rule("accounts")
        summary.print_accounts(console, accounts.balance(lake.storage, lake.catalog))
        gaps.show_unreadable(console, lake.storage)
        console.rule("genomes")
        genomes = query.answer(lake, "select * from gold.variant_qc_summary order by contig, variant_type")
        query.show(console, genomes.columns, [list(row) for row in genomes.collect()])
        console.rule("models")
        _train(lake, console)
    console.rule()
    where = f"--home {conf.home}"
    console.print(
        f"done in {time.monotonic() - started:.0f} s. Next: lakehouse status {where}, lakehouse ui {where}, or"
    )
    console.print(f'  lakehouse sql {where} "select * from gold.cost_per_member_month"', highlight=False)
    return 1 if any(outcome.mode in ("failed", "blocked") for outcome in outcomes) else 0


def refresh(
    conf: Conf, select: Iterable[str], full: bool, wait_seconds: float, as_json: bool, debug: bool = False
) -> int:
    """Refresh the selected tables and print their outcomes. Returns the exit code.

    debug: print the stack traces of tables that fail; JSON has them always.
    """
    console = _console(stderr=as_json)
    started = time.monotonic()
    with _opened(conf) as lake:
        outcomes = _refresh(lake, console, select, full, wait_seconds)
        seconds = time.monotonic() - started
        if as_json:
            _print_json([asdict(outcome) for outcome in outcomes])
        else:
            if any(o.table == Unreadable.full_name() and o.mode in ("full", "incremental") for o in outcomes):
                gaps.show_unreadable(console, lake.storage)
            summary.print_outcomes(console, outcomes, seconds, debug)
    return 1 if any(outcome.mode in ("failed", "blocked") for outcome in outcomes) else 0


def generate(conf: Conf, if_empty: bool, with_report: bool, as_json: bool) -> None:
    """Generate the population of conf, and print what it came to and, if asked, whether it is like a real one."""
    from lakehouse.synthetic.deliveries import check
    from lakehouse.synthetic.folders import Folder
    from lakehouse.synthetic.marker import is_landed

    check(_world(conf))
    console = _console(stderr=as_json)
    spark = session.start(conf)
    try:
        if if_empty and is_landed(Folder(spark, conf.landing_path)):
            console.print(f"files have landed in {conf.landing_path}: nothing is generated", highlight=False)
            return
        with lease.hold(spark, conf.home):
            _generate(conf, spark, console, with_report, as_json)
    finally:
        spark.stop()


def _generate(conf: Conf, spark: SparkSession, console: Console, with_report: bool, as_json: bool) -> None:
    from lakehouse.synthetic.generate import Generation

    started, world = time.monotonic(), _world(conf)
    with _progress(console) as on_progress:
        scratch = f"{conf.home.rstrip('/')}/scratch"
        generation = Generation(spark, world, conf.landing_path, conf.truth_path, scratch, on_progress)
        generated = generation.write(keep_frames=with_report)
        frames = generation.frames() if with_report else None
        panels = generation.panels() if with_report and world.genotyping.share else None
    seconds = time.monotonic() - started
    if as_json:
        _print_json({**asdict(generated), "people": world.people, "seconds": seconds})
    else:
        _print_generated(console, conf, generated, seconds)
    if frames is not None:
        _print_reports(conf, spark, console, frames, panels)
    generation.clear()


def _print_reports(conf: Conf, spark: SparkSession, console: Console, frames: DataFrame, panels: str | None) -> None:
    """Whether the population is like the real one, and whether the genetics of who was genotyped is right."""
    from lakehouse.synthetic import genetics, realism

    home, world = conf.home.rstrip("/"), _world(conf)
    realism.report(spark, frames, world, f"{home}/realism.html").print(console)
    if panels is not None:
        places = genetics.Places(conf.landing_path, conf.truth_path, panels, f"{home}/scratch")
        genetics.report(spark, frames, world, places, f"{home}/genetics.html").print(console)


def preview(conf: Conf, select: Iterable[str], full: bool, as_json: bool) -> None:
    """Print what a refresh would do and why."""
    with _opened(conf) as lake:
        files, decisions = lake.preview(select, full)
    if as_json:
        _print_json(summary.plan_as_json(decisions, files))
        return
    console = _console()
    summary.print_plan(console, decisions)
    summary.print_waiting(console, conf.landing_path, files)


def train(conf: Conf, as_json: bool) -> None:
    """Train the models and print how they were judged."""
    with _opened(conf, must_exist=True) as lake:
        trained = _train(lake, _console(stderr=as_json))
    if as_json:
        _print_json(trained)


def status(conf: Conf, as_json: bool) -> None:
    """Print the state of every table, the accounts, and what was refused or left unread."""
    with _opened(conf, must_exist=True) as lake:
        decisions = Refresh(lake.storage, lake.catalog, lake.conf).preview(set(lake.catalog))
        tables = [_state(lake, name, decisions.get(name)) for name in lake.catalog.by_name]
        balances = accounts.balance(lake.storage, lake.catalog)
        if as_json:
            _print_json({"tables": tables, "accounts": accounts.as_json(balances)})
            return
        console = _console()
        grid = summary.grid(
            "table", "rows", "quarantined", "version", "state", right=("rows", "quarantined", "version")
        )
        for table in tables:
            grid.add_row(*(str(table[column]) for column in ("table", "rows", "quarantined", "version", "state")))
        console.print(grid)
        summary.print_accounts(console, balances)
        gaps.show(console, lake)


def quality(conf: Conf, as_json: bool) -> None:
    """Print the results of the checks of quality."""
    with _opened(conf, must_exist=True) as lake:
        found = checked.results(lake.storage)
        if as_json:
            _print_json(checked.as_json(found))
        else:
            checked.show(_console(), found)


def rotate_key(conf: Conf, wait_seconds: float, debug: bool) -> int:
    """Make all ids anew with a new key, remove the one before it, and print what was done. Returns the exit code."""
    console = _console()
    started = time.monotonic()
    with _opened(conf, must_exist=True) as lake, _bar(lake, console, ()) as (on_start, on_end):
        outcomes = lake.rotate_key(wait_seconds, on_start, on_end)
    summary.print_outcomes(console, outcomes, time.monotonic() - started, debug)
    if any(outcome.mode in ("failed", "blocked") for outcome in outcomes):
        console.print("the old key stays until all tables are made with the new one: mend that, and do it again")
        return 1
    console.print(
        "the old key is removed. Ids that it made are in older versions of the tables until you VACUUM them; line_id, "
        "the place of a landed line, stays as it was"
    )
    return 0


def erase(conf: Conf, person: int | None, source_id: str | None, reason: str, wait_seconds: float, debug: bool) -> None:
    """Remove a person, named by his person_id or by what a source knows him by, and print what was done."""
    if not reason.strip():
        raise UsageError("say why, with --reason")
    kind, _, name = (PERSON, "|", str(person)) if person is not None else (source_id or "").partition("|")
    if kind not in (PERSON, *SOURCES) or not name:
        raise UsageError(f"{source_id!r} is no id of a source: give one as {', '.join(f'{s}|ID' for s in SOURCES)}")
    console = _console()
    started = time.monotonic()
    with _opened(conf, must_exist=True) as lake, _bar(lake, console, ()) as (on_start, on_end):
        erased = lake.erase(kind, name, reason.strip(), wait_seconds, on_start, on_end)
    summary.print_outcomes(console, erased.outcomes, time.monotonic() - started, debug)
    models = (
        f"{erased.runs} runs of training that learned from the person are tagged in MLflow; " if erased.runs else ""
    )
    console.print(
        f"the person is in no table and in no older version of one; {models}files in the landing zone are as they "
        "were: whoever delivers them removes them"
    )


def release(conf: Conf, path: Path, to: str, again: bool) -> None:
    """Write the release that a file asks for, and print what it holds and what it leaves out.

    again: release columns that were released before.
    """
    asked = asked_for.load(path)
    with _opened(conf, must_exist=True) as lake:
        if unfinished(lake.audit) is not None:
            raise LakehouseError("an erasure was broken off: give the same `lakehouse erase` again, and it is finished")
        if not again:
            released.check(lake.audit, asked)
        rows = coarse(query.answer(lake, asked.query), asked).persist()
        told = counted(rows, asked) if asked.counts else anonymous(rows, asked)
        with lease.hold(lake.spark, lake.audit.tables_path):
            released.remember(lake.audit, asked)
        told.coalesce(1).write.option("header", "true").mode("error").csv(to)
        written, drawn = lake.spark.read.option("header", "true").csv(to).count(), rows.count()
    what = "cells, rounded" if asked.counts else f"rows of {drawn:,} that were drawn"
    _console().print(f"{written:,} {what}, in {to}", highlight=False, soft_wrap=True)


def sql(conf: Conf, asked: str, limit: int, as_json: bool, reason: str | None = None) -> None:
    """Answer a query over the tables. reason: why tables that identify people are read."""
    query.check(asked)
    with _opened(conf, must_exist=True) as lake:
        lake.spark.conf.set("spark.sql.jsonGenerator.ignoreNullFields", "false")
        rows = query.answer(lake, asked, reason).limit(limit + 1)
        if as_json:
            lines = rows.toJSON().collect()
            _print_json([json.loads(line) for line in lines[:limit]])
            found = len(lines)
        else:
            values = [list(row) for row in rows.collect()]
            query.show(_console(), rows.columns, values[:limit])
            found = len(values)
        if found > limit:
            _console(stderr=True).print(f"more than {limit} rows: --limit shows more")


def _console(stderr: bool = False) -> Console:
    """A console as wide as the terminal, or wide enough for a log."""
    return Console(stderr=stderr, width=None if sys.stdout.isatty() else 160)


@contextmanager
def _opened(conf: Conf, must_exist: bool = False) -> Iterator[Lake]:
    lake = Lake.open(conf, must_exist)
    try:
        yield lake
    finally:
        lake.spark.stop()


def _refresh(
    lake: Lake, console: Console, select: Iterable[str], full: bool, wait_seconds: float
) -> list[Outcome]:  # fmt: skip
    with _bar(lake, console, select) as (on_start, on_end):
        return lake.refresh(select, full, wait_seconds, on_start, on_end)


@contextmanager
def _bar(
    lake: Lake, console: Console, select: Iterable[str]
) -> Iterator[tuple[Callable[[str, Decision], None], Callable[[Outcome], None]]]:
    """What to call for each table that is refreshed: a bar on a terminal, and a line per table in a log."""
    number = sum(not issubclass(table, LandedTable) for table in lake.catalog.select(select))
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    progress = Progress(*columns, console=console, transient=True)
    bar = progress.add_task("taking what landed", total=number)

    def on_start(table: str, decision: Decision) -> None:
        progress.update(bar, description=f"{table} ({decision.mode})")

    def on_end(outcome: Outcome) -> None:
        progress.advance(bar)
        if not console.is_terminal and outcome.mode != "skipped":
            counts = f"rows={outcome.rows} quarantined={outcome.quarantined} seconds={outcome.seconds:.1f}"
            told = f"{outcome.table} {outcome.mode} {counts} why={outcome.reason}"
            console.print(told, soft_wrap=True, highlight=False, markup=False)

    with progress if console.is_terminal else nullcontext():
        yield on_start, on_end


def _world(conf: Conf) -> World:
    """The world that conf asks for."""
    from lakehouse.synthetic.world import Genotyping, Planted, World

    asked = conf.synthetic
    planted = Planted(**asked.planted.model_dump())
    genotyping = Genotyping(asked.genotyped, asked.sites, asked.platform, asked.genomes)
    return World(asked.people, asked.seed, asked.begin, asked.until, asked.monthly_deliveries, planted, genotyping)


@contextmanager
def _progress(console: Console) -> Iterator[Callable[[str, int, int], None]]:
    """Bars of what is counted on a terminal; in a log a line whenever a tenth more of it is done."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    progress = Progress(*columns, console=console, transient=True)
    bars: dict[str, TaskID] = {}
    tenths: dict[str, int] = {}

    def on_progress(what: str, done: int, total: int) -> None:
        if console.is_terminal:
            if what not in bars:
                bars[what] = progress.add_task(what)
            progress.update(bars[what], completed=done, total=total)
        elif done * 10 // total > tenths.get(what, -1):
            tenths[what] = done * 10 // total
            console.print(f"{what}: {done} of {total}", highlight=False)

    with progress if console.is_terminal else nullcontext():
        yield on_progress


def _print_generated(console: Console, conf: Conf, generated: Generated, seconds: float) -> None:
    table = summary.grid("written", "rows", right=("rows",))
    for name, rows in sorted(generated.rows.items()):
        table.add_row(name, f"{rows:,}")
    console.print(table)
    people, where = conf.synthetic.people, f"--home {conf.home} --landing {conf.landing_path}"
    resources, lines = generated.count("ehr"), generated.count("claims")
    console.print(
        f"{people:,} people, {resources:,} resources ({resources / people:.0f} a person), {lines:,} lines of claims "
        f"({lines / people:.0f} a person), {generated.files} files in {conf.landing_path}; the truth in "
        f"{conf.truth_path}: {'all there already' if generated.was_there else f'done in {seconds:.0f} s'}. "
        f"Next: lakehouse run {where}",
        highlight=False,
        soft_wrap=True,
    )


def _train(lake: Lake, console: Console) -> list[dict[str, Any]]:
    from lakehouse.models.training import train_all

    trained = []
    for name, logged, metrics in train_all(lake):
        if isinstance(logged, tracking.Logged):
            told = ", ".join(f"{metric} {value:.3g}" for metric, value in metrics.items())
            console.print(f"{name} version {logged.version}: {told}", highlight=False)
            trained.append({"model": name, "version": logged.version, "run_id": logged.run_id, "metrics": metrics})
        else:
            console.print(f"{name} was not trained: {logged}", highlight=False)
            trained.append({"model": name, "skipped": logged})
    return trained


def _state(lake: Lake, name: str, decision: Decision | None) -> dict[str, Any]:
    table = lake.catalog.by_name[name]
    last = lake.storage.last_commit(table)
    record = last.record if last else None
    landed = issubclass(table, LandedTable)
    rows = lake.storage.read(table).count() if landed else record.rows if record else 0
    state = "never written" if last is None else "up to date"
    if decision and (decision.mode != "skip" or decision.is_open):
        state = f"{decision.mode}: {decision.reason}"
    return {
        "table": name, "rows": rows, "quarantined": record.quarantined if record else 0,
        "version": last.version if last else None, "state": state,
        "broken": record.broken if record else {}, "fingerprint": record.fingerprint if record else None,
    }  # fmt: skip


def _print_json(value: Any) -> None:
    print(json.dumps(value, indent=2, default=str))
