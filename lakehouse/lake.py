"""An open lakehouse: conf, session, tables and catalogue, and the stages that commands and jobs run on them."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lakehouse import audit, catalog, keyring, keys, person_history, session, tracking
from lakehouse.audit import IdentifiedReading
from lakehouse.bronze import landing
from lakehouse.catalog import Catalog
from lakehouse.config import Conf
from lakehouse.contract import LAYERS, LandedTable, ReferenceTable, Table
from lakehouse.erasure import lines
from lakehouse.erasure.record import Begun, Erasure, Tombstones, begin, finish, unfinished
from lakehouse.erasure.source_ids import NAMED_IN, PERSON, ids_of, marked, person_of
from lakehouse.erasure.traces import telling, traces
from lakehouse.errors import LakehouseError, UsageError
from lakehouse.hadoop import HadoopPath
from lakehouse.person_history import PersonHistory
from lakehouse.refresh import lease
from lakehouse.refresh.plan import Decision
from lakehouse.refresh.run import Outcome, Refresh
from lakehouse.release.record import Release
from lakehouse.storage import Storage

KEPT_APART = (IdentifiedReading, PersonHistory, Erasure, Release)
"""Tables that are made of no others, and stay where these are removed."""

_WAIT_FOR_AUDIT_SECONDS = 60


@dataclass(frozen=True)
class Erased:
    """What was done to erase a person: how many runs of training are marked, and the outcomes of the tables."""

    runs: int
    outcomes: list[Outcome]


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

    def erase(
        self,
        kind: str,
        name: str,
        reason: str,
        wait_seconds: float = 0,
        on_start: Callable[[str, Decision], None] = lambda table, decision: None,
        on_end: Callable[[Outcome], None] = lambda outcome: None,
    ) -> Erased:
        """Remove a person from every table, their older versions and the record of readings, under the home's lease.

        kind, name: whom: PERSON and a person_id, or one of SOURCES and an id that it knows him by.
        What was broken off is taken up by the same call. Raises UsageError where it is nobody's id, LakehouseError
        where something of the person is left, or another erasure was broken off.
        """
        every = self.catalog.select(())
        with lease.hold(self.spark, self.conf.home, wait_seconds):
            begun = unfinished(self.audit)
            if begun is None:
                self._check_known()
                _check(self._refresh(every, False, on_start, on_end))
                begun = self._begin(kind, name, reason)
            elif begun.stones.hash(kind, name) not in begun.stones.hashes:
                raise LakehouseError("an erasure of somebody else was broken off: give that one again first")
            marked = tracking.mark_trained_with(self.conf, partial(self._held, begun.stones))
            names = self._names(begun.stones)
            self._forget_readings(names)
            lines.empty(self.storage, begun.stones, self.conf.refresh.buckets)
            outcomes = self._refresh(every, False, on_start, on_end, erasing=True)
            _check(outcomes)
            self._forget_readings(names)
            with lease.hold(self.spark, self.audit.tables_path, _WAIT_FOR_AUDIT_SECONDS):
                person_history.forget(self.audit, telling(PersonHistory, begun.stones))
                self._purge()
                left = traces(self.storage, self.catalog, begun.stones)
                left |= traces(self.audit, [PersonHistory], begun.stones)
                if left:
                    raise LakehouseError(f"something of the person is left in {', '.join(left)}")
                finish(self.audit, begun)
        return Erased(marked, outcomes)

    def _begin(self, kind: str, name: str, reason: str) -> Begun:
        found = int(name) if kind == PERSON else person_of(self.storage, kind, name)
        ids = ids_of(self.storage, found) if found is not None else None
        if not ids:
            raise UsageError(f"nobody has the {'person_id' if kind == PERSON else f'id of {kind}'} {name}")
        return begin(self.audit, ids, reason)

    def _names(self, stones: Tombstones) -> tuple[str, ...]:
        """The ids that somebody who was erased still has in the tables."""
        return tuple(
            name
            for kind, (table, column) in NAMED_IN.items()
            for name in marked(self.storage, table, column, stones.mark(kind, F.col(column)))
        )

    def _forget_readings(self, names: tuple[str, ...]) -> None:
        with lease.hold(self.spark, self.audit.tables_path, _WAIT_FOR_AUDIT_SECONDS):
            audit.forget(self.audit, lines.pattern(names))

    def _held(self, stones: Tombstones, name: str, version: int) -> bool:
        """Whether a table of gold, from which models learn, held the person at a version; one that is gone may have."""
        table = self.catalog.by_name.get(name)
        if table is None or table.layer != "gold" or "person_id" not in table.declared:
            return False
        try:
            return not self.storage.read(table, version).filter(stones.mark(PERSON, F.col("person_id"))).isEmpty()
        except (Py4JJavaError, PySparkException):
            return True

    def _check_known(self) -> None:
        """Refuse to erase where there are tables of an older lakehouse, which nobody would make without the person."""
        known = {self.storage.path(table, quarantine) for table in self.catalog for quarantine in (False, True)}
        for layer in LAYERS:
            for folder in (f"{self.storage.tables_path}/{layer}", f"{self.storage.tables_path}/quarantine/{layer}"):
                for name in HadoopPath(self.spark, folder).names():
                    if not name.startswith("_") and f"{folder}/{name}" not in known:
                        raise LakehouseError(f"{folder}/{name} is no table that is refreshed: remove it, then erase")

    def _purge(self) -> None:
        """Leave no older version of any table that may have held somebody who was erased."""
        self.audit.purge([IdentifiedReading, PersonHistory], self.conf.refresh.parallel)
        of_persons = [table for table in self.catalog if not issubclass(table, ReferenceTable)]
        self.storage.purge(of_persons, self.conf.refresh.parallel)

    def _refresh(
        self,
        chosen: set[type[Table]],
        full: bool,
        on_start: Callable[[str, Decision], None],
        on_end: Callable[[Outcome], None],
        erasing: bool = False,
    ) -> list[Outcome]:
        if not erasing and unfinished(self.audit) is not None:
            raise LakehouseError("an erasure was broken off: give the same `lakehouse erase` again, and it is finished")
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
            emptied = partial(lines.without_erased, Tombstones.of(self.audit))
            landing.take(self.storage, self.conf.landing_path, checkpoint, self.conf.refresh.buckets, emptied)
        outcomes = refresh.run(chosen, full)
        person_history.remember(self.audit, self.storage)
        return outcomes


def _check(outcomes: list[Outcome]) -> None:
    failed = [outcome.table for outcome in outcomes if outcome.mode in ("failed", "blocked")]
    if failed:
        raise LakehouseError(f"{failed[0]} could not be refreshed: mend that, and do it again")


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
