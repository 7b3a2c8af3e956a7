"""An open lakehouse: conf, session, tables and catalogue, and the stages that commands and jobs run on them."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from pyspark.sql import SparkSession

from lakehouse import catalog, session
from lakehouse.bronze import landing
from lakehouse.catalog import Catalog
from lakehouse.config import Conf
from lakehouse.contract import LandedTable, Table
from lakehouse.errors import UsageError
from lakehouse.refresh import lease
from lakehouse.refresh.plan import Decision
from lakehouse.refresh.run import Outcome, Refresh
from lakehouse.storage import Storage


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

    def name_tables(self, query: str) -> None:
        """Give the tables that a query names their names in this session: layer.table, quarantine.layer_table.

        A query that shows what there is names them all. Raises UsageError where one that is named was never written.
        """
        query = query.replace("`", "")
        shows = re.match(r"\s*show\b", query, re.IGNORECASE) is not None
        for table in self.catalog:
            for quarantine, name in ((False, table.full_name()), (True, _quarantine_name(table))):
                is_named = re.search(rf"\b{re.escape(name)}\b", query, re.IGNORECASE)
                if is_named or (shows and self.storage.exists(table, quarantine)):
                    self.storage.register(table, name, quarantine)

    def preview(self, select: Iterable[str] = (), full: bool = False) -> tuple[list[str], dict[str, Decision]]:
        """Which files wait to be taken, and what a refresh of the selected tables would do."""
        files = landing.waiting(self.storage, self.conf.landing_path)
        refresh = Refresh(self.storage, self.catalog, self.conf)
        return [file.name for file in files], refresh.preview(
            self.catalog.select(select), full, landing.awaited_by(files)
        )

    def refresh(
        self,
        select: Iterable[str] = (),
        full: bool = False,
        wait_seconds: float = 0,
        on_start: Callable[[str, Decision], None] = lambda table, decision: None,
        on_end: Callable[[Outcome], None] = lambda outcome: None,
    ) -> list[Outcome]:
        """Take what landed, then refresh the selected tables, under the home's lease."""
        chosen = self.catalog.select(select)
        with lease.hold(self.spark, self.conf.home, wait_seconds):
            if any(issubclass(table, LandedTable) for table in chosen):
                # What was seen lies beside the tables that it was taken into: removed with them, it is taken again.
                checkpoint = f"{self.storage.tables_path}/checkpoints/landing"
                landing.take(self.storage, self.conf.landing_path, checkpoint, self.conf.refresh.buckets)
            return Refresh(self.storage, self.catalog, self.conf, on_start, on_end).run(chosen, full)


def _is_local(conf: Conf) -> bool:
    """Whether the tables are certain to lie on a disk of this machine: Hadoop may take a bare path elsewhere."""
    on_this_machine = (conf.spark.master or "").startswith("local") and "HADOOP_CONF_DIR" not in os.environ
    return on_this_machine and "://" not in conf.tables_path


def _quarantine_name(table: type[Table]) -> str:
    return f"quarantine.{table.layer}_{table.table_name()}"
