"""Queries that write, run code, or reach beyond the tables are refused in one line, and change nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse import catalog, config
from lakehouse.errors import UsageError
from lakehouse.lake import Lake
from lakehouse.report import query
from lakehouse.storage import Storage

QUERIES = (
    # writing
    "drop table silver.code_system", "drop database silver cascade", "truncate table silver.code_system",
    "delete from silver.code_system", "update silver.code_system set uri = 'x'",
    "alter table silver.code_system rename to x", "insert into silver.code_system values ('a', 'b')",
    "insert overwrite silver.code_system values ('a', 'b')",
    "merge into silver.code_system t using silver.code_system s on true when matched then delete",
    "create table bait as select 1", "create view bait as select 1", "create temporary view bait as select 1",
    "replace table silver.code_system as select 1", "cache table bait as select 1", "optimize silver.code_system",
    "vacuum silver.code_system retain 0 hours", "restore table silver.code_system to version as of 0",
    "with n as (select 1) delete from silver.code_system",
    "with n as (select 1) update silver.code_system set uri = 'x'",
    "with n as (select 'a' uri, 'b' vocabulary_id) insert into silver.code_system select * from n",
    "with n as (select 1) insert overwrite directory '{folder}/bait' select * from n",
    "from silver.code_system insert overwrite directory '{folder}/bait' select *",
    "from silver.code_system insert overwrite local directory '{folder}/bait' using csv select *",
    "from silver.code_system insert into silver.code_system select *", "select 1; drop table silver.code_system",
    "select 1;\ndrop table silver.code_system", "/* select */ drop table silver.code_system",
    "-- select\ndrop table silver.code_system", "(drop table silver.code_system)",
    "values (1); delete from silver.code_system", "explain select 1; drop table silver.code_system",
    # settings and code
    "set spark.sql.runSQLOnFiles = true", "reset", "add jar '{folder}/bait.jar'", "add file '/etc/passwd'",
    "list files", "create function f as 'java.lang.Runtime'",
    "create temporary function f as 'java.lang.Runtime' using jar '{folder}/x.jar'",
    "load data inpath '/etc/passwd' into table silver.code_system", "use vault", "declare x int",
    "execute immediate 'select 1'", "select java_method('java.lang.System', 'exit', 0)",
    "select reflect('java.lang.System', 'getenv', 'HOME')",
    "select try_reflect('java.lang.System', 'getenv', 'HOME')", "select JAVA_METHOD ('java.lang.System', 'exit', 0)",
    "select `java_method`('java.lang.System', 'exit', 0)", "select/**/reflect/**/('java.lang.System', 'exit', 0)",
    "select re/**/flect('java.lang.System', 'exit', 0)",
    "select system.builtin.reflect('java.lang.System', 'exit', 0)",
    "select transform(*) using '/bin/sh' from silver.code_system",
    "select transform(uri) using 'touch {folder}/bait' as (x) from silver.code_system",
    "from silver.code_system select transform(uri) using 'touch {folder}/bait'",
    "map uri using 'touch {folder}/bait' from silver.code_system",
    "with x as (select transform(uri) using 'touch {folder}/bait' as (x) from silver.code_system) select * from x",
    "select (select max(x) from (select transform(uri) using 'touch {folder}/bait' as (x) from silver.code_system))",
    "select transform(uri) using r'touch {folder}/bait' as (x) from silver.code_system",
    # files and names
    "select * from text.`/etc/passwd`", "select * from csv.`/etc/passwd`", "select * from binaryFile.`/etc/passwd`",
    "select * from json.`{folder}`", "select * from parquet.`{folder}/tables/vault/nickname`",
    "table text.`/etc/passwd`", "select * from delta.`{folder}/tables/vault/nickname`",
    "select * from delta.`{folder}/tables/vault/nickname@v0`",
    "select * from delta . `{folder}/tables/vault/nickname`", "select * from orc.`hdfs://127.0.0.1:1/x`",
    "select * from vault.nickname", "select * from VAULT.NICKNAME", "select * from `vault`.nickname",
    "table vault.nickname", "select * from spark_catalog.vault.nickname",
    "select (select count(*) from vault.nickname)",
    "select * from silver.code_system where exists (select 1 from vault.nickname)",
    "with a as (with b as (table vault.nickname) table b) table a", "select * from quarantine.vault_nickname",
    "select * from silver.code_system union all select name, name from vault.nickname",
    "select * from `silver.code_system`", "select * from silver.`../vault/nickname`", "select * from silver.nothing",
    "select * from ``", "select * from silver.code_system version as of 999",
    # what is none
    "", ";", "select", "selec 1", "select '", "select \0", "select * from", "(" * 500 + "1" + ")" * 500, "{bait}",
    "' or '1'='1", "$(touch {folder}/bait)", "!touch {folder}/bait",
)  # fmt: skip


@pytest.fixture(scope="module")
def lake(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    conf = config.load(home=str(tmp_path_factory.mktemp("asked")))
    opened = Lake(conf, spark, Storage(spark, conf.tables_path), catalog.load())
    opened.refresh(["nickname", "code_system"])
    yield opened
    spark.conf.unset("spark.sql.runSQLOnFiles")
    for name in ("vault", "silver"):
        spark.sql(f"drop database if exists {name} cascade")


@pytest.mark.parametrize("asked", QUERIES, ids=lambda asked: repr(asked[:60]))
def test_is_refused_in_a_line_and_changes_nothing(lake: Lake, asked: str) -> None:
    folder = Path(lake.conf.home)
    before = {path for path in folder.rglob("*") if "audit" not in path.parts}
    with pytest.raises(UsageError) as refused:
        query.answer(lake, asked.replace("{folder}", str(folder))).collect()
    assert "\n" not in str(refused.value).strip()
    assert {path for path in folder.rglob("*") if "audit" not in path.parts} == before
