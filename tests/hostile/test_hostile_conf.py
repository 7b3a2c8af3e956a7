"""Conf, settings and names of tables that mean harm are refused in one line, and nothing of them is executed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from lakehouse import catalog, config
from lakehouse.errors import UsageError

NESTED = "[" * 20_000
LAUGHS = "\n".join(["a0: &a0 [x, x, x, x, x, x, x, x, x, x]",
                    *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12))])  # fmt: skip
LAUGHS_OF_KEYS = "\n".join(["spark: {settings: &s {a: b}}", "tracking: *s", "refresh: *s"])

TAGS = (
    "!!python/object/apply:os.system ['touch {bait}']",
    "!!python/object/apply:subprocess.Popen [['touch', '{bait}']]",
    "!!python/object/apply:builtins.open ['{bait}', 'w']",
    "!!python/object/apply:builtins.exec [\"open('{bait}', 'w')\"]",
    "!!python/object/apply:builtins.eval [\"open('{bait}', 'w')\"]",
    "!!python/object/new:os.system ['touch {bait}']",
    "!!python/object/new:type {{args: [x, !!python/tuple [], {{}}], state: {{}}}}",
    "!!python/object:pathlib.Path {{}}",
    "!!python/name:os.system",
    "!!python/module:os",
    "!!python/tuple [a, b]",
    "!!python/bytes aGk=",
    "!!python/complex 1j",
    "!!python/dict {{a: b}}",
    "!<tag:yaml.org,2002:python/object/apply:os.system> ['touch {bait}']",
    "!!java.lang.ProcessBuilder [['touch', '{bait}']]",
    "!!javax.script.ScriptEngineManager []",
    "!include /etc/passwd",
    "!ENV ${{HOME}}",
    "!vault |\n  6162",
    "!!map [a]",
    "!!omap {{a: b}}",
)
PLACES = ("home: {}", "spark:\n  settings:\n    a: {}", "{}")

FILES = {
    "nested lists": f"home: {NESTED}",
    "nested maps": "home: " + "{a: " * 20_000,
    "nested blocks": "".join(f"{' ' * n}a:\n" for n in range(3_000)),
    "a billion laughs": LAUGHS,
    "a billion laughs as the home": f"{LAUGHS}\nhome: *a11",
    "a section that is another": LAUGHS_OF_KEYS,
    "an anchor that holds itself": "spark: &s {settings: *s}",
    "an alias of nothing": "home: *nothing",
    "two documents": "home: a\n---\nhome: b",
    "a zero byte": "home: a\0b",
    "control characters": "home: \x07",
    "an escape of a terminal": "home: \x1b[2J",
    "a tab": "home:\n\t- a",
    "a key that is a list": "? [a, b]\n: c",
    "a key that is a map": "? {a: b}\n: c",
    "a key that is null": "~: c",
    "a key that is a number": "1: c",
    "a key that is a date": "2026-01-01: c",
    "a merge of text": "<<: abc",
    "a merge of a list": "<<: [1, 2]",
    "a date that is none": "synthetic: {from: 2026-02-31}",
    "a number that is none": "refresh: {parallel: .nan}",
    "a number without end": "refresh: {full_above: .inf}",
    "a number of a thousand digits": f"refresh: {{parallel: {'9' * 1000}}}",
    "a number in base sixty": "refresh: {parallel: 99:59:59}",
    "a number below none": "refresh: {parallel: -1}",
    "too many buckets": "refresh: {buckets: 99999999999}",
    "a home that is a list": "home: [a]",
    "a home that is true": "home: yes",
    "an empty home": "home: ''",
    "settings that are a list": "spark: {settings: [a]}",
    "a setting that is a list": "spark: {settings: {a: [b]}}",
    "a setting that is a map": "spark: {settings: {a: {b: c}}}",
    "a name of Python's": "__class__: a",
    "a name of pydantic's": "model_config: {extra: allow}",
    "a name below a name": "spark: {__init__: a}",
    "a schema that is a population": "synthetic: {people: 1e99}",
    "people without end": "synthetic: {people: .inf}",
    "a pattern": "synthetic: {deliveries: 'monthly:1; drop table x'}",
    "a platform that is none": "synthetic: {platform: ../../etc/passwd}",
    "a list": "- home",
    "a text": "home",
    "a percent sign": "%YAML 9.9\n---\nhome: a",
    "a directive": "%TAG ! tag:yaml.org,2002:python/\n---\nhome: !name:os.system",
}

SETTINGS = (
    "", "=", "home", "=home", "home.x=1", "refresh=1", "refresh.parallel=[", "refresh.parallel=!!python/name:os.system",
    "refresh.parallel=!!python/object/apply:os.system ['true']", "refresh.parallel=;rm -rf /", "refresh..parallel=2",
    ".refresh=2", "refresh.parallel.x=2", "spark.master=[a]", "spark.settings=a", "spark.settings.a=[1]",
    "spark.settings.a={b: c}", "__class__=a", "__dict__.home=a", "home.__class__=a", "synthetic.from=2026-02-31",
    "synthetic.people=0", "synthetic.people=-1", "synthetic.people=x", "synthetic.genotyped=2",
    "synthetic.planted.genetics=-1", "synthetic.planted.nothing=1", "tracking.experiment=''", "terminology.athena=''",
    "refresh.full_above=0", "refresh.full_above=1.1", "refresh.buckets=0", f"refresh.parallel={NESTED}", "home=*a",
    "home={a: b}", "home=[a]", "refresh.parallel=\0", "\0=a", "refresh.parallel=1e9",
)  # fmt: skip

NAMES = (
    "", " ", ".", "..", "../../etc/passwd", "/etc/passwd", "silver.", ".person", "silver.person.x", "silver..person",
    "silver.person; drop table silver.person", "silver.person--", "silver.person/*", "' or '1'='1", "`silver`.`person`",
    "delta.`/tmp`", "quarantine.silver_person", "silver.%", "silver.*", "*", "+", "++", "person\0", "person\n",
    "persón", "__class__", "Table", "lakehouse.storage", "x" * 100_000, "$HOME", "$(true)", "{0}", "%s", "{bait}",
)  # fmt: skip


def refusal(path: Path | None, *settings: str) -> str:
    with pytest.raises(UsageError) as refused:
        config.load(path, settings)
    return str(refused.value)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("tag", TAGS)
def test_no_tag_of_yaml_is_executed(tmp_path: Path, tag: str, place: str) -> None:
    bait, file = tmp_path / "bait", tmp_path / "conf.yaml"
    file.write_text(place.format(tag.format(bait=bait)))
    told = refusal(file)
    assert "\n" not in told
    assert len(told) < 4_000
    assert not bait.exists()
    assert "os.system" not in sys.modules


@pytest.mark.parametrize("case", FILES)
def test_a_file_that_is_no_conf_is_refused_in_a_line(tmp_path: Path, case: str) -> None:
    file = tmp_path / "conf.yaml"
    file.write_text(FILES[case])
    told = refusal(file)
    assert "\n" not in told
    assert len(told) < 4_000
    assert str(file) in told


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: repr(setting[:40]))
def test_a_setting_that_is_none_is_refused_in_a_line(setting: str) -> None:
    told = refusal(None, setting)
    assert "\n" not in told
    assert len(told) < 4_000


@pytest.mark.parametrize("name", NAMES, ids=lambda name: repr(name[:40]))
def test_what_is_no_name_of_a_table_is_refused_in_a_line(name: str) -> None:
    tables = catalog.load()
    for ask in (tables.find, lambda asked: tables.select([asked])):
        with pytest.raises(UsageError) as refused:
            ask(name)
        assert "\n" not in str(refused.value)
        assert len(str(refused.value)) < 4_000
