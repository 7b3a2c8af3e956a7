"""Which scope keys changed: sets of hash buckets, kept in the commits that changed them.

A scope key falls into bucket `pmod(xxhash64(key), count)`. The same function, the same count everywhere:
so what changed in a table between two versions is the union of a few bitmaps of its log, and the rows
of the changed keys are selected by one native predicate, with no join and no shuffle.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

from pyspark.sql import Column as SparkColumn
from pyspark.sql import functions as F

_LISTED_AT_MOST = 1_000


@dataclass(frozen=True)
class Buckets:
    """An immutable set of buckets out of `count`; one byte a bucket, 1 where it is in the set."""

    flags: bytes

    @classmethod
    def of(cls, numbers: Iterable[int], count: int) -> Buckets:
        """The set of these bucket numbers."""
        flags = bytearray(count)
        for number in numbers:
            flags[number] = 1
        return cls(bytes(flags))

    @classmethod
    def decode(cls, text: str) -> Buckets:
        """What `encode` wrote."""
        return cls(zlib.decompress(base64.b64decode(text)))

    def encode(self) -> str:
        """The set as a short text for a commit's metadata."""
        return base64.b64encode(zlib.compress(self.flags, 9)).decode()

    @property
    def count(self) -> int:
        """How many buckets there are in all."""
        return len(self.flags)

    def __len__(self) -> int:
        return self.flags.count(1)

    def __or__(self, other: Buckets) -> Buckets:
        if self.count != other.count:
            raise ValueError(f"sets of {self.count} and of {other.count} buckets do not mix")
        merged = int.from_bytes(self.flags, "big") | int.from_bytes(other.flags, "big")
        return Buckets(merged.to_bytes(self.count, "big"))

    def predicate(self, column: str) -> str:
        """SQL: the key in that column falls into one of these buckets.

        Few buckets are listed. Many are one binary literal, whose cost does not grow with their number.
        """
        if len(self) <= _LISTED_AT_MOST:
            numbers = ", ".join(str(number) for number, flag in enumerate(self.flags) if flag)
            return f"{_bucket_sql(column, self.count)} in ({numbers or 'null'})"
        return f"substring(X'{self.flags.hex()}', {_bucket_sql(column, self.count)} + 1, 1) = X'01'"


def bucket(column: str, count: int) -> SparkColumn:
    """The bucket that the key in that column falls into."""
    return F.expr(_bucket_sql(column, count))


def _bucket_sql(column: str, count: int) -> str:
    return f"cast(pmod(xxhash64(`{column}`), {count}) as int)"
