"""Where the keys of ids come from, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse import keyring
from lakehouse.config import Conf
from lakehouse.errors import LakehouseError, UsageError
from lakehouse.keyring import VARIABLE


@pytest.fixture
def conf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Conf:
    monkeypatch.delenv(VARIABLE, raising=False)
    return Conf(home=str(tmp_path))


def files(conf: Conf) -> list[Path]:
    return sorted(Path(conf.keys_path).glob("*.key"))


def test_a_first_key_is_made_once_and_only_its_owner_can_read_it(spark: SparkSession, conf: Conf) -> None:
    assert keyring.find(spark, conf) is None
    made = keyring.add(spark, conf)
    assert made == keyring.find(spark, conf)
    assert str(made.keys[0]) not in str(made)
    assert [len(key) for key in made.keys] == [32]
    (file,) = files(conf)
    assert file.stat().st_mode & 0o777 == 0o600
    assert bytes.fromhex(file.read_text()) == made.keys[0]


def test_two_homes_have_two_keys(spark: SparkSession, conf: Conf, tmp_path: Path) -> None:
    other = keyring.add(spark, Conf(home=str(tmp_path / "other")))
    assert other.keys != keyring.add(spark, conf).keys


def test_a_new_key_comes_before_the_old_ones_until_these_are_retired(spark: SparkSession, conf: Conf) -> None:
    first = keyring.add(spark, conf)
    second = keyring.add(spark, conf)
    assert second.keys[1:] == first.keys
    assert second.keys[0] != first.keys[0]
    keyring.retire(spark, conf)
    assert keyring.add(spark, conf).keys[1:] == second.keys[:1]


def test_the_environment_comes_first_and_may_hold_the_key_before_it_too(
    spark: SparkSession, conf: Conf, monkeypatch: pytest.MonkeyPatch
) -> None:
    keyring.add(spark, conf)
    monkeypatch.setenv(VARIABLE, f"{'ab' * 32} {'cd' * 32}")
    found = keyring.find(spark, conf)
    assert found is not None
    assert found.keys == (b"\xab" * 32, b"\xcd" * 32)
    assert len(set(found.names)) == 2
    assert not [name for name in found.names if "abab" in name or "cdcd" in name]


@pytest.mark.parametrize("text", ["", " ", "12", "g" * 64, "0" * 63, "0" * 66, f"{'0' * 64} 1"])
def test_what_is_no_key_is_refused_and_not_shown(
    spark: SparkSession, conf: Conf, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv(VARIABLE, text)
    with pytest.raises(UsageError, match=f"{VARIABLE} holds no key: .* 64 hexadecimal digits") as refused:
        keyring.find(spark, conf)
    assert not text.strip() or text not in str(refused.value)
    monkeypatch.delenv(VARIABLE)
    keyring.add(spark, conf)
    files(conf)[0].write_text(text.replace(" ", "\n"))
    with pytest.raises(UsageError, match=r"0001.key holds no key"):
        keyring.find(spark, conf)


def test_a_key_that_others_may_read_is_refused(spark: SparkSession, conf: Conf) -> None:
    keyring.add(spark, conf)
    files(conf)[0].chmod(0o640)
    with pytest.raises(LakehouseError, match=r"others may read the key .*chmod 600"):
        keyring.find(spark, conf)
