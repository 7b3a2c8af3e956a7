"""Files that would do harm if they were read: links out of the landing zone, endless lines, what fills a disk.

Only files on a local disk are looked at: other file systems have no links, and reading through a file before it is read
would double the work of a cluster.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from pathlib import Path

LONGEST_LINE = 1 << 27
"""Bytes that a line may have: Spark holds some copies of each in memory."""

LARGEST_RATIO = 300
"""How many times its size a file may unpack to: records come to 10 or 20 times, and 1,032 times is what gzip can do."""

_SMALL = 1 << 30
"""Bytes that a file may unpack to whatever its ratio."""

_CHUNK = 1 << 22
_GZIP = b"\x1f\x8b"


def why_unsafe(path: Path, landing: Path) -> str | None:
    """Why the file must not be read; None where it may."""
    if not path.resolve().is_relative_to(landing.resolve()):
        return "a link that leads out of the landing zone"
    if not path.is_file():
        return "no regular file"
    with path.open("rb") as file:
        is_packed = file.read(len(_GZIP)) == _GZIP
    return _why_packed_unsafe(path) if is_packed else _why_plain_unsafe(path)


def _why_plain_unsafe(path: Path) -> str | None:
    """Look for an end of a line in each stretch that a line may have: no more of the file is read than that takes."""
    size = path.stat().st_size
    with path.open("rb") as file:
        begin = 0
        while size - begin > LONGEST_LINE:
            end = _last_line_end(file.fileno(), begin, begin + LONGEST_LINE)
            if end is None:
                return _TOO_LONG
            begin = end + 1
    return None


def _last_line_end(descriptor: int, begin: int, end: int) -> int | None:
    while end > begin:
        start = max(begin, end - _CHUNK)
        found = os.pread(descriptor, end - start, start).rfind(b"\n")
        if found >= 0:
            return start + found
        end = start
    return None


def _why_packed_unsafe(path: Path) -> str | None:
    unpacked = line = 0
    largest = max(_SMALL, path.stat().st_size * LARGEST_RATIO)
    for chunk in _unpacked(path):
        unpacked += len(chunk)
        if unpacked > largest:
            return f"unpacks to more than {LARGEST_RATIO} times its size"
        first = chunk.find(b"\n")
        if line + (len(chunk) if first < 0 else first) > LONGEST_LINE:
            return _TOO_LONG
        line = line + len(chunk) if first < 0 else len(chunk) - chunk.rfind(b"\n") - 1
    return None


def _unpacked(path: Path) -> Iterator[bytes]:
    """What the file unpacks to, as far as it can be unpacked, in pieces of a bounded size."""
    with path.open("rb") as file:
        unpack, rest = zlib.decompressobj(zlib.MAX_WBITS | 16), b""
        while rest or (rest := file.read(_CHUNK)):
            try:
                yield unpack.decompress(rest, _CHUNK)
            except zlib.error:
                return  # what is broken is told by who reads it
            rest = unpack.unconsumed_tail
            if unpack.eof:
                unpack, rest = zlib.decompressobj(zlib.MAX_WBITS | 16), unpack.unused_data


_TOO_LONG = f"a line of more than {LONGEST_LINE >> 20} MB"
