"""The `lakehouse` command."""

from __future__ import annotations

import functools
import json
import os
import socket
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

import typer
from rich.console import Console

from lakehouse import __version__, catalog, config
from lakehouse.config import Conf
from lakehouse.errors import LakehouseError, UsageError

app = typer.Typer(
    help="Health records, claims and genomes of one population: from files to tables, analyses and models.",
    epilog="Start with `lakehouse run --landing DIR --home DIR`, after `lakehouse generate` where you have no files; "
    "then look around with status, sql, lineage and ui.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode="rich",
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"lakehouse {__version__}")
        raise typer.Exit


Home = Annotated[str | None, typer.Option(help="The lakehouse's own folder: any Hadoop path.", metavar="DIR")]
Landing = Annotated[str | None, typer.Option(help="Where files land; <home>/landing unless conf says.", metavar="DIR")]
ConfFile = Annotated[Path | None, typer.Option(help="A conf file, as conf/local.yaml.", metavar="FILE")]
Setting = Annotated[list[str] | None, typer.Option("--set", help="Override one value of conf.", metavar="KEY=VALUE")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the stack trace of an error.")]
Select = Annotated[
    list[str] | None,
    typer.Option(help="A table or layer; +NAME with all upstream, NAME+ with all downstream.", metavar="NAME"),
]
Full = Annotated[bool, typer.Option("--full", help="Rebuild the selected tables from their inputs.")]
Version = Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")]
Wait = Annotated[float, typer.Option(help="Seconds to wait for another refresh of the same home.", min=0)]


def _command(function: Callable[..., None]) -> Callable[..., None]:
    """A subcommand whose expected errors are one line, and whose exit code tells wrong use (2) from failed work (1)."""

    @functools.wraps(function)
    def guarded(*args: Any, **kwargs: Any) -> None:
        try:
            function(*args, **kwargs)
        except (typer.Exit, KeyboardInterrupt):
            raise
        except Exception as error:
            if kwargs.get("debug"):
                raise
            typer.echo(f"lakehouse: {_one_line(error)}", err=True)
            raise typer.Exit(2 if isinstance(error, UsageError) else 1) from None

    return app.command()(guarded)


def _one_line(error: Exception) -> str:
    if isinstance(error, LakehouseError):
        return str(error)
    text = str(error)
    if "No space left on device" in text:
        return "the disk is full: free some space and run the same command again; what was committed stands"
    if "Permission denied" in text or "Read-only file system" in text:
        return f"cannot write: {_first_line(text)}; make the home writable or name another with --home"
    return f"{type(error).__name__}: {_first_line(text)} (--debug shows where)"


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "no message")


def _conf(
    file: Path | None,
    settings: list[str] | None,
    home: str | None,
    landing: str | None = None,
    synthetic: Mapping[str, str | int | float | None] = MappingProxyType({}),
) -> Conf:
    default = Path(__file__).parent.parent / "conf" / "local.yaml"
    return config.load(file or (default if default.exists() else None), settings or (), home, landing, synthetic)


@_command
def run(
    home: Home = None,
    landing: Landing = None,
    conf_file: ConfFile = None,
    set_: Setting = None,
    wait: Wait = 0,
    debug: Debug = False,
) -> None:
    """The main job: take what landed, refresh every table, train the models, and sum it up."""
    from lakehouse.stages import run_all

    raise typer.Exit(run_all(_conf(conf_file, set_, home, landing), wait, debug))


@_command
def generate(
    people: Annotated[int | None, typer.Option(help="How many persons. The first N of more are the same.")] = None,
    seed: Annotated[int | None, typer.Option(help="Another seed is another population.")] = None,
    from_: Annotated[str | None, typer.Option("--from", help="The first day that is told.", metavar="DATE")] = None,
    until: Annotated[str | None, typer.Option(help="The last day that is told.", metavar="DATE")] = None,
    deliveries: Annotated[
        str | None,
        typer.Option(help="How many monthly deliveries follow the first, which has the history.", metavar="monthly:N"),
    ] = None,
    genotyped: Annotated[float | None, typer.Option(help="Of how many of the persons there is a genome.")] = None,
    sites: Annotated[int | None, typer.Option(help="How many places of the genome are genotyped.")] = None,
    report: Annotated[bool, typer.Option("--report", help="Compare it with published figures.")] = False,
    if_empty: Annotated[bool, typer.Option("--if-empty", help="Do nothing where files have landed.")] = False,
    home: Home = None,
    landing: Landing = None,
    conf_file: ConfFile = None,
    set_: Setting = None,
    json_: AsJson = False,
    debug: Debug = False,
) -> None:
    """Make a synthetic population: records, claims and genomes into the landing zone, and the truth apart from them.

    What is not said is as conf has it (section synthetic): 2,000 people,
    the seven years to 2025, three monthly deliveries after the first, and
    genomes of three in ten of them at 20,000 places.
    The same options make the same files, to the last line, and complete
    what was interrupted.

    --set synthetic.planted.NAME=0 takes one thing out of the world, 2
    doubles it: genetics, treatment, outbreaks, adverse_reactions,
    confounding, under_treatment, readmission, identity_noise, defects,
    lab_errors.
    """
    from lakehouse import stages

    asked = {
        "people": people, "seed": seed, "from": from_, "until": until, "deliveries": deliveries,
        "genotyped": genotyped, "sites": sites,
    }  # fmt: skip
    stages.generate(_conf(conf_file, set_, home, landing, asked), if_empty, report, json_)


