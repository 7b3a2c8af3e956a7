"""Refresh: for each table, in the order of the graph, see what its commits say and do what is needed.

Kill it anywhere and run it again: what was committed stands, and the rest goes on from there.
"""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Literal

from pyspark import StorageLevel
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse import quality
from lakehouse.athena import Athena
from lakehouse.buckets import Buckets, bucket
from lakehouse.catalog import Catalog
from lakehouse.config import Conf
from lakehouse.contract import LandedTable, ReferenceTable, Table
from lakehouse.errors import ContractError, LakehouseError, UsageError
from lakehouse.refresh.fingerprint import fingerprint, makes_ids
from lakehouse.refresh.plan import Decision, InputChange, decide, named
from lakehouse.session import start_hail
from lakehouse.storage import Commit, Record, Storage


@dataclass(frozen=True)
class Outcome:
    """What became of one table.

    mode: skipped; carried (computed, and no row differed); incremental or full (rows were written);
    failed; blocked (something that it reads failed).
    """

    table: str
    mode: Literal["skipped", "carried", "incremental", "full", "failed", "blocked"]
    reason: str
    rows: int = 0
    quarantined: int = 0
    broken: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    details: str = ""


class Refresh:
    """A refresh of chosen tables, as they are when it looks at them first: whoever refreshes holds the lease.

    on_start is called with a table's name and the decision, on_end with its outcome, each from a worker thread.
    keys: the names of the keys that ids may have been made with, that of the key in use first; none where it does not
        matter with which they were.
    """

    def __init__(
        self,
        storage: Storage,
        catalog: Catalog,
        conf: Conf,
        on_start: Callable[[str, Decision], None] = lambda table, decision: None,
        on_end: Callable[[Outcome], None] = lambda outcome: None,
        keys: Sequence[str] = (),
    ) -> None:
        self.storage = storage
        self.catalog = catalog
        self.conf = conf
        self.on_start = on_start
        self.on_end = on_end
        self._hail = threading.Lock()
        self._last: dict[type[Table], Commit | None] = {}
        self._athena = self._download()
        # Here and not in the workers: Python's parser does not stand several threads at once.
        self._fingerprints = {table: self._fingerprint(table) for table in catalog}
        self._known_keys = keys
        self._makes_ids = {table for table in catalog if makes_ids(table)}

    def _download(self) -> Athena | None:
        """The download from Athena that the conf names. Raises UsageError where it is none."""
        folder = self.conf.terminology.athena
        tables = [t for t in self.catalog if issubclass(t, ReferenceTable) and t.athena]
        return Athena(self.storage.spark, folder, tables) if folder else None

    def _fingerprint(self, table: type[Table]) -> str:
        """Of the code that makes a table and, where that is a file of Athena's, of the file."""
        if self._athena and issubclass(table, ReferenceTable) and table.athena:
            return f"{fingerprint(table)} {self._athena.version(table)}"
        return fingerprint(table)

    def _last_commit(self, table: type[Table]) -> Commit | None:
        """The newest commit of a table that counts, read once: each table is asked for by all that it goes into."""
        if table not in self._last:
            self._last[table] = self.storage.last_commit(table)
        return self._last[table]

    # --- deciding ----------------------------------------------------------------------------------------------

    def decide(self, table: type[Table], rebuild: bool = False) -> Decision:
        """What to do with a table now, from its last commit and those of its inputs."""
        last = self._last_commit(table)
        record = last.record if last else None
        code = self._fingerprints[table]
        inputs: dict[str, InputChange] = {}
        key = self._key_of(table) if self._known_keys or record is None else record.key
        if record is not None and record.fingerprint == code and record.key == key and not rebuild:
            inputs = {i.full_name(): self._change(table, i, record) for i in _inputs(table)}
        return decide(
            last=last,
            fingerprint=code,
            inputs=inputs,
            rebuild=rebuild,
            full_above=self.conf.refresh.full_above,
            key=key,
        )

    def check_keys(self, chosen: set[type[Table]], place: str) -> None:
        """Refuse what would leave ids of two keys side by side, or make everybody another person by mistake.

        place: where the keys are, for people. Raises LakehouseError where ids were made with a key that is not there,
        UsageError where they were made with the one before, by tables that are not chosen.
        """
        made = self._made_with()
        for table, key in sorted(made.items(), key=lambda item: item[0].full_name()):
            if key and key not in self._known_keys:
                raise LakehouseError(
                    f"the ids of {table.full_name()} were made with the key {key}, and in {place} is "
                    f"{self._known_keys[0] if self._known_keys else 'none'}: give that key back, or remove "
                    f"{self.storage.tables_path} to take everything anew"
                )
        left = [table for table, key in made.items() if key and key != self._known_keys[0] and table not in chosen]
        if left:
            raise UsageError(
                f"the key of ids is a new one, and {len(left)} tables that are not selected have ids of the old one, "
                f"as {min(table.full_name() for table in left)}: refresh without --select"
            )

    def is_keyed(self) -> bool:
        """Whether all ids are made with the key in use."""
        return set(self._made_with().values()) <= {self._known_keys[0]}

    def _made_with(self) -> dict[type[Table], str]:
        """The name of the key that the ids of each table were made with."""
        return {t: last.record.key for t in self._makes_ids if (last := self._last_commit(t)) and last.record}

    def _key_of(self, table: type[Table]) -> str:
        return self._known_keys[0] if self._known_keys and table in self._makes_ids else ""

    def preview(
        self, chosen: set[type[Table]], rebuild: bool = False, awaited: Iterable[type[Table]] = ()
    ) -> dict[str, Decision]:
        """What a refresh would do, as far as it can be told before the tables upstream were refreshed.

        awaited: landed tables for which files wait in the landing zone.
        """
        decisions: dict[str, Decision] = {}
        pending: set[type[Table]] = set(awaited)
        for table in self._buildable(chosen):
            decision = self.decide(table, rebuild)
            upstream = [i.full_name() for i in _inputs(table) if i in pending]
            if decision.mode != "skip":
                pending.add(table)
            elif upstream:
                pending.add(table)
                decision = Decision("skip", f"unless rows of {named(upstream, 'or')} change", is_open=True)
            decisions[table.full_name()] = decision
        return decisions

    def _change(self, table: type[Table], source: type[Table], record: Record) -> InputChange:
        log, now = self._now(source)
        if record.input_logs.get(source.full_name()) != log:
            return InputChange(None, now, None, "it was written anew")
        built_from = record.inputs[source.full_name()]
        if built_from == now:
            return InputChange(built_from, now)
        untold = self._untold(table, source)
        if untold:
            return InputChange(built_from, now, None, untold)
        touched = self.storage.touched_since(source, built_from)
        if touched is None:
            return InputChange(built_from, now, None, "its log does not tell which rows")
        if touched.count != self.conf.refresh.buckets:
            return InputChange(built_from, now, None, f"it was written with {touched.count} buckets")
        if source.changes_by != table.parts_by():
            touched = self._bridged(table, source, touched)
        return InputChange(built_from, now, touched)

    def _untold(self, table: type[Table], source: type[Table]) -> str:
        """Why it cannot be told what the changes of that input change in the table; empty where it can."""
        parts_by = table.parts_by()
        if parts_by is None:
            return "its rows may depend on all of it"
        if source.changes_by is None:
            return "it does not tell which rows"
        if source.changes_by != parts_by and (table.scope is None or _bridge(table, source) is None):
            return f"nothing ties {source.changes_by} to {parts_by}"
        return ""

    def _bridged(self, table: type[Table], source: type[Table], touched: Buckets) -> Buckets:
        """Buckets of the source's own key as buckets of the table's scope, by the link table between them."""
        bridge = _bridge(table, source)
        assert bridge is not None
        assert source.changes_by is not None
        assert table.scope is not None
        links = self._read(bridge).filter(touched.predicate(source.changes_by))
        return self._buckets_of(links, table.scope)

    def _buckets_of(self, rows: DataFrame, column: str) -> Buckets:
        numbers = rows.select(bucket(column, self.conf.refresh.buckets).alias("bucket")).distinct().collect()
        return Buckets.of((row.bucket for row in numbers), self.conf.refresh.buckets)

    # --- running -----------------------------------------------------------------------------------------------

    def run(self, chosen: Iterable[type[Table]] | None = None, rebuild: bool = False) -> list[Outcome]:
        """Refresh the chosen tables (all by default), independent ones at once, each after what it reads."""
        waiting = list(self._buildable(set(chosen) if chosen is not None else set(self.catalog)))
        done: dict[type[Table], Outcome] = {}
        running: dict[Future[Outcome], type[Table]] = {}
        with ThreadPoolExecutor(self.conf.refresh.parallel, thread_name_prefix="refresh") as pool:
            try:
                while waiting or running:
                    for table in [t for t in waiting if not _unsettled(t, waiting, running)]:
                        waiting.remove(table)
                        running[pool.submit(self._settle, table, rebuild, done)] = table
                    finished, _ = wait(running, return_when=FIRST_COMPLETED)
                    for future in finished:
                        done[running.pop(future)] = future.result()
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                self.storage.spark.sparkContext.cancelAllJobs()
                raise
        return [done[table] for table in self.catalog if table in done]

    def _buildable(self, chosen: set[type[Table]]) -> Iterable[type[Table]]:
        return (t for t in self.catalog if t in chosen and not issubclass(t, LandedTable))

    def _settle(self, table: type[Table], rebuild: bool, done: dict[type[Table], Outcome]) -> Outcome:
        """Refresh one table, and turn whatever goes wrong into its outcome."""
        started = time.monotonic()
        broken = [i.full_name() for i in _inputs(table) if i in done and done[i].mode in ("failed", "blocked")]
        if broken:
            outcome = Outcome(table.full_name(), "blocked", f"{' and '.join(broken)} failed")
        else:
            try:
                self.storage.spark.sparkContext.setLocalProperty("spark.scheduler.pool", table.full_name())
                decision = self.decide(table, rebuild)
                self.on_start(table.full_name(), decision)
                outcome = self._skipped(table, decision) if decision.mode == "skip" else self._build(table, decision)
            except Exception as error:
                message = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
                outcome = Outcome(table.full_name(), "failed", message, details=traceback.format_exc())
        outcome = replace(outcome, seconds=time.monotonic() - started)
        self.on_end(outcome)
        return outcome

    def _skipped(self, table: type[Table], decision: Decision) -> Outcome:
        last = self._last_commit(table)
        assert last is not None
        assert last.record is not None
        return Outcome(
            table.full_name(), "skipped", decision.reason, last.record.rows, last.record.quarantined, last.record.broken
        )

    def _build(self, table: type[Table], decision: Decision) -> Outcome:
        """Compute the rows, check what they promise, and commit those buckets that really differ."""
        if decision.buckets is not None and not self.storage.has_declared_columns(table):
            decision = Decision("full", "its columns are not those that it declares")
        try:
            return self._written(table, decision)
        except Exception as error:
            why = _why_not_counted(error)
            if decision.buckets is None or table.adds_up_by is None or why is None:
                raise
            return self._written(table, Decision("full", f"counting what changed failed: {why}"))

    def _written(self, table: type[Table], decision: Decision) -> Outcome:
        with self._hail if table.uses_hail else nullcontext():
            if table.uses_hail:
                start_hail(self.storage.spark)
            flagged = quality.flag(table, self._compute(table, decision)).persist(StorageLevel.MEMORY_AND_DISK)
            try:
                record = self._commit(table, decision, flagged)
            finally:
                self._last.pop(table, None)
                flagged.unpersist()
        return Outcome(table.full_name(), record.mode, decision.reason, record.rows, record.quarantined, record.broken)

    def _commit(self, table: type[Table], decision: Decision, flagged: DataFrame) -> Record:
        """Write what differs from the table as it is, or carry the new input versions where nothing does."""
        last = self._last_commit(table)
        comparable = last is not None and self.storage.has_declared_columns(table)
        old = self._restricted(self._read(table), table, decision) if comparable else None
        found = quality.examine(table, flagged, old, self.conf.refresh.buckets)
        if problems := quality.failures(table, found):
            raise ContractError(f"{table.full_name()} keeps its last good version: {'; '.join(problems)}")
        before = last.record.rows if last and last.record and decision.buckets is not None else found.rows - found.more
        inputs = {source.full_name(): self._now(source) for source in _inputs(table)}
        record = Record(
            fingerprint=self._fingerprints[table],
            inputs={name: version for name, (_, version) in inputs.items()},
            input_logs={name: log for name, (log, _) in inputs.items()},
            mode="full" if decision.buckets is None else "incremental",
            rows=before + found.more,
            broken=found.broken,
            key=self._key_of(table),
        )
        record = replace(record, quarantined=self._commit_quarantine(table, decision, flagged, found.dropped, record))
        rows = quality.kept(flagged)
        if last is None or old is None:
            self.storage.replace(table, rows, record)
        elif not found.differing:
            record = replace(record, mode="carried", rows_version=last.rows_version)
            self.storage.carry(table, record)
        elif table.changes_by is None:
            self.storage.replace(table, rows, record)
        else:
            touched = Buckets.of(found.differing, self.conf.refresh.buckets)
            record = replace(record, touched=touched.encode())
            where = touched.predicate(table.changes_by)
            self.storage.replace(table, rows.filter(where), record, where)
        return record

    def _commit_quarantine(
        self, table: type[Table], decision: Decision, flagged: DataFrame, number: int, record: Record
    ) -> int:
        """Put the dropped rows in quarantine, before the table's own commit. Returns how many it holds then.

        A kill between the two commits does no harm: the table's commit is missing, so both are done again.
        """
        exists = self.storage.exists(table, quarantine=True)
        if not number and not exists:
            return 0
        rows = quality.dropped(flagged)
        if decision.buckets is None or table.scope is None or not exists:
            self.storage.replace(table, rows, record, quarantine=True)
            return number
        where = decision.buckets.predicate(table.scope)
        quarantine = self.storage.read(table, quarantine=True)
        if number or not quarantine.filter(where).isEmpty():
            self.storage.replace(table, rows, record, where, quarantine=True)
        return self.storage.read(table, quarantine=True).count()

    # --- reading -----------------------------------------------------------------------------------------------

    def _compute(self, table: type[Table], decision: Decision) -> DataFrame:
        """The table's function on its inputs, restricted to the buckets that changed, in the declared shape."""
        if issubclass(table, ReferenceTable):
            if self._athena and table.athena:
                return self._athena.rows(table)
            return self.storage.reference_rows(table)
        rows = self._made(table, {name: self._input(table, i, decision) for name, i in table.inputs().items()})
        if decision.buckets is None or table.adds_up_by is None:
            return self._restricted(rows, table, decision)
        return _added_up(table, (self._read(table), 1), (self._made_before(table, decision), -1), (rows, 1))

    def _made(self, table: type[Table], inputs: dict[str, DataFrame]) -> DataFrame:
        return self.storage.in_declared_shape(table, table.build(**inputs))  # type: ignore[attr-defined]

    def _made_before(self, table: type[Table], decision: Decision) -> DataFrame:
        """What the changed part of its inputs came to when the table was built."""
        last = self._last_commit(table)
        assert last is not None
        assert last.record is not None
        versions = last.record.inputs
        return self._made(table, {
            name: self._input(table, source, decision, self._read_at(source, versions[source.full_name()]))
            for name, source in table.inputs().items()
        })  # fmt: skip

    def _read_at(self, table: type[Table], version: int) -> DataFrame:
        """The rows since that version: as they are now, where no later one changed them; -1 had none."""
        if version == self._now(table)[1]:
            return self._read(table)
        return self.storage.empty(table) if version < 0 else self.storage.read(table, version)

    def _input(
        self, table: type[Table], source: type[Table], decision: Decision, rows: DataFrame | None = None
    ) -> DataFrame:
        """The part of an input that is read, of its rows as they are now if no others are given."""
        rows = self._read(source) if rows is None else rows
        if decision.buckets is None or source.changes_by is None:
            return rows
        if source.changes_by == table.parts_by():
            return rows.filter(decision.buckets.predicate(source.changes_by))
        bridge = _bridge(table, source)
        assert bridge is not None
        assert table.scope is not None
        links = self._read(bridge).filter(decision.buckets.predicate(table.scope))
        return rows.filter(self._buckets_of(links, source.changes_by).predicate(source.changes_by))

    def _restricted(self, rows: DataFrame, table: type[Table], decision: Decision) -> DataFrame:
        if decision.buckets is None or table.scope is None:
            return rows
        return rows.filter(decision.buckets.predicate(table.scope))

    def _read(self, table: type[Table]) -> DataFrame:
        """The rows at the version that this refresh counts with: what is recorded is what was read."""
        last = self._last_commit(table)
        return self.storage.read(table, last.readable if last else None)

    def _now(self, table: type[Table]) -> tuple[str, int]:
        """The name of the table's log, and the last version in it that changed rows; -1 where there is none."""
        last = self._last_commit(table)
        if last is None:
            return "", -1
        return last.record.log if last.record else self.storage.log_name(table), last.rows_version


