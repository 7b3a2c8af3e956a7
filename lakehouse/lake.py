"""An open lakehouse: conf, session, tables and catalogue, and the stages that commands and jobs run on them."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from pyspark.sql import SparkSession

from lakehouse import audit, catalog, keyring, keys, person_history, session
from lakehouse.audit import IdentifiedReading
from lakehouse.bronze import landing
from lakehouse.catalog import Catalog
from lakehouse.config import Conf
from lakehouse.contract import LandedTable, Table
from lakehouse.errors import UsageError
from lakehouse.person_history import PersonHistory
from lakehouse.refresh import lease
from lakehouse.refresh.plan import Decision
from lakehouse.refresh.run import Outcome, Refresh
from lakehouse.storage import Storage

KEPT_APART = (IdentifiedReading, PersonHistory)
"""Tables that are made of no others, and stay where these are removed."""


@dataclass(frozen=True)
class Lake:
    """A lakehouse that was opened. Close it by stopping its session."""

    conf: Conf
    spark: SparkSession
    storage: Storage
    catalog: Catalog

    @classmethod
    def open(cls, conf: Conf, must_exist: bool = False) -> Lake:
        """Start a session on a home. Raises UsageError where it must exist and does not."""
        missing = UsageError(f"there are no tables at {conf.tables_path}: run `lakehouse refresh`, or name a --home")
        if must_exist and _is_local(conf) and not Path(conf.tables_path).exists():
            raise missing  # before the seconds that a session takes to start
        spark = session.start(conf)
        storage = Storage(spark, conf.tables_path)
        if must_exist and not storage.has_tables():
            raise missing
        return cls(conf, spark, storage, catalog.load())

    def name_tables(self, query: str) -> set[type[Table]]:
        """Give the tables that a query names their names in this session: layer.table, quarantine.layer_table.

        A query that shows what there is names them all. Returns those that are named, or whose quarantine is.
        Raises UsageError where one that is named was never written.
        """
        # As it is written too: what looks like a comment may stand in a text.
        query = f"{query} {plainly(query)}"
        shows = re.match(r"\s*show\b", query, re.IGNORECASE) is not None
        found = set()
        for table in (*self.catalog, *KEPT_APART):
            storage = self.audit if table in KEPT_APART else self.storage
            for quarantine, name in ((False, table.full_name()), (True, _quarantine_name(table))):
                is_named = re.search(rf"\b{re.escape(name)}\b", query, re.IGNORECASE)
                if is_named or (shows and storage.exists(table, quarantine)):
                    storage.register(table, name, quarantine)
                    found.add(table)
        return found

    @property
    def audit(self) -> Storage:
        """Where lies what is made of no other table: who read what identifies people, and who was who before."""
        return audit.storage_of(self.storage, self.conf.home)

    def preview(self, select: Iterable[str] = (), full: bool = False) -> tuple[list[str], dict[str, Decision]]:
        """Which files wait to be taken, and what a refresh of the selected tables would do."""
        chosen, files = self.catalog.select(select), landing.waiting(self.storage, self.conf.landing_path)
        found = keyring.find(self.spark, self.conf)
        refresh = Refresh(self.storage, self.catalog, self.conf, keys=found.names if found else ())
        refresh.check_keys(chosen, found.place if found else self.conf.keys_path)
        return [file.name for file in files], refresh.preview(chosen, full, landing.awaited_by(files))

    def refresh(
        self,
        select: Iterable[str] = (),
        full: bool = False,
        wait_seconds: float = 0,
        on_start: Callable[[str, Decision], None] = lambda table, decision: None,
        on_end: Callable[[Outcome], None] = lambda outcome: None,
    ) -> list[Outcome]:
        """Take what landed, then refresh the selected tables, under the home's lease.

        Ids are made with the key in use; the first refresh makes one.
        """
        chosen = self.catalog.select(select)
        with lease.hold(self.spark, self.conf.home, wait_seconds):
            return self._refresh(chosen, full, on_start, on_end)

    def rotate_key(
        self,
        wait_seconds: float = 0,
        on_start: Callable[[str, Decision], None] = lambda table, decision: None,
        on_end: Callable[[Outcome], None] = lambda outcome: None,
    ) -> list[Outcome]:
        """Make a new key and all ids with it, then remove the key before it, under the home's lease.

        Where a change of the key was broken off, it is taken up with the key that was made then; where a table fails,
        the key before stays. Raises UsageError where the keys do not lie in the home.
        """
        with lease.hold(self.spark, self.conf.home, wait_seconds):
            found = keyring.find(self.spark, self.conf)
            if found is None:
                raise UsageError(f"there is no key in {self.conf.keys_path} yet: the first refresh makes one")
            if found.place == keyring.VARIABLE:
                raise UsageError(
                    f"the key comes from {keyring.VARIABLE}: put a new one before it there, with a space between, and "
                    "refresh; once all tables are made with it, take the old one out"
                )
            if Refresh(self.storage, self.catalog, self.conf, keys=found.names).is_keyed():
                keyring.retire(self.spark, self.conf)
                keyring.add(self.spark, self.conf)
            outcomes = self._refresh(self.catalog.select(()), False, on_start, on_end)
            if not any(outcome.mode in ("failed", "blocked") for outcome in outcomes):
                keyring.retire(self.spark, self.conf)
            return outcomes

    def _refresh(
        self,
        chosen: set[type[Table]],
        full: bool,
        on_start: Callable[[str, Decision], None],
        on_end: Callable[[Outcome], None],
    ) -> list[Outcome]:
        found = keyring.find(self.spark, self.conf)
        names, place = (found.names, found.place) if found else ((), self.conf.keys_path)
        refresh = Refresh(self.storage, self.catalog, self.conf, on_start, on_end, names)
        refresh.check_keys(chosen, place)
        if found is None:
            found = keyring.add(self.spark, self.conf)
            refresh = Refresh(self.storage, self.catalog, self.conf, on_start, on_end, found.names)
        keys.use(self.spark, found.keys[0])
        if any(issubclass(table, LandedTable) for table in chosen):
            # What was seen lies beside the tables that it was taken into: removed with them, it is taken again.
            checkpoint = f"{self.storage.tables_path}/bronze/_checkpoints/landing"
            landing.take(self.storage, self.conf.landing_path, checkpoint, self.conf.refresh.buckets)
        outcomes = refresh.run(chosen, full)
        person_history.remember(self.audit, self.storage)
        return outcomes


def plainly(query: str) -> str:
    """The query without comments, quotes of names, and blanks beside dots: names stand in it as they are declared."""
    text = re.sub(r"/\*.*?\*/|--[^\n]*", " ", query, flags=re.DOTALL).replace("`", "")
    return re.sub(r"\s*\.\s*", ".", text)


def _is_local(conf: Conf) -> bool:
    """Whether the tables are certain to lie on a disk of this machine: Hadoop may take a bare path elsewhere."""
    on_this_machine = (conf.spark.master or "").startswith("local") and "HADOOP_CONF_DIR" not in os.environ
    return on_this_machine and "://" not in conf.tables_path


def _quarantine_name(table: type[Table]) -> str:
    return f"quarantine.{table.layer}_{table.table_name()}"