@_command
def refresh(
    select: Select = None,
    full: Full = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done and why, and do nothing.")] = False,
    home: Home = None,
    landing: Landing = None,
    conf_file: ConfFile = None,
    set_: Setting = None,
    wait: Wait = 0,
    json_: AsJson = False,
    debug: Debug = False,
) -> None:
    """Take what landed and bring the tables up to date: each is skipped, refreshed where it changed, or rebuilt."""
    from lakehouse import stages

    conf = _conf(conf_file, set_, home, landing)
    catalog.load().select(select or ())
    if dry_run:
        stages.preview(conf, select or (), full, json_)
    else:
        raise typer.Exit(stages.refresh(conf, select or (), full, wait, json_, debug))


@_command
def train(
    home: Home = None, conf_file: ConfFile = None, set_: Setting = None, json_: AsJson = False, debug: Debug = False
) -> None:
    """Train the models on the tables as they are, and log them in MLflow with the versions of the tables."""
    from lakehouse import stages

    stages.train(_conf(conf_file, set_, home), json_)


@_command
def status(
    home: Home = None, conf_file: ConfFile = None, set_: Setting = None, json_: AsJson = False, debug: Debug = False
) -> None:
    """Every table's rows, version and state; where every landed row went; what was refused and why."""
    from lakehouse import stages

    stages.status(_conf(conf_file, set_, home), json_)


@_command
def quality(
    home: Home = None, conf_file: ConfFile = None, set_: Setting = None, json_: AsJson = False, debug: Debug = False
) -> None:
    """The checks of OHDSI's Data Quality Dashboard: how many pass, which fail, and how they went by delivery."""
    from lakehouse import stages

    stages.quality(_conf(conf_file, set_, home), json_)


@_command
def sql(
    query: Annotated[str, typer.Argument(help="A query over layer.table, as: select * from gold.variant_qc_summary")],
    limit: Annotated[int, typer.Option(help="Rows to print at most.", min=1)] = 100,
    reason: Annotated[
        str | None, typer.Option(help="What it is for, where a table of bronze or vault is named; it is recorded.")
    ] = None,
    home: Home = None,
    conf_file: ConfFile = None,
    set_: Setting = None,
    json_: AsJson = False,
    debug: Debug = False,
) -> None:
    """Ask the tables: all of them under their names, and their quarantines as quarantine.LAYER_TABLE.

    Tables of bronze and vault tell who people are, and are shown for a
    reason alone: who read what and why stands in vault.identified_reading.
    """
    from lakehouse import stages

    stages.sql(_conf(conf_file, set_, home), query, limit, json_, reason)


@_command
def rotate_key(
    home: Home = None,
    landing: Landing = None,
    conf_file: ConfFile = None,
    set_: Setting = None,
    wait: Wait = 0,
    debug: Debug = False,
) -> None:
    """Make a new key of the ids of persons and events, rebuild every table with it, and remove the old key."""
    from lakehouse import stages

    raise typer.Exit(stages.rotate_key(_conf(conf_file, set_, home, landing), wait, debug))


