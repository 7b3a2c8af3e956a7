"""Files written and read by Spark's Python workers themselves, on any file system that Arrow knows.

Workers have no Hadoop: Arrow reaches hdfs:// by libhdfs (JAVA_HOME, HADOOP_HOME and CLASSPATH on every machine), s3a://,
gs:// and abfss:// by what their own environment variables say. No setting of Spark or Hadoop is heard.
"""

from __future__ import annotations

from typing import Any

import pyarrow.fs  # type: ignore[import-untyped]

from lakehouse.errors import LakehouseError


def file_system(path: str) -> tuple[Any, str]:
    """The file system of a path as Arrow knows it, and the path in it. Raises LakehouseError where it has none."""
    if "://" not in path:
        return pyarrow.fs.LocalFileSystem(), path
    try:
        found: tuple[Any, str] = pyarrow.fs.FileSystem.from_uri(path.replace("s3a://", "s3://", 1))
    except (OSError, ValueError, NotImplementedError) as error:
        raise LakehouseError(
            f"Python cannot write to {path} ({str(error).splitlines()[0]}): generate on a disk that all machines "
            "share, then copy landing and truth to where they belong"
        ) from None
    return found
