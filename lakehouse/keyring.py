"""The keys that ids of persons and events are made with: the one in use, and those that it takes the place of.

They come from the environment, in LAKEHOUSE_PSEUDONYM_KEY, or lie in a folder of the home, where the first refresh
makes one. Who loses them cannot make the same ids again; who shows them lets others find persons by record number.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from dataclasses import dataclass, field

from pyspark.sql import SparkSession

from lakehouse.config import Conf
from lakehouse.errors import LakehouseError, UsageError
from lakehouse.hadoop import HadoopPath

VARIABLE = "LAKEHOUSE_PSEUDONYM_KEY"
_KEY = re.compile(r"[0-9a-fA-F]{64}")
_FILE = re.compile(r"\d{4}\.key")
_OWNER_ALONE = 0o600
_HAVE_MODES = ("file", "hdfs", "viewfs")
"""Kinds of file systems that keep who may read a file."""


@dataclass(frozen=True)
class Keyring:
    """Keys, the one in use first. What was made under a later one is made anew; under none of them, refused.

    place: where they are, for people.
    """

    keys: tuple[bytes, ...] = field(repr=False)
    place: str

    @property
    def names(self) -> tuple[str, ...]:
        """What each key is called in the records of tables: it tells two keys apart and nothing of the key."""
        return tuple(hmac.new(key, b"name", hashlib.sha256).hexdigest()[:12] for key in self.keys)


def find(spark: SparkSession, conf: Conf) -> Keyring | None:
    """The keys of the environment or of the folder, None where there are none.

    Raises UsageError for what is no key, LakehouseError for a file that others may read.
    """
    said = os.environ.get(VARIABLE)
    if said is not None:
        return Keyring(tuple(_read(text, VARIABLE) for text in said.split() or [""]), VARIABLE)
    files = [HadoopPath(spark, f"{conf.keys_path}/{name}") for name in _names(spark, conf)]
    for file in files:
        _check_mode(file)
    keys = tuple(_read(file.text().strip(), file.path) for file in files)
    return Keyring(keys, conf.keys_path) if keys else None


def add(spark: SparkSession, conf: Conf) -> Keyring:
    """Put a new key before those of the folder. The caller holds the lease of the home."""
    newest = max(_names(spark, conf), default="0000")
    file = HadoopPath(spark, f"{conf.keys_path}/{int(newest[:4]) + 1:04}.key")
    file.write(secrets.token_hex(32), _OWNER_ALONE)
    found = find(spark, conf)
    assert found is not None
    return found


def retire(spark: SparkSession, conf: Conf) -> None:
    """Remove all keys of the folder but the one in use, under which everything was made. The caller holds the lease."""
    for name in _names(spark, conf)[1:]:
        HadoopPath(spark, f"{conf.keys_path}/{name}").delete()


def _names(spark: SparkSession, conf: Conf) -> list[str]:
    """The files of the folder that hold keys, the newest first."""
    names = HadoopPath(spark, conf.keys_path).names()
    return sorted((name for name in names if _FILE.fullmatch(name)), reverse=True)


def _read(text: str, place: str) -> bytes:
    if not _KEY.fullmatch(text):
        raise UsageError(f"{place} holds no key: one is 64 hexadecimal digits, as `openssl rand -hex 32` makes them")
    return bytes.fromhex(text)


def _check_mode(file: HadoopPath) -> None:
    if str(file.file_system.getScheme()) in _HAVE_MODES and file.mode() & 0o077:
        raise LakehouseError(f"others may read the key in {file.path}: `chmod 600` it, then rotate it if they did")