@_command
def erase(
    reason: Annotated[str, typer.Option(help="Why; it is recorded.")],
    person: Annotated[int | None, typer.Option(help="The person_id of whom to remove.", metavar="ID")] = None,
    source_id: Annotated[
        str | None,
        typer.Option(
            help="Or an id by which a source knows him: ehr|PATIENT, payer|BENE_ID or laboratory|SAMPLE.",
            metavar="SOURCE|ID",
        ),
    ] = None,
    home: Home = None,
    landing: Landing = None,
    conf_file: ConfFile = None,
    set_: Setting = None,
    wait: Wait = 0,
    debug: Debug = False,
) -> None:
    """Remove a person from every table and from all their older versions, for good.

    The lines that told of him are emptied in bronze, the genotypes of his
    samples taken out of their files' lines, and everything is made without
    him. Models that learned from him are tagged in MLflow. What is kept, in
    vault.erasure, are hashes of the ids that his sources know him by: lines
    that come later under these are emptied as they land. Older versions of
    all tables are gone afterwards. Files in the landing zone stay.
    """
    from lakehouse import stages

    if (person is None) == (source_id is None):
        raise UsageError("say whom to remove, with --person or with --source-id")
    stages.erase(_conf(conf_file, set_, home, landing), person, source_id, reason, wait, debug)


@_command
def release(
    asked: Annotated[Path, typer.Argument(help="What is released, as conf/releases/persons.yaml.", metavar="FILE")],
    to: Annotated[str, typer.Option(help="A folder that is not there yet, for CSV files.", metavar="DIR")],
    again: Annotated[bool, typer.Option("--again", help="Release columns that were released before.")] = False,
    home: Home = None,
    conf_file: ConfFile = None,
    set_: Setting = None,
    debug: Debug = False,
) -> None:
    """Write a table that may be given away: nobody in it can be told.

    The file names a query of silver and gold, its columns, and which of them
    others may know of a person. Days become years, ages from 90 on are one,
    numbers fall into bands; what fewer than 11 persons have in common is left
    out; no row has an id, and nine persons in ten are drawn. Who has two
    releases can tell who left between them: a second needs --again.
    """
    from lakehouse import stages

    stages.release(_conf(conf_file, set_, home), asked, to, again)


@_command
def lineage(
    table: Annotated[str, typer.Argument(help="A table, with its layer where the name alone is not clear.")],
    json_: AsJson = False,
    debug: Debug = False,
) -> None:
    """What a table is made from and what is made from it."""
    from lakehouse.report import dictionary

    tables = catalog.load()
    found = tables.find(table)
    if json_:
        typer.echo(json.dumps(dictionary.lineage(tables, found), indent=2))
        return
    for tree in dictionary.trees(tables, found):
        Console().print(tree)


@_command
def docs(
    table: Annotated[str | None, typer.Argument(help="One table; all of them if none is named.")] = None,
    json_: AsJson = False,
    debug: Debug = False,
) -> None:
    """The data dictionary, from the tables' declarations (Markdown, or JSON with --json)."""
    from lakehouse.lake import KEPT_APART
    from lakehouse.report import dictionary

    tables = catalog.Catalog((*catalog.load(), *KEPT_APART))
    chosen = catalog.Catalog((tables.find(table),)) if table else tables
    if json_:
        typer.echo(json.dumps([dictionary.entry(t) for t in chosen], indent=2))
    else:
        typer.echo(dictionary.markdown(chosen))


@_command
def ui(
    port: Annotated[int, typer.Option(help="Port on loopback.", min=1, max=65535)] = 5000,
    home: Home = None,
    conf_file: ConfFile = None,
    set_: Setting = None,
    debug: Debug = False,
) -> None:
    """Review runs and models in the MLflow UI, on loopback, until Ctrl-C."""
    from lakehouse import keyring, tracking

    conf = _conf(conf_file, set_, home)
    if (conf.tracking.uri or "").startswith("http"):
        typer.echo(f"the runs are kept by the MLflow server at {conf.tracking.uri}")
        return
    if conf.tracking.uri is None and not Path(tracking.tracking_uri(conf).removeprefix("sqlite:///")).exists():
        raise UsageError(f"there are no runs in {conf.home}: train a model with `lakehouse run` or `lakehouse train`")
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError as error:
            raise UsageError(f"port {port} cannot be had ({error.strerror}): name another with --port") from None
    typer.echo(f"MLflow at http://127.0.0.1:{port} (Ctrl-C stops it)")
    command = [sys.executable, "-m", "mlflow", *tracking.server_command(conf, port)]
    # The server takes this process's place: whatever stops this process stops the server, which stops its children.
    settings = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    inherited = {name: value for name, value in os.environ.items() if name != keyring.VARIABLE}
    os.execve(sys.executable, command, {**inherited, **settings})


@app.callback()
def _root(version: Version = False) -> None:
    """Options of the command as a whole."""


def main(*command: str) -> None:
    """Run the command; a job names the subcommand that it is."""
    app([*command, *sys.argv[1:]])


if __name__ == "__main__":
    main()