def _added_up(table: type[Table], *parts: tuple[DataFrame, int]) -> DataFrame:
    """The parts of a table that adds up as one: each added (1) or taken off (-1)."""
    signed = [
        rows.select(*table.key, *((F.col(name) * sign).alias(name) for name in table.sums())) for rows, sign in parts
    ]
    added = reduce(DataFrame.unionAll, signed).groupBy(*table.key)
    sums = added.agg(*(F.sum(name).alias(name) for name in table.sums()))
    return sums.filter(quality.counts_something(table)).select(*table.declared)


def _why_not_counted(error: Exception) -> str | None:
    """What may be wrong with what was counted before; None where the error is of what is counted now."""
    if "FileNotFound" in str(error):
        return "files of an older version are gone"
    return str(error) if isinstance(error, ContractError) else None


def _inputs(table: type[Table]) -> list[type[Table]]:
    return list(table.inputs().values())


def _bridge(table: type[Table], source: type[Table]) -> type[Table] | None:
    """The input that holds both the source's key and the table's scope, and tells its changes by the latter."""
    return next(
        (i for i in _inputs(table) if i.changes_by == table.scope and source.changes_by in i.declared and i != source),
        None,
    )


def _unsettled(table: type[Table], waiting: list[type[Table]], running: dict[Future[Outcome], type[Table]]) -> bool:
    return any(i in waiting or i in running.values() for i in _inputs(table))
