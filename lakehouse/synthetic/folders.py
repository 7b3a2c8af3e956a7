"""Folders and files on any file system that Hadoop reaches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

from lakehouse.errors import LakehouseError


class Folder:
    """A folder by its path. Every method takes names below it; the empty name is the folder itself.

    Raises LakehouseError where its file system is not known or cannot be reached.
    """

    def __init__(self, spark: SparkSession, path: str) -> None:
        self.path = path.rstrip("/")
        self._spark = spark
        self._jvm: Any = spark._jvm
        try:
            root = self._at("")
            files: Any = root.getFileSystem(spark._jsc.hadoopConfiguration())
            self._root = str(files.makeQualified(root).toString())
            # On a local disk Hadoop keeps a hidden checksum beside each file: not written here, nor moved along.
            self._files: Any = files.getRaw() if self._root.startswith("file:") else files
        except Py4JJavaError as error:
            raise LakehouseError(f"cannot reach {path}: {error.java_exception.getMessage()}") from None

    def below(self, name: str) -> Folder:
        """The folder of that name."""
        return Folder(self._spark, f"{self.path}/{name}") if name else self

    def has(self, name: str) -> bool:
        """Whether there is a file or a folder of that name."""
        return bool(self._files.exists(self._at(name)))

    def names(self) -> list[str]:
        """The names of what lies in the folder, sorted; none where there is no folder."""
        if not self.has(""):
            return []
        return sorted(str(status.getPath().getName()) for status in self._files.listStatus(self._at("")))

    def files(self, name: str) -> list[str]:
        """The names of all files below that name, sorted; none where it is not there."""
        return sorted(self._walk(name)) if self.has(name) else []

    def create(self, name: str) -> None:
        """Make a folder, and those above it. Raises LakehouseError where that is not possible."""
        if not self._files.mkdirs(self._at(name)):
            raise LakehouseError(f"cannot write: {self.path}/{name} cannot be created")

    def remove(self, name: str) -> None:
        """Remove a file, or a folder with all that it holds; nothing where there is none."""
        self._files.delete(self._at(name), True)

    def move(self, name: str, to: str) -> None:
        """Give a file or folder another name, in the place of what may have had that name.

        Raises LakehouseError where that is not possible.
        """
        self.remove(to)
        self._files.mkdirs(self._at(to).getParent())
        if not self._files.rename(self._at(name), self._at(to)):
            raise LakehouseError(f"cannot write: {self.path}/{name} cannot be renamed to {to}")

    def read(self, name: str) -> str | None:
        """The text that was last written whole; None where there is none."""
        found = next((place for place in (name, f"{name}.tmp") if self.has(place)), None)
        if found is None:
            return None
        stream = self._files.open(self._at(found))
        try:
            return bytes(self._jvm.org.apache.commons.io.IOUtils.toByteArray(stream)).decode()
        finally:
            stream.close()

    def write(self, name: str, text: str) -> None:
        """Write a text. Wherever that is cut off, `read` finds the old text or the new one."""
        stream = self._files.create(self._at(f"{name}.tmp"), True)
        try:
            stream.write(bytearray(text.encode()))
        finally:
            stream.close()
        self.move(f"{name}.tmp", name)

    def _at(self, name: str) -> Any:
        return self._jvm.org.apache.hadoop.fs.Path(f"{self.path}/{name}" if name else self.path)

    def _walk(self, name: str) -> Iterator[str]:
        found = self._files.listFiles(self._at(name), True)
        while found.hasNext():
            yield str(found.next().getPath().toString()).removeprefix(f"{self._root}/")
