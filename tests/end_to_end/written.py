"""Tables and quarantines written as a refresh writes them, and the accounts of them."""

from __future__ import annotations

from lakehouse import catalog, quality
from lakehouse.catalog import Catalog
from lakehouse.contract import LandedTable, Table
from lakehouse.report import accounts
from lakehouse.report.accounts import Account
from lakehouse.storage import Record
from tests.support import FromNothing


def balanced(tables: FromNothing) -> list[Account]:
    """The accounts of all sources but those of genomes, once what they look at is written."""
    accounting = {table for table in catalog.load() if table.accounts_for and not table.uses_hail}
    behind = catalog.load().upstream(accounting)
    links = {table for table in behind if table.changes_by and table.changes_by not in (table.scope, *table.key)}
    sources = {source for table in accounting for source in table.accounts_for}
    for table in accounting | sources | links:
        if not issubclass(table, LandedTable):
            _write(tables, table)
    return accounts.balance(tables.storage, Catalog.of(behind))


def _write(tables: FromNothing, table: type[Table]) -> None:
    tables.storage.replace(table, tables[table], Record("", {}, "full"))
    refused = quality.dropped(tables.flagged[table])
    tables.storage.replace(table, refused, Record("", {}, "full"), quarantine=True)
