"""Words that were planted wherever a source tells who somebody is stand in bronze and vault, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.end_to_end.canaries import Planted, deliver, found, words_in
from tests.end_to_end.command import started

pytestmark = pytest.mark.slow

KEPT_APART = ("tables/bronze/", "tables/vault/", "audit/vault/", "landing/")
"""Where what identifies may be, below the home."""


def test_what_identifies_stays_in_bronze_and_vault(tmp_path: Path) -> None:
    planted, home = Planted(), tmp_path / "home"
    deliver(home / "landing", planted)
    with started(tmp_path, "run", "--home", home) as command:
        assert command.wait() == 0, command.complaint
        said = command.complaint
    assert planted.places.keys() & set(words_in(said)) == set()
    bronze = found(home / "tables/bronze", planted, without=())
    assert set(planted.places.values()) - set(bronze) == set()
    assert found(home, planted, without=KEPT_APART) == {}
