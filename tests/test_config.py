"""A conf that is wrong is refused with its place and what is allowed."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from lakehouse import config, stages
from lakehouse.errors import UsageError
from lakehouse.synthetic.genomes.laboratory import ARRAY, EXOME, GENOME, IMPUTED, PLINK
from lakehouse.synthetic.genomes.vcf import FIELDS
from lakehouse.synthetic.world import World
from tests.conftest import LOCAL_CONF


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "conf.yaml"


def refusal(file: Path | None = None, *settings: str) -> str:
    with pytest.raises(UsageError) as refused:
        config.load(file, settings)
    assert "\n" not in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize("name", ["local.yaml", "cluster.yaml"])
def test_the_files_of_the_project_are_right(name: str) -> None:
    assert config.load(LOCAL_CONF.parent / name).home.endswith("/home")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("home: here\nlandign: there\n", ["line 2", "'landign'", "did you mean 'landing'", "allowed here: home, "]),
        ("refresh:\n  parallel: 2\n  bucket: 7\n", ["line 3", "'refresh.bucket'", "did you mean 'buckets'"]),
        (
            "\nrefresh:\n  # none\n  parallel: 0\n",
            ["line 4", "refresh.parallel", "greater than or equal", "not 0"],
        ),
        ("refresh:\n  full_above: most\n", ["line 2", "refresh.full_above", "valid number", "'most'"]),
        ("home: ''\n", ["line 1", "home", "at least 1 character"]),
        ("spark: fast\n", ["line 1", "spark", "'fast'"]),
        ("- home\n", ["must hold keys and values", "home, landing"]),
        ("home: [\n", ["is not YAML", "line 2"]),
        ("home: a\nrefresh:\n  parallel: 2\n  parallel: 3\n", ["line 4", "'parallel'", "said on line 3 already"]),
    ],
    ids=["key", "key of a section", "too low", "type", "empty", "value for a section", "list", "no YAML", "twice"],
)
def test_names_file_line_key_and_what_is_allowed(file: Path, text: str, told: list[str]) -> None:
    file.write_text(text)
    refused = refusal(file)
    assert [part for part in (str(file), *told) if part not in refused] == []


def test_names_all_that_is_wrong_at_once(file: Path) -> None:
    file.write_text("refresh: {parallel: 0, buckets: 0}\n")
    assert all(key in refusal(file) for key in ("refresh.parallel", "refresh.buckets"))


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("spark.master", ["'spark.master'", "key=value"]),
        ("=4", ["key=value"]),
        ("refresh.parallel=many", ["--set", "refresh.parallel", "'many'"]),
        ("refesh.parallel=2", ["--set", "'refesh'", "did you mean 'refresh'"]),
        ("spark.setings.x=3", ["--set", "'spark.setings'", "did you mean 'settings'"]),
        ("refresh.paralel=2", ["--set", "'refresh.paralel'", "did you mean 'parallel'"]),
        ("home.sub=x", ["home holds a value, not a section"]),
        ("spark.settings.spark.driver.memory=[1]", ["--set", "spark.driver.memory"]),
    ],
)
def test_a_wrong_setting_is_named(file: Path, setting: str, told: list[str]) -> None:
    file.write_text("home: here\nrefresh:\n  parallel: 3\n")
    refused = refusal(file, setting)
    assert str(file) not in refused
    assert [part for part in told if part not in refused] == []


def test_an_option_that_is_wrong_is_named(file: Path) -> None:
    file.write_text("home: here\n")
    with pytest.raises(UsageError, match=r"^--home: home: "):
        config.load(file, home="")
    with pytest.raises(UsageError, match=r"^--people: synthetic\.people: "):
        config.load(file, ["synthetic.people=5"], synthetic={"people": 0})


def test_an_anchor_that_holds_itself_is_refused(file: Path) -> None:
    file.write_text("a: &a {b: *a}\n")
    assert "unknown key 'a'" in refusal(file)


def test_a_setting_overrides_the_file_and_the_last_one_holds(file: Path) -> None:
    file.write_text("spark:\n  master: local[2]\n  settings:\n    spark.driver.memory: 1g\nrefresh:\n  parallel: 3\n")
    conf = config.load(
        file,
        ["spark.master=null", "spark.settings.spark.driver.memory=2g", "spark.settings.spark.a.b=x=y",
         "refresh.buckets=8", "refresh.buckets=16"],
    )  # fmt: skip
    assert conf.spark.master is None
    assert conf.spark.settings == {"spark.driver.memory": "2g", "spark.a.b": "x=y"}
    assert (conf.refresh.parallel, conf.refresh.buckets) == (3, 16)


def test_a_file_that_cannot_be_read_is_named(file: Path) -> None:
    assert str(file) in refusal(file)
    file.write_bytes(b"home: \xff\xfe")
    assert str(file) in refusal(file)


def test_paths_hang_on_the_home_unless_they_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    conf = config.load(home="lake")
    assert (conf.landing_path, conf.tables_path) == (f"{tmp_path}/lake/landing", f"{tmp_path}/lake/tables")
    conf = config.load(settings=["tables=t"], home="s3a://bucket/lake/", landing="in")
    assert conf.home == "s3a://bucket/lake/"
    assert (conf.landing_path, conf.tables_path) == (f"{tmp_path}/in", f"{tmp_path}/t")
    assert config.load(home="hdfs://name/lake/").tables_path == "hdfs://name/lake/tables"


def test_what_can_be_asked_of_a_population_is_what_a_world_has() -> None:
    """The two are declared apart, so that workers need not load what reads a conf."""
    fields = config.Synthetic.model_fields
    assert get_args(fields["platform"].annotation) == tuple(FIELDS) == (GENOME, EXOME, ARRAY, IMPUTED)
    assert get_args(fields["genomes"].annotation) == ("vcf", PLINK)
    assert stages._world(config.load()) == World()
