"""Files by Hadoop, as Spark reaches them: on a local disk, HDFS and the stores of clouds alike."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, lru_cache, reduce
from typing import Any

from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

_READ_AT_MOST = 1 << 26
"""Bytes of a file, unpacked, that are read here: what has more is read by Spark."""

LOCAL = "^file:/+"
"""How a path on the local disk begins where Hadoop spells it out: with one slash or with three."""


def spelled(path: str) -> str:
    """The path as everybody spells it: a local one without `file:`."""
    return re.sub(LOCAL, "/", path)


@dataclass(frozen=True)
class HadoopPath:
    """A path of a file or a folder. What goes wrong in reaching it is a Py4JJavaError."""

    spark: SparkSession
    path: str

    @cached_property
    def java(self) -> Any:
        """Hadoop's own Path."""
        return java_class(self.spark, "org.apache.hadoop.fs.Path")(self.path)

    @cached_property
    def file_system(self) -> Any:
        """The FileSystem that the path is on."""
        return self.java.getFileSystem(self._configuration)

    def exists(self) -> bool:
        """Whether there is such a file or folder."""
        return bool(self.file_system.exists(self.java))

    def is_file(self) -> bool:
        """Whether what is there is a file and no folder."""
        return bool(self.file_system.getFileStatus(self.java).isFile())

    def names(self) -> list[str]:
        """The names of what lies in the folder; none where there is no folder."""
        try:
            return [status.getPath().getName() for status in self.file_system.listStatus(self.java)]
        except Py4JJavaError as error:
            if error.java_exception.getClass().getSimpleName() == "FileNotFoundException":
                return []
            raise

    def size(self) -> int:
        """How many bytes the file has."""
        return int(self.file_system.getFileStatus(self.java).getLen())

    def changed_at(self) -> datetime:
        """When the file was last written."""
        return datetime.fromtimestamp(self.file_system.getFileStatus(self.java).getModificationTime() / 1000, UTC)

    def qualified(self) -> str:
        """The path with its scheme and authority, and without ../ in it."""
        return str(self.file_system.makeQualified(self.java).toString())

    def text(self) -> str:
        """All that the file holds, as UTF-8."""
        with self.opened() as stream:
            return str(java_class(self.spark, "org.apache.commons.io.IOUtils").toString(stream, "UTF-8"))

    def tail(self, length: int) -> bytes:
        """The last bytes of the file."""
        with self.opened() as stream:
            stream.seek(max(0, self.size() - length))
            return bytes(java_class(self.spark, "org.apache.commons.io.IOUtils").toByteArray(stream))

    def lines(self) -> Iterator[str]:
        """The lines of the file's beginning, decompressed as its name says, without a byte order mark."""
        codecs = java_class(self.spark, "org.apache.hadoop.io.compress.CompressionCodecFactory")
        codec = codecs(self._configuration).getCodec(self.java)
        with self.opened() as stream:
            unpacked = codec.createInputStream(stream) if codec else stream
            readable = java_class(self.spark, "org.apache.commons.io.input.BoundedInputStream")(unpacked, _READ_AT_MOST)
            decoded = java_class(self.spark, "java.io.InputStreamReader")(readable, "UTF-8")
            reader = java_class(self.spark, "java.io.BufferedReader")(decoded)
            while (line := reader.readLine()) is not None:
                yield str(line).removeprefix("\ufeff")

    def mode(self) -> int:
        """Who may read, write and execute the file, as bits."""
        return int(self.file_system.getFileStatus(self.java).getPermission().toShort())

    def write(self, text: str, mode: int) -> None:
        """Make the file, whole or not at all, with that text and mode. Raises FileExistsError where there is one.

        On a local disk without Hadoop's checksum, so that people may write it too.
        """
        files = self.file_system.getRaw() if self.file_system.getScheme() == "file" else self.file_system
        unfinished = self.java.suffix(f".{uuid.uuid4().hex}.tmp")
        permission = java_class(self.spark, "org.apache.hadoop.fs.permission.FsPermission")
        stream = files.create(unfinished, False)
        try:
            files.setPermission(unfinished, permission.createImmutable(mode))
            stream.write(text.encode())
        finally:
            stream.close()
        if self.exists() or not files.rename(unfinished, self.java):
            files.delete(unfinished, False)
            raise FileExistsError(self.path)

    def delete(self) -> None:
        """Remove the file."""
        self.file_system.delete(self.java, False)

    @contextmanager
    def opened(self) -> Iterator[Any]:
        """A Java stream of the file's bytes, closed at the end."""
        stream = self.file_system.open(self.java)
        try:
            yield stream
        finally:
            stream.close()

    @property
    def _configuration(self) -> Any:
        return self.spark._jsc.hadoopConfiguration()


def java_class(spark: SparkSession, name: str) -> Any:
    """A class of the JVM, by its full name."""
    return _java_class(spark._jvm, name)


@lru_cache
def _java_class(jvm: Any, name: str) -> Any:
    """Py4J looks for each part of the name in all jars, each time that it is asked."""
    return reduce(getattr, name.split("."), jvm)
