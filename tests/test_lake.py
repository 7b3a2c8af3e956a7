"""A lakehouse that is opened: what its stages do together."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse import catalog, config, keyring, keys
from lakehouse.bronze.landed_file import LandedFile
from lakehouse.catalog import Catalog
from lakehouse.errors import LakehouseError, UsageError
from lakehouse.lake import Lake
from lakehouse.silver.identity.care_site_link import CareSiteLink
from lakehouse.storage import Storage
from tests import conftest


@pytest.fixture
def lake(spark: SparkSession, tmp_path: Path) -> Lake:
    """A home in which two organisations landed."""
    file = tmp_path / "landing" / "ehr" / "2026-01-01" / "Organization.ndjson"
    file.parent.mkdir(parents=True)
    names = ["St. Elsewhere", "Princeton-Plainsboro"]
    resources = [{"resourceType": "Organization", "id": f"o{n}", "name": name} for n, name in enumerate(names)]
    file.write_text("".join(json.dumps(resource) + "\n" for resource in resources))
    conf = config.load(home=str(tmp_path))
    return Lake(conf, spark, Storage(spark, conf.tables_path), catalog.load())


@pytest.fixture
def own_key(spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The home makes its key itself."""
    monkeypatch.delenv(keyring.VARIABLE)
    yield
    keys.use(spark, conftest.KEY)


def test_files_are_taken_again_where_the_tables_were_removed(lake: Lake) -> None:
    for _ in range(2):
        lake.refresh(["landed_file"])
        assert lake.storage.read(LandedFile).count() == 1
        shutil.rmtree(lake.conf.tables_path)
        lake.spark._jvm.org.apache.spark.sql.delta.DeltaLog.clearCache()  # type: ignore[union-attr]


def ids_of_care_sites(lake: Lake) -> dict[str, int]:
    """By the ids of the organisations."""
    return {row.source_value: row.care_site_id for row in lake.storage.read(CareSiteLink).collect()}


LINKS = ("+care_site_link", "+provider_link")


def only_these(lake: Lake) -> Lake:
    """The same home, of which there are no tables but those of places and people of care."""
    return replace(lake, catalog=Catalog.of(lake.catalog.select(LINKS)))


def keys_of(lake: Lake) -> list[str]:
    return [file.read_text() for file in sorted(Path(lake.conf.keys_path).glob("*.key"))]


@pytest.mark.usefixtures("own_key")
def test_with_another_key_everything_has_another_id(lake: Lake) -> None:
    lake = only_these(lake)
    with pytest.raises(UsageError, match="there is no key in"):
        lake.rotate_key()
    lake.refresh()
    before, keys_before = ids_of_care_sites(lake), keys_of(lake)
    assert len(before) == 2
    assert {outcome.mode for outcome in lake.refresh()} == {"skipped"}
    changed = {o.table for o in lake.rotate_key() if o.reason == "the key of its ids changed"}
    assert changed == {"silver.care_site_link", "silver.provider_link"}
    after = ids_of_care_sites(lake)
    assert set(after) == set(before)
    assert not set(after.values()) & set(before.values())
    assert len(keys_of(lake)) == 1
    assert keys_of(lake) != keys_before
    assert {outcome.mode for outcome in lake.refresh()} == {"skipped"}


@pytest.mark.usefixtures("own_key")
def test_a_change_of_the_key_that_was_broken_off_is_taken_up(lake: Lake) -> None:
    lake = only_these(lake)
    lake.refresh()
    before, keys_before = ids_of_care_sites(lake), keys_of(lake)
    keyring.add(lake.spark, lake.conf)  # and then the power failed
    with pytest.raises(UsageError, match=r"1 tables that .* have ids of the old one, as silver.provider_link"):
        lake.refresh(["care_site_link"])
    assert ids_of_care_sites(lake) == before
    made_then = keys_of(lake)[1]
    lake.rotate_key()
    assert keys_of(lake) == [made_then]
    after = ids_of_care_sites(lake)
    assert not set(after.values()) & set(before.values())
    keyring.add(lake.spark, lake.conf)
    lake.refresh()  # ends what was begun; a change of the key after it is another
    lake.rotate_key()
    assert len({*keys_of(lake), *keys_before, made_then}) == 3


@pytest.mark.usefixtures("own_key")
def test_without_the_key_that_made_the_ids_nothing_is_done(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    lake = only_these(lake)
    lake.refresh()
    before = ids_of_care_sites(lake)
    (file,) = Path(lake.conf.keys_path).glob("*.key")
    old = file.read_text()
    file.unlink()
    landed = Path(lake.conf.landing_path) / "ehr" / "2026-02-01" / "Organization.ndjson"
    landed.parent.mkdir()
    landed.write_text('{"resourceType": "Organization", "id": "o9", "name": "Grace"}\n')
    told = r"ids of silver\.\w+ were made with the key \w{12}, and in .*keys is none: give that key back"
    for select in ((), ["practitioner"]):
        with pytest.raises(LakehouseError, match=told):
            lake.refresh(select)
        with pytest.raises(LakehouseError, match=told):
            lake.preview(select)
    assert keys_of(lake) == []
    assert ids_of_care_sites(lake) == before
    assert lake.storage.read(LandedFile).count() == 1
    monkeypatch.setenv(keyring.VARIABLE, f"{'ab' * 32} {old}")
    lake.refresh()
    after = ids_of_care_sites(lake)
    assert set(after) == {*before, "o9"}
    assert not set(after.values()) & set(before.values())
